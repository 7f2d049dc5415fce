"""How long items live, in LangGraph's own words."""

from langgraph.store.base import TTLConfig

from assistants.registry.store_section import TtlSection


def ttl_config(section: TtlSection) -> TTLConfig:
    """What BaseStore's methods look at for `ttl` and `refresh_ttl` that a call does not name."""
    return {
        "default_ttl": section.default,
        "refresh_on_read": section.refresh_on_read,
        "sweep_interval_minutes": int(section.sweep_interval),
        "omit_expired": True,
    }
