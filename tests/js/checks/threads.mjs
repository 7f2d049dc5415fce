// Methods of `client.threads`.

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";

import { check } from "../registry.mjs";
import { SHORT, finished, newThread, paused, refused } from "./given.mjs";

check("threads.create", async (client) => {
  const threadId = randomUUID();
  const row = await client.threads.create({ threadId, metadata: { a: 1 }, graphId: "approval" });
  assert.deepEqual([row.thread_id, row.status, row.metadata], [threadId, "idle", { a: 1, graph_id: "approval" }]);
  assert.deepEqual(await client.threads.create({ threadId, ifExists: "do_nothing" }), row);
  await refused(409, /already exists/, () => client.threads.create({ threadId }));
  const supersteps = [{ updates: [{ values: { tick: 1 }, asNode: "__input__" }] }, { updates: [{ values: { tick: 2 }, asNode: "work" }] }];
  const made = await client.threads.create({ graphId: "slow", supersteps });
  assert.deepEqual([made.values, made.status], [{ tick: 2 }, "interrupted"]);
});

check("threads.get", async (client) => {
  const row = await client.threads.create({ metadata: { a: 1 } });
  assert.deepEqual(await client.threads.get(row.thread_id), row);
});

check("threads.update", async (client) => {
  const row = await client.threads.create({ metadata: { a: 1 } });
  assert.deepEqual((await client.threads.update(row.thread_id, { metadata: { b: 2 } })).metadata, { a: 1, b: 2 });
});

check("threads.delete", async (client) => {
  const thread = await finished(client);
  assert.equal(await client.threads.delete(thread), undefined);
  await refused(404, /not found/i, () => client.threads.get(thread));
});

check("threads.search", async (client) => {
  const metadata = { search: randomUUID() };
  const made = [];
  for (const n of [0, 1, 2]) made.push((await client.threads.create({ metadata: { ...metadata, n } })).thread_id);
  const found = await client.threads.search({ metadata, sortBy: "created_at", sortOrder: "asc", select: ["thread_id"] });
  assert.deepEqual(found, made.map((thread_id) => ({ thread_id })));
  assert.equal((await client.threads.search({ metadata, limit: 2, offset: 2 })).length, 1);
  assert.deepEqual((await client.threads.search({ ids: [made[1]] })).map((row) => row.thread_id), [made[1]]);
  assert.deepEqual(await client.threads.search({ metadata, status: "busy" }), []);
});

check("threads.count", async (client) => {
  const metadata = { count: randomUUID() };
  await client.threads.create({ metadata });
  assert.equal(await client.threads.count({ metadata, status: "idle" }), 1);
});

check("threads.copy", async (client) => {
  const [thread, interrupt] = await paused(client);
  const copy = await client.threads.copy(thread);
  assert.notEqual(copy.thread_id, thread);
  for (const each of [copy.thread_id, thread]) {
    assert.equal((await client.runs.wait(each, "approval", { command: { resume: { [interrupt]: "yes" } } })).done, true);
  }
});

check("threads.prune", async (client) => {
  const [gone, kept] = [await finished(client), await finished(client)];
  assert.deepEqual(await client.threads.prune([gone]), { pruned_count: 1 });
  await refused(404, /not found/i, () => client.threads.get(gone));
  assert.deepEqual(await client.threads.prune([kept], { strategy: "keep_latest" }), { pruned_count: 1 });
  assert.equal((await client.threads.getHistory(kept)).length, 1);
});

check("threads.getState", async (client) => {
  const [thread, interrupt] = await paused(client);
  const state = await client.threads.getState(thread, undefined, { subgraphs: true });
  assert.deepEqual([state.next, state.tasks[0].interrupts[0].id], [["ask"], interrupt]);
  assert.deepEqual((await client.threads.getState(thread, state.checkpoint)).values, state.values);
  assert.deepEqual((await client.threads.getState(thread, state.checkpoint.checkpoint_id)).values, state.values);
});

check("threads.updateState", async (client) => {
  const [thread] = await paused(client);
  const written = await client.threads.updateState(thread, { values: { answers: ["edited"] }, asNode: "ask" });
  const state = await client.threads.getState(thread);
  assert.deepEqual([state.checkpoint.checkpoint_id, state.next], [written.checkpoint.checkpoint_id, ["act"]]);
  assert.deepEqual((await client.runs.wait(thread, "approval", { input: null })).answers, ["planned", "edited", "acted"]);
});

check("threads.patchState", async (client) => {
  const thread = await finished(client);
  const before = await client.threads.getState(thread);
  assert.equal(await client.threads.patchState(thread, { mark: 1 }), undefined);
  await client.threads.patchState({ configurable: { thread_id: thread } }, { more: 2 });
  const state = await client.threads.getState(thread);
  assert.deepEqual(state, { ...before, metadata: { ...before.metadata, mark: 1, more: 2 } });
  assert.deepEqual(await client.threads.getHistory(thread, { metadata: { mark: 1 } }), [state]);
});

check("threads.getHistory", async (client) => {
  const thread = await finished(client);
  const history = await client.threads.getHistory(thread);
  assert.deepEqual(history.map((state) => state.next), [[], ["act"], ["ask"], ["plan"], ["__start__"]]);
  const { checkpoint } = history[2];
  for (const before of [{ configurable: { checkpoint_id: checkpoint.checkpoint_id } }, { configurable: checkpoint }, checkpoint, checkpoint.checkpoint_id]) {
    assert.deepEqual(await client.threads.getHistory(thread, { before }), history.slice(3));
  }
  assert.deepEqual(await client.threads.getHistory(thread, { limit: 1, metadata: { step: 1 } }), [history[2]]);
  assert.deepEqual(await client.threads.getHistory(thread, { checkpoint: { checkpoint_id: checkpoint.checkpoint_id } }), [history[2]]);
});

check("threads.joinStream", async (client) => {
  const thread = await newThread(client);
  const run = await client.runs.create(thread, "slow", { input: SHORT, streamMode: ["values"], streamResumable: true });
  await client.runs.join(thread, run.run_id);
  const seen = [];
  for await (const part of client.threads.joinStream(thread, { lastEventId: "-", streamMode: ["run_modes", "lifecycle"] })) {
    seen.push(part);
    if (part.event === "metadata" && part.data.status === "run_done") break;
  }
  assert.deepEqual(seen.filter((part) => part.event === "values").map((part) => part.data.tick), [undefined, 1]);
  assert.equal(seen.at(-1).data.run_id, run.run_id);
  assert.ok(seen.every((part) => part.id));
});
