"""Names of the four database roles, derived from the owner's URL: clones of a database share them."""

from typing import Any


def prefix(connection: Any) -> str:
    """`holdfast` for a connection of `holdfast_owner`. Raises ValueError for any other user."""
    user = str(connection.settings_dict["USER"])
    if not user.endswith("_owner"):
        raise ValueError(f"migrations run as the role '<name>_owner', not as '{user}': use `manage.py setup`")
    return user.removesuffix("_owner")
