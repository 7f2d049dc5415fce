// Every stream mode, and what is streamed of subgraphs.

import assert from "node:assert/strict";

import { check } from "../registry.mjs";
import { SHORT, all, newThread } from "./given.mjs";

const TALK = { messages: [{ role: "user", content: "one two" }] };

const MODES = {
  values: ["slow", SHORT, (parts) => parts.map((part) => part.data.tick), [undefined, 1]],
  updates: ["slow", SHORT, (parts) => parts.map((part) => Object.keys(part.data)), [["work"]]],
  custom: ["slow", SHORT, (parts) => parts.map((part) => part.data.phase), ["start"]],
  tasks: ["slow", SHORT, (parts) => parts.map((part) => part.data.name), ["work", "work"]],
  checkpoints: ["slow", SHORT, (parts) => parts.map((part) => part.data.next), [["__start__"], ["work"], []]],
  debug: [
    "slow",
    SHORT,
    (parts) => parts.map((part) => part.data.type),
    ["checkpoint", "checkpoint", "task", "task_result", "checkpoint"],
  ],
};

for (const [mode, [graph, input, shown, expected]] of Object.entries(MODES)) {
  check(`stream mode ${mode}`, async (client) => {
    const [head, ...parts] = await all(client.runs.stream(await newThread(client), graph, { input, streamMode: mode }));
    assert.equal(head.event, "metadata");
    assert.deepEqual([...new Set(parts.map((part) => part.event))], [mode]);
    assert.deepEqual(shown(parts), expected);
  });
}

check("stream mode messages-tuple", async (client) => {
  const [, ...parts] = await all(client.runs.stream(await newThread(client), "chat", { input: TALK, streamMode: "messages-tuple" }));
  assert.deepEqual([...new Set(parts.map((part) => part.event))], ["messages"]);
  assert.equal(parts.map((part) => part.data[0].content).join(""), "You said: one two");
  assert.equal(parts[0].data[1].langgraph_node, "agent");
});

check("stream mode messages", async (client) => {
  const [, ...parts] = await all(client.runs.stream(await newThread(client), "chat", { input: TALK, streamMode: "messages" }));
  assert.equal(parts[0].event, "messages/metadata");
  assert.equal(parts.filter((part) => part.event === "messages/partial").at(-1).data[0].content, "You said: one two");
});

check("stream mode events", async (client) => {
  const [, ...parts] = await all(client.runs.stream(await newThread(client), "chat", { input: TALK, streamMode: "events" }));
  assert.deepEqual([...new Set(parts.map((part) => part.event))], ["events"]);
  const kinds = new Set(parts.map((part) => part.data.event));
  for (const kind of ["on_chain_start", "on_chat_model_stream", "on_chain_end"]) assert.ok(kinds.has(kind), kind);
});

check("frames of subgraphs name where they come from", async (client) => {
  const options = { input: { text: "hi" }, streamMode: ["updates", "messages-tuple"], streamSubgraphs: true };
  const parts = await all(client.runs.stream(await newThread(client), "nested", options));
  const places = parts.filter((part) => part.event.startsWith("updates")).map((part) => part.event.split("|").map((name) => name.split(":")[0]));
  assert.deepEqual(places, [["updates"], ["updates", "middle"], ["updates", "middle", "inner"], ["updates", "middle"], ["updates"]]);
  const token = parts.find((part) => part.event.split("|")[0] === "messages");
  assert.ok(token.data[1].langgraph_checkpoint_ns);
});

check("an interrupt is shown in values and updates", async (client) => {
  const options = { input: {}, streamMode: ["values", "updates"] };
  const parts = await all(client.runs.stream(await newThread(client), "approval", options));
  const shown = parts.filter((part) => part.data.__interrupt__);
  assert.deepEqual(shown.map((part) => part.event).sort(), ["updates", "values"]);
  assert.equal(shown[0].data.__interrupt__[0].id, shown[1].data.__interrupt__[0].id);
});
