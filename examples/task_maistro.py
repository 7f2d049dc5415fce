"""Graph `task_maistro`: keeps to-dos, and remembers over all threads who it talks to and how they want it done.

One graph, several assistants: the context's `todo_category` gives each its own lists (`personal`, `work`).
"""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import takewhile
from typing import Any, Literal

from langchain_core.messages import AIMessage, BaseMessage, SystemMessage, ToolCall
from langchain_core.runnables import RunnableConfig
from langchain_core.tools import tool
from langgraph.graph import START, MessagesState, StateGraph
from langgraph.prebuilt import ToolNode, ToolRuntime, tools_condition
from langgraph.runtime import Runtime
from langgraph.store.base import BaseStore
from scripted import chat_model, text_of

INSTRUCTIONS = (
    "You keep the {category} to-dos of one person. {role}\n"
    "Store with your tools what they say about themselves, what they have to do, and how they want you to do it. "
    "Answer from what you remember, which is:"
)
HELP = "Tell me what you have to do, who you are, or how you want things done; or ask what is on your list."
AT_MOST = 100
Kind = Literal["profile", "todos", "instructions"]
TITLES: dict[Kind, str] = {"profile": "Profile", "todos": "To-dos", "instructions": "Instructions"}


@dataclass(kw_only=True)
class Settings:
    """What an assistant or a run may set as `context`."""

    todo_category: str = "personal"
    """Which memory: assistants with different categories share nothing."""
    user_id: str | None = None
    """For whom, if one key serves many people. Without it: whoever the key belongs to."""
    role: str = ""
    """One sentence for the model about what this assistant is for."""


@dataclass(frozen=True, slots=True)
class Memory:
    """What is stored about one person in one category: items at `memory / user / category / kind`."""

    store: BaseStore
    place: tuple[str, ...]

    @classmethod
    def of(cls, runtime: "Runtime[Settings] | ToolRuntime[Settings, Any]", config: RunnableConfig) -> "Memory":
        """The memory that a run may use. Raises RuntimeError where the graph has no store."""
        if runtime.store is None:
            raise RuntimeError("task_maistro needs a store")
        settings = runtime.context or Settings()
        user = settings.user_id or config["configurable"]["langgraph_auth_user_id"]
        return cls(runtime.store, ("memory", label(user), label(settings.todo_category)))

    async def recall(self, kind: Kind, **matching: str) -> list[dict[str, Any]]:
        """What is stored of one kind with these fields, in the same order each time."""
        items = await self.store.asearch((*self.place, kind), filter=matching or None, limit=AT_MOST)
        return sorted((item.value for item in items), key=lambda value: str(value["text"]))

    async def keep(self, kind: Kind, key: str, value: dict[str, Any]) -> None:
        """Store one item. The key follows from what is said: a step that runs twice writes the same item twice."""
        await self.store.aput((*self.place, kind), key, value)


def label(text: str) -> str:
    """As a part of a namespace, in which dots are not allowed."""
    return text.replace("%", "%25").replace(".", "%2E")


def key_of(text: str) -> str:
    """The same for the same words."""
    return hashlib.sha256(" ".join(text.lower().split()).encode()).hexdigest()[:16]


@tool
async def remember(about: Literal["name", "home", "job", "likes"], text: str, runtime: ToolRuntime[Settings, Any]) -> str:
    """Store something that the person says about themselves. A name, home or job replaces the one before."""
    key = f"likes-{key_of(text)}" if about == "likes" else about
    await Memory.of(runtime, runtime.config).keep("profile", key, {"about": about, "text": text})
    return f"Noted ({about}): {text}."


@tool
async def add_todo(text: str, runtime: ToolRuntime[Settings, Any], due: str = "") -> str:
    """Put a task on the list; `due` as the person said it."""
    await Memory.of(runtime, runtime.config).keep("todos", key_of(text), {"text": text, "due": due, "status": "open"})
    return f"Added: {task_line(text, due)}."


@tool
async def finish_todo(text: str, runtime: ToolRuntime[Settings, Any]) -> str:
    """Mark the task with these words as done."""
    memory = Memory.of(runtime, runtime.config)
    for todo in await memory.recall("todos", status="open"):
        if text.lower() in todo["text"].lower():
            await memory.keep("todos", key_of(todo["text"]), todo | {"status": "done"})
            return f"Done: {todo['text']}."
    return f"There is nothing like '{text}' on your list."


@tool
async def follow(text: str, runtime: ToolRuntime[Settings, Any]) -> str:
    """Store how the person wants their to-dos to be kept."""
    await Memory.of(runtime, runtime.config).keep("instructions", key_of(text), {"text": text})
    return f"From now on: {text}."


