// What the checks start from, and what they expect of refusals.

import assert from "node:assert/strict";

export const SHORT = { seconds: 0, steps: 1 };
export const LONG = { seconds: 1, steps: 100 };

export async function newThread(client) {
  return (await client.threads.create()).thread_id;
}

/** A thread with five checkpoints. */
export async function finished(client) {
  const thread = await newThread(client);
  await client.runs.wait(thread, "approval", { input: { mode: "none" } });
  return thread;
}

/** A thread that waits for an answer, and the interrupt's id. */
export async function paused(client, graph = "approval", input = { request: "pay" }) {
  const thread = await newThread(client);
  const values = await client.runs.wait(thread, graph, { input });
  return [thread, values.__interrupt__[0].id];
}

export async function all(stream) {
  const parts = [];
  for await (const part of stream) parts.push(part);
  return parts;
}

export const events = async (stream) => (await all(stream)).map((part) => part.event);

/** The call fails with this status, and the server's words are in the error. */
export async function refused(status, words, call) {
  await assert.rejects(call, (error) => {
    assert.equal(error.status, status, String(error));
    assert.match(`${error.message} ${error.text}`, words);
    return true;
  });
}

/** Ask again until the answer is true. */
export async function until(what, ask) {
  for (const end = performance.now() + 20000; ; ) {
    if (await ask()) return;
    if (performance.now() > end) throw new Error(`waited in vain: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
