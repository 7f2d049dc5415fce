"""How LangGraph's rows are keyed: `<tenant>:<thread>` inside, the plain thread id outside."""

from typing import Any
from uuid import UUID

from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.base import CheckpointTuple


def thread_key(tenant_id: UUID, thread_id: object) -> str:
    """The `thread_id` column of LangGraph's tables."""
    return f"{tenant_id}:{thread_id}"


def inward(tenant_id: UUID, config: RunnableConfig) -> RunnableConfig:
    """A config as LangGraph's stock saver needs it; repeatable."""
    configurable: dict[str, Any] = config["configurable"]
    if str(configurable["thread_id"]).startswith(f"{tenant_id}:"):
        return config
    return {**config, "configurable": {**configurable, "thread_id": thread_key(tenant_id, configurable["thread_id"])}}


def outward(found: CheckpointTuple) -> CheckpointTuple:
    """A tuple as graph code and API may see it: without the tenant."""

    def plain(config: RunnableConfig) -> RunnableConfig:
        configurable = config["configurable"]
        return {**config, "configurable": {**configurable, "thread_id": configurable["thread_id"].partition(":")[2]}}

    config = plain(found.config)
    metadata: Any = {**found.metadata, "thread_id": config["configurable"]["thread_id"]}  # LangGraph does not store it, clients read it
    return found._replace(config=config, parent_config=plain(found.parent_config) if found.parent_config else None, metadata=metadata)
