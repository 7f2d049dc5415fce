// Methods of `client.store`.

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";

import { check } from "../registry.mjs";

/** A namespace of its own with numbered items. */
async function filled(client, ...keys) {
  const namespace = ["js", randomUUID()];
  for (const [n, key] of keys.entries()) await client.store.putItem(namespace, key, { text: key, n });
  return namespace;
}

check("store.putItem", async (client) => {
  const namespace = await filled(client, "k");
  await client.store.putItem(namespace, "k", { n: 1 }, { index: false, ttl: 5 });
  await client.store.putItem(namespace, "k", { n: 2 }, { index: ["text"] });
  assert.deepEqual((await client.store.getItem(namespace, "k")).value, { n: 2 });
});

check("store.getItem", async (client) => {
  const namespace = await filled(client, "k");
  const item = await client.store.getItem(namespace, "k", { refreshTtl: true });
  assert.deepEqual([item.namespace, item.key, item.value], [namespace, "k", { text: "k", n: 0 }]);
  assert.ok(Date.parse(item.createdAt) <= Date.parse(item.updatedAt));
  assert.equal(await client.store.getItem(namespace, "missing"), null);
});

check("store.deleteItem", async (client) => {
  const namespace = await filled(client, "k");
  assert.equal(await client.store.deleteItem(namespace, "k"), undefined);
  assert.equal(await client.store.getItem(namespace, "k"), null);
});

check("store.searchItems", async (client) => {
  const namespace = await filled(client, "a", "b", "c");
  const { items } = await client.store.searchItems(namespace, { filter: { n: { $gte: 1 } }, limit: 5 });
  assert.deepEqual(items.map((item) => item.key).sort(), ["b", "c"]);
  assert.equal((await client.store.searchItems(namespace, { limit: 2, offset: 2 })).items.length, 1);
});

check("store.listNamespaces", async (client) => {
  const namespace = await filled(client, "k");
  await client.store.putItem([...namespace, "deep"], "k", {});
  assert.deepEqual((await client.store.listNamespaces({ prefix: namespace })).namespaces, [namespace, [...namespace, "deep"]]);
  assert.deepEqual((await client.store.listNamespaces({ prefix: namespace, maxDepth: 2 })).namespaces, [namespace]);
});
