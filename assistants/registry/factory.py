"""Variables of langgraph.json that make their graph on demand."""

import inspect
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, AbstractContextManager, asynccontextmanager, contextmanager
from dataclasses import dataclass, fields, is_dataclass
from typing import Any, Literal, get_args, get_origin, get_type_hints

from langchain_core.runnables import RunnableConfig
from langgraph.graph import StateGraph
from langgraph.pregel import Pregel
from langgraph.store.base import BaseStore
from langgraph_sdk.runtime import AccessContext, ServerRuntime, _ExecutionRuntime, _ReadRuntime
from pydantic import BaseModel

Purpose = Literal["run", "state", "update", "schemas"]
AnyPregel = Pregel[Any, Any, Any, Any]
ACCESS: dict[Purpose, AccessContext] = {
    "run": "threads.create_run",
    "state": "threads.read",
    "update": "threads.update",
    "schemas": "assistants.read",
}


@dataclass(frozen=True, slots=True)
class Call:
    """What a factory may ask about the call that needs its graph."""

    config: RunnableConfig
    purpose: Purpose
    store: BaseStore | None
    context: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class FactoryUser(Mapping[str, Any]):
    """The caller as ServerRuntime shows it: the SDK's BaseUser over `langgraph_auth_user`."""

    values_: Mapping[str, Any]

    @property
    def is_authenticated(self) -> bool:
        """Nobody else reaches a graph."""
        return True

    @property
    def identity(self) -> str:
        """Who."""
        return str(self.values_.get("identity", ""))

    @property
    def display_name(self) -> str:
        """As shown to people."""
        return str(self.values_.get("display_name", self.identity))

    @property
    def permissions(self) -> list[str]:
        """What they may do."""
        return list(self.values_.get("permissions", ()))

    def __getitem__(self, key: str) -> Any:
        return self.values_[key]

    def __iter__(self) -> Any:
        return iter(self.values_)

    def __len__(self) -> int:
        return len(self.values_)


@dataclass(frozen=True, slots=True)
class Factory:
    """A callable and which of its parameters take the config and the runtime."""

    make: Callable[..., object]
    config_parameter: str | None
    runtime_parameter: str | None
    context_type: type | None
    positional_only: bool

    @classmethod
    def of(cls, make: Callable[..., object]) -> "Factory":
        """Read the signature. Raises TypeError if a parameter is neither config nor runtime and has no default."""
        found: dict[str, inspect.Parameter] = {}
        context_type: type | None = None
        hints = _hints(make)
        for parameter in _parameters(make):
            annotation = hints.get(parameter.name, parameter.annotation)
            kind = _kind(parameter.name, annotation)
            if kind is None and "config" not in found and parameter.default is parameter.empty and annotation is parameter.empty:
                kind = "config"  # `def make(anything)`: the official server passes the config to a single parameter
            if kind is None and parameter.default is parameter.empty:
                raise TypeError(f"parameter {parameter.name!r} of a graph factory must be a RunnableConfig or a ServerRuntime")
            if kind is not None:
                found[kind] = parameter
            if kind == "runtime" and (arguments := get_args(annotation)) and isinstance(arguments[0], type):
                context_type = arguments[0]
        return cls(
            make=_as_context_manager(make),
            config_parameter=found["config"].name if "config" in found else None,
            runtime_parameter=found["runtime"].name if "runtime" in found else None,
            context_type=context_type,
            positional_only=any(parameter.kind is parameter.POSITIONAL_ONLY for parameter in found.values()),
        )

    @asynccontextmanager
    async def open(self, call: Call) -> AsyncIterator[AnyPregel]:
        """Make the graph; what the factory holds open is closed at the end."""
        made = self.make(**self._arguments(call)) if not self.positional_only else self.make(*self._arguments(call).values())
        if inspect.isawaitable(made):
            made = await made
        if isinstance(made, AbstractAsyncContextManager):
            async with made as graph:
                yield compiled(graph)
        elif isinstance(made, AbstractContextManager):
            with made as graph:
                yield compiled(graph)
        else:
            yield compiled(made)

    def _arguments(self, call: Call) -> dict[str, object]:
        arguments: dict[str, object] = {}
        if self.config_parameter:
            arguments[self.config_parameter] = call.config
        if self.runtime_parameter:
            arguments[self.runtime_parameter] = self._runtime(call)
        return arguments

    def _runtime(self, call: Call) -> object:
        user = call.config.get("configurable", {}).get("langgraph_auth_user")
        common: dict[str, Any] = {
            "access_context": ACCESS[call.purpose],
            "user": FactoryUser(user) if isinstance(user, Mapping) else user,
            "store": call.store,
        }
        if call.purpose == "run":
            return _ExecutionRuntime(**common, context=typed_context(self.context_type, call.context))
        return _ReadRuntime(**common)


def compiled(value: object) -> AnyPregel:
    """The graph itself. Raises TypeError for anything that is neither compiled graph nor builder."""
    if isinstance(value, Pregel):
        return value
    if isinstance(value, StateGraph):
        return value.compile()
    raise TypeError(f"expected a compiled graph, a StateGraph or a function that makes one, not {type(value).__name__}")


def typed_context(schema: type | None, context: Mapping[str, Any] | None) -> Any:
    """The context as its schema; keys the schema does not know are dropped."""
    if schema is None or context is None:
        return context
    if issubclass(schema, BaseModel):
        return schema.model_validate(context)
    if is_dataclass(schema):
        names = {field.name for field in fields(schema)}
        return schema(**{key: value for key, value in context.items() if key in names})
    return dict(context)


def _parameters(make: Callable[..., object]) -> list[inspect.Parameter]:
    every = inspect.signature(make).parameters.values()
    return [one for one in every if one.kind not in (one.VAR_POSITIONAL, one.VAR_KEYWORD)]


def _hints(make: Callable[..., object]) -> dict[str, Any]:
    target = make if inspect.isroutine(make) or inspect.isclass(make) else type(make).__call__
    try:
        return get_type_hints(inspect.unwrap(target))
    except (NameError, TypeError, AttributeError):  # names imported for type checkers only: the raw annotations decide
        return {}


def _kind(name: str, annotation: Any) -> Literal["config", "runtime"] | None:
    if isinstance(annotation, str):
        if "ServerRuntime" in annotation:
            return "runtime"
        if "RunnableConfig" in annotation:
            return "config"
    origin = get_origin(annotation) or annotation
    if any(origin is kind for kind in (ServerRuntime, _ExecutionRuntime, _ReadRuntime)):
        return "runtime"
    if origin is RunnableConfig:
        return "config"
    return "config" if name == "config" else "runtime" if name == "runtime" else None


def _as_context_manager(make: Callable[..., object]) -> Callable[..., object]:
    if inspect.isasyncgenfunction(make):
        return asynccontextmanager(make)
    return contextmanager(make) if inspect.isgeneratorfunction(make) else make
