"""JSON schemas of a graph, as `/assistants/{id}/schemas` shows them."""

import logging
import warnings
from collections.abc import Callable
from dataclasses import fields, is_dataclass
from typing import Any

from langgraph.channels.base import BaseChannel
from langgraph.pregel import Pregel
from pydantic import BaseModel, ConfigDict, Field, PydanticUserError, TypeAdapter, create_model
from typing_extensions import is_typeddict

from assistants.registry.factory import AnyPregel

logger = logging.getLogger(__name__)
NO_SCHEMAS = {"input_schema": None, "output_schema": None, "state_schema": None, "config_schema": None, "context_schema": None}


def json_schemas(graph: AnyPregel) -> dict[str, Any]:
    """All five; null where a type has no schema."""
    context = _attempt(graph.get_context_jsonschema)
    return {
        "input_schema": _attempt(graph.get_input_jsonschema),
        "output_schema": _attempt(graph.get_output_jsonschema),
        "state_schema": _attempt(lambda: _state_schema(graph)),
        "config_schema": context or {},
        "context_schema": context,
    }


def subgraph_schemas(graph: AnyPregel) -> dict[str, dict[str, Any]]:
    """Those of every subgraph, at any depth, by namespace (`outer|inner`); graphs of other servers have none here."""
    return {namespace: json_schemas(sub) for namespace, sub in graph.get_subgraphs(recurse=True) if isinstance(sub, Pregel)}


def context_keys(graph: AnyPregel) -> frozenset[str] | None:
    """The keys a run's context may have; None: any."""
    schema: Any = graph.context_schema
    if schema is None:
        return None
    if is_dataclass(schema):
        return frozenset(field.name for field in fields(schema))
    if isinstance(schema, type) and issubclass(schema, BaseModel):
        takes_any = schema.model_config.get("extra") == "allow"
        return None if takes_any else frozenset({*schema.model_fields, *(one.alias for one in schema.model_fields.values() if one.alias)})
    return frozenset(schema.__annotations__) if is_typeddict(schema) else None


def _attempt(generate: Callable[[], dict[str, Any] | None]) -> dict[str, Any] | None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return generate()
        except Exception as error:  # noqa: BLE001 - types are the graph author's; what pydantic raises for them has no common class
            logger.debug("a type of the graph has no JSON schema", extra={"reason": str(error)})
            return None


def _state_schema(graph: AnyPregel) -> dict[str, Any]:
    """Every channel with the type an update of it may have; all optional."""
    definitions: dict[str, Any] = {}
    for index, name in enumerate(graph.stream_channels_list):
        channel = graph.channels[name]
        # pydantic takes no field name with a leading underscore, so all are aliases
        title = name.lstrip("_").title().replace("_", " ") if name.startswith("_") else None
        kind = _describable(channel.UpdateType) if isinstance(channel, BaseChannel) else Any
        definitions[f"field_{index}"] = (kind, Field(default=None, alias=name, title=title))
    model: type[BaseModel] = create_model(graph.get_name("state"), __config__=ConfigDict(arbitrary_types_allowed=True), **definitions)
    return model.model_json_schema()


def _describable(kind: Any) -> Any:
    try:
        TypeAdapter(kind).json_schema()
    except (PydanticUserError, TypeError, ValueError, NameError):
        return Any
    return kind
