// Methods of `client.runs`.

import assert from "node:assert/strict";

import { check } from "../registry.mjs";
import { LONG, SHORT, all, events, newThread, refused } from "./given.mjs";

check("runs.create", async (client) => {
  const thread = await newThread(client);
  const told = [];
  const run = await client.runs.create(thread, "slow", { input: SHORT, metadata: { a: 1 }, onRunCreated: (each) => told.push(each) });
  assert.deepEqual([run.thread_id, run.metadata.a], [thread, 1]);
  assert.deepEqual(told, [{ run_id: run.run_id, thread_id: thread }]);
  assert.notEqual((await client.runs.create(null, "slow", { input: SHORT })).thread_id, thread);
  assert.equal((await client.runs.join(thread, run.run_id)).tick, 1);
});

check("runs.createBatch", async (client) => {
  const runs = await client.runs.createBatch([
    { assistantId: "slow", input: SHORT },
    { assistantId: "approval", input: {} },
  ]);
  assert.deepEqual(runs.map((run) => run.kwargs.input), [SHORT, {}]);
});

check("runs.wait", async (client) => {
  const thread = await newThread(client);
  const told = [];
  assert.equal((await client.runs.wait(thread, "slow", { input: SHORT, onRunCreated: (each) => told.push(each) })).tick, 1);
  assert.equal(told[0].thread_id, thread);
  assert.equal((await client.runs.wait(null, "slow", { input: SHORT })).tick, 1);
  const failing = { input: { kind: "value", message: "bad" } };
  await assert.rejects(() => client.runs.wait(thread, "failing", failing), /ValueError: bad/);
  assert.equal((await client.runs.wait(thread, "failing", { ...failing, raiseError: false })).__error__.error, "ValueError");
});

check("runs.stream", async (client) => {
  const thread = await newThread(client);
  const told = [];
  const options = { input: SHORT, streamMode: ["values", "updates"], onRunCreated: (each) => told.push(each) };
  const parts = await all(client.runs.stream(thread, "slow", options));
  assert.deepEqual(parts.map((part) => part.event), ["metadata", "values", "updates", "values"]);
  assert.deepEqual([parts[0].data.run_id, parts[3].data.tick], [told[0].run_id, 1]);
  assert.deepEqual(await events(client.runs.stream(null, "slow", { input: SHORT, streamMode: [] })), ["metadata", "values", "values"]);
});

check("runs.join", async (client) => {
  const thread = await newThread(client);
  const run = await client.runs.create(thread, "slow", { input: SHORT });
  assert.equal((await client.runs.join(thread, run.run_id, { cancelOnDisconnect: true })).tick, 1);
});

check("runs.joinStream", async (client) => {
  const thread = await newThread(client);
  const run = await client.runs.create(thread, "slow", { input: SHORT, streamMode: ["values", "custom"], streamResumable: true });
  await client.runs.join(thread, run.run_id);
  const joined = (options) => events(client.runs.joinStream(thread, run.run_id, options));
  const everything = ["metadata", "values", "custom", "values"];
  for (const lastEventId of ["-1", "-", "0"]) assert.deepEqual(await joined({ lastEventId }), everything);
  assert.deepEqual(await joined({ lastEventId: "-1", streamMode: ["values", "custom"] }), everything.slice(1));
  assert.deepEqual(await joined({ lastEventId: "-1", streamMode: "custom" }), ["custom"]);
});

check("runs.list", async (client) => {
  const thread = await newThread(client);
  const runs = [];
  for (let n = 0; n < 3; n++) runs.push(await client.runs.create(thread, "slow", { input: SHORT }));
  await client.runs.join(thread, runs[2].run_id);
  const page = await client.runs.list(thread, { limit: 2, offset: 1, status: "success", select: ["run_id", "status"] });
  assert.deepEqual(page, [runs[1], runs[0]].map((run) => ({ run_id: run.run_id, status: "success" })));
  await refused(422, /select/, () => client.runs.list(thread, { select: ["run_id", "ghost"] }));
});

check("runs.get", async (client) => {
  const thread = await newThread(client);
  const run = await client.runs.create(thread, "slow", { input: SHORT });
  assert.equal((await client.runs.get(thread, run.run_id)).assistant_id, run.assistant_id);
});

check("runs.delete", async (client) => {
  const thread = await newThread(client);
  const run = await client.runs.create(thread, "slow", { input: SHORT });
  await client.runs.join(thread, run.run_id);
  assert.equal(await client.runs.delete(thread, run.run_id), undefined);
  await refused(404, /not found/i, () => client.runs.get(thread, run.run_id));
});

check("runs.cancel", async (client) => {
  const thread = await newThread(client);
  const run = await client.runs.create(thread, "slow", { input: LONG });
  assert.equal(await client.runs.cancel(thread, run.run_id, false, "interrupt", { reason: "enough" }), undefined);
  assert.equal((await client.runs.get(thread, run.run_id)).status, "interrupted");
  const again = await client.runs.create(thread, "slow", { input: LONG });
  assert.deepEqual(await client.runs.cancel(thread, again.run_id, true, "rollback"), {});
  await refused(404, /not found/i, () => client.runs.get(thread, again.run_id));
  await refused(404, /No matching runs|No runs/, () => client.runs.cancel(thread, run.run_id));
});

check("runs.cancelMany", async (client) => {
  const thread = await newThread(client);
  const runs = [];
  for (let n = 0; n < 3; n++) runs.push((await client.runs.create(thread, "slow", { input: LONG })).run_id);
  await client.runs.cancelMany({ threadId: thread, runIds: runs.slice(0, 2) });
  for (const run of runs.slice(0, 2)) assert.equal((await client.runs.get(thread, run)).status, "interrupted");
  await client.runs.cancelMany({ status: "all", action: "rollback" });
  await refused(404, /not found/i, () => client.runs.get(thread, runs[2]));
});
