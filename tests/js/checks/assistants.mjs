// Methods of `client.assistants`.

import assert from "node:assert/strict";

import { check } from "../registry.mjs";
import { refused } from "./given.mjs";

const ids = (drawing) => drawing.nodes.map((node) => node.id);
const builtin = async (client, graphId) => (await client.assistants.search({ graphId, metadata: { created_by: "system" } }))[0].assistant_id;

check("assistants.create", async (client) => {
  const row = await client.assistants.create({ graphId: "memory", context: { tone: "dry" }, metadata: { a: 1 }, name: "Dry", description: "d" });
  assert.deepEqual([row.graph_id, row.name, row.description, row.version, row.metadata], ["memory", "Dry", "d", 1, { a: 1 }]);
  assert.deepEqual(row.context, { tone: "dry" });
  assert.deepEqual(await client.assistants.create({ graphId: "memory", assistantId: row.assistant_id, ifExists: "do_nothing" }), row);
});

check("assistants.get", async (client) => {
  const row = await client.assistants.create({ graphId: "memory" });
  assert.deepEqual(await client.assistants.get(row.assistant_id), row);
});

check("assistants.update", async (client) => {
  const row = await client.assistants.create({ graphId: "memory", metadata: { a: 1 } });
  const changed = await client.assistants.update(row.assistant_id, { metadata: { b: 2 }, name: "two", context: { limit: 1 } });
  assert.deepEqual([changed.version, changed.name, changed.metadata, changed.context], [2, "two", { a: 1, b: 2 }, { limit: 1 }]);
});

check("assistants.delete", async (client) => {
  const row = await client.assistants.create({ graphId: "memory" });
  const thread = await client.threads.create({ metadata: { x: 1 } });
  await client.runs.wait(thread.thread_id, row.assistant_id, { input: {} });
  await client.assistants.delete(row.assistant_id, { deleteThreads: true });
  await refused(404, /not found/i, () => client.assistants.get(row.assistant_id));
  await refused(404, /not found/i, () => client.threads.get(thread.thread_id));
});

check("assistants.search", async (client) => {
  const metadata = { search: client.assistants.apiUrl };
  for (const name of ["Bot 0", "Bot 1", "Bot 2"]) await client.assistants.create({ graphId: "memory", name, metadata });
  const options = { metadata, sortBy: "name", sortOrder: "asc" };
  const found = await client.assistants.search({ ...options, select: ["name"] });
  assert.deepEqual(found, [{ name: "Bot 0" }, { name: "Bot 1" }, { name: "Bot 2" }]);
  const page = await client.assistants.search({ ...options, limit: 2, includePagination: true });
  assert.deepEqual([page.assistants.length, page.next], [2, "2"]);
  const last = await client.assistants.search({ ...options, limit: 2, offset: 2, includePagination: true });
  assert.deepEqual([last.assistants.length, last.next], [1, null]);
});

check("assistants.count", async (client) => {
  await client.assistants.create({ graphId: "memory", name: "Counted by JS" });
  assert.equal(await client.assistants.count({ graphId: "memory", name: "counted BY js" }), 1);
});

check("assistants.getGraph", async (client) => {
  assert.deepEqual(ids(await client.assistants.getGraph("nested")), ["__start__", "top", "middle", "__end__"]);
  assert.ok(ids(await client.assistants.getGraph("nested", { xray: true })).includes("middle:inner:leaf"));
  assert.ok(!ids(await client.assistants.getGraph("nested", { xray: 1 })).includes("middle:inner:leaf"));
});

check("assistants.getSchemas", async (client) => {
  const schemas = await client.assistants.getSchemas(await builtin(client, "memory"));
  assert.equal(schemas.graph_id, "memory");
  assert.deepEqual(Object.keys(schemas.context_schema.properties).sort(), ["limit", "tone", "user_id"]);
});

check("assistants.getSubgraphs", async (client) => {
  const nested = await builtin(client, "nested");
  assert.deepEqual(Object.keys(await client.assistants.getSubgraphs(nested, { recurse: true })), ["middle", "middle|inner"]);
  assert.deepEqual(Object.keys(await client.assistants.getSubgraphs(nested, { namespace: "middle" })), ["middle"]);
});

check("assistants.getVersions", async (client) => {
  const row = await client.assistants.create({ graphId: "memory", name: "one" });
  await client.assistants.update(row.assistant_id, { name: "two" });
  const versions = await client.assistants.getVersions(row.assistant_id);
  assert.deepEqual(versions.map((version) => version.name), ["two", "one"]);
  assert.equal((await client.assistants.getVersions(row.assistant_id, { limit: 1, offset: 1 }))[0].version, 1);
});

check("assistants.setLatest", async (client) => {
  const row = await client.assistants.create({ graphId: "memory", name: "one" });
  await client.assistants.update(row.assistant_id, { name: "two" });
  assert.equal((await client.assistants.setLatest(row.assistant_id, 1)).name, "one");
});
