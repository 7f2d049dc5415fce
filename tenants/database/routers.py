"""Which alias may change tables."""


class OwnerMigrates:
    """Tables are made and altered by the owner role alone."""

    def allow_migrate(self, db: str, app_label: str, **hints: object) -> bool:
        """Only over the alias `owner`."""
        return db == "owner"