def task_line(text: str, due: str) -> str:
    """A to-do in words."""
    return f"{text} (by {due})" if due else text


async def remembered(memory: Memory) -> str:
    """All of it, under one title for each kind, as the model reads it."""
    profile = [f"{fact['about']}: {fact['text']}" for fact in await memory.recall("profile")]
    todos = [task_line(todo["text"], todo["due"]) for todo in await memory.recall("todos", status="open")]
    instructions = [wish["text"] for wish in await memory.recall("instructions")]
    kinds: dict[Kind, list[str]] = {"profile": profile, "todos": todos, "instructions": instructions}
    return "\n".join(f"\n{TITLES[kind]}:\n" + "\n".join(f"- {line}" for line in lines) for kind, lines in kinds.items())


RULES: list[tuple[str, str, dict[str, str]]] = [
    (r"^(?P<text>(?:always|never) .+)", "follow", {}),
    (r"(?:i have done|i finished|done:) (?P<text>.+)", "finish_todo", {}),
    (r"(?:i (?:have|need) to|remind me to) (?P<text>.+?)(?: by (?P<due>.+))?$", "add_todo", {}),
    (r"(?:my name is|call me) (?P<text>.+)", "remember", {"about": "name"}),
    (r"i live in (?P<text>.+)", "remember", {"about": "home"}),
    (r"i work as (?P<text>.+)", "remember", {"about": "job"}),
    (r"i (?:like|love) (?P<text>.+)", "remember", {"about": "likes"}),
]


def script(messages: Sequence[BaseMessage]) -> AIMessage:
    """Without a model: what is said becomes tool calls by RULES; what is asked is answered from the system message, as a model would."""
    said = next(text_of(message) for message in reversed(messages) if message.type == "human")
    done = [text_of(message) for message in takewhile(lambda message: message.type == "tool", reversed(messages))][::-1]
    sentences = [sentence.strip() for sentence in re.findall(r"[^.!?\n]+[.!?]?", said)]
    if not done and (calls := [call for sentence in sentences if (call := call_of(sentence))]):
        return AIMessage("", tool_calls=calls)
    answers = [answer_to(question, text_of(messages[0])) for question in sentences if question.endswith("?")]
    return AIMessage(" ".join([*done, *answers]) or HELP)


def call_of(sentence: str) -> ToolCall | None:
    """The tool call that a statement asks for."""
    for pattern, name, args in RULES if not sentence.endswith("?") else []:
        if found := re.search(pattern, sentence.rstrip(".!"), re.IGNORECASE):
            given = {key: " ".join(value.split()) for key, value in found.groupdict().items() if value}
            return ToolCall(name=name, args=args | given, id=None)
    return None


def answer_to(question: str, memory: str) -> str:
    """A question, answered from memory."""
    if re.search(r"about me|who am i|my name", question, re.IGNORECASE):
        return "; ".join(section(memory, "profile")) or "I know nothing about you yet."
    if re.search(r"instruction|rule|wish", question, re.IGNORECASE):
        return "; ".join(section(memory, "instructions")) or "You have not told me how you want things done."
    todos = section(memory, "todos")
    if any("number" in wish.lower() for wish in section(memory, "instructions")):
        todos = [f"{number}. {todo}" for number, todo in enumerate(todos, 1)]
    return f"On your list: {'; '.join(todos)}." if todos else "Your list is empty."


def section(memory: str, kind: Kind) -> list[str]:
    """The lines under one title."""
    _, _, rest = memory.partition(f"\n{TITLES[kind]}:\n")
    return [line.removeprefix("- ") for line in rest.partition("\n\n")[0].splitlines() if line]


tools = [remember, add_todo, finish_todo, follow]
model = chat_model(script).bind_tools(tools)


async def agent(state: MessagesState, runtime: Runtime[Settings], config: RunnableConfig) -> dict[str, Any]:
    """Answer from memory, or call a tool to change it."""
    settings = runtime.context or Settings()
    memory = await remembered(Memory.of(runtime, config))
    prompt = INSTRUCTIONS.format(category=settings.todo_category, role=settings.role) + "\n" + memory
    return {"messages": [await model.ainvoke([SystemMessage(prompt), *state["messages"]])]}


builder = StateGraph(MessagesState, context_schema=Settings).add_node(agent).add_node("tools", ToolNode(tools))
graph = builder.add_edge(START, "agent").add_conditional_edges("agent", tools_condition).add_edge("tools", "agent").compile()
