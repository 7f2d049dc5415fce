// What applications do with several calls.

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";

import { check } from "../registry.mjs";
import { LONG, SHORT, all, events, newThread, paused, refused, until } from "./given.mjs";

check("a page that is loaded again goes on with the stream it left", async (client) => {
  let known;
  const seen = [];
  const options = {
    input: { seconds: 0.1, steps: 4 },
    streamMode: ["values", "messages-tuple", "custom"],
    streamResumable: true,
    onDisconnect: "continue",
    ifNotExists: "create",
    onRunCreated: (run) => (known = run),
  };
  for await (const part of client.runs.stream(randomUUID(), "slow", options)) {
    seen.push(part);
    if (part.event === "custom") break;
  }
  const { thread_id: thread, run_id: run } = known;
  const rest = await all(client.runs.joinStream(thread, run, { lastEventId: seen.at(-1).id }));
  const whole = await all(client.runs.joinStream(thread, run, { lastEventId: "-1" }));
  assert.deepEqual([...seen, ...rest], whole);
  assert.deepEqual(whole.filter((part) => part.event === "custom").map((part) => part.data.tick), [1, 2, 3, 4]);
  assert.equal((await client.threads.getState(thread)).values.tick, 4);
});

check("a stream that has ended is not asked for again", async (client, { connect }) => {
  const sent = [];
  const watched = connect({ onRequest: (url, init) => (sent.push(`${init.method ?? "GET"} ${url.pathname.split("/").at(-1)}`), init) });
  await all(watched.runs.stream(await newThread(client), "slow", { input: SHORT }));
  assert.deepEqual(sent.filter((each) => each.endsWith(" stream")), ["POST stream"]);
});

check("leaving a stream cancels the run that wants it", async (client) => {
  const thread = await newThread(client);
  const leaving = new AbortController();
  const options = { input: LONG, streamMode: "custom", onDisconnect: "cancel", signal: leaving.signal };
  await assert.rejects(async () => {
    for await (const part of client.runs.stream(thread, "slow", options)) if (part.event === "custom") leaving.abort();
    throw new Error("left");
  });
  await until("the run is cancelled", async () => (await client.runs.list(thread))[0].status === "interrupted");
});

check("answers arrive as they are", async (client) => {
  for (const resume of [false, 0, "", [], {}]) {
    const [thread] = await paused(client, "review", {});
    assert.deepEqual((await client.runs.wait(thread, "review", { input: null, command: { resume } })).answer, resume);
  }
});

check("an agent inbox answers with a list, beside an empty input", async (client) => {
  const [thread] = await paused(client, "review", { mode: "inbox" });
  const response = { type: "edit", args: { action: "send_mail", args: { to: "bob" } } };
  const parts = await all(client.runs.stream(thread, "review", { input: {}, command: { resume: [response] }, streamMode: ["updates"] }));
  assert.deepEqual(parts[1].data.ask.answer, response);
});

check("an agent's calls are decided together", async (client) => {
  const input = { messages: [{ role: "user", content: "book:Rome cancel:Oslo" }] };
  const [thread, interrupt] = await paused(client, "clerk", input);
  const decide = (...types) => ({ command: { resume: { decisions: types.map((type) => ({ type })) } } });
  await refused(422, /one decision per request/, () => client.runs.wait(thread, "clerk", decide("approve")));
  await refused(422, /must be one of/, () => client.runs.wait(thread, "clerk", decide("approve", "edit")));
  assert.equal((await client.threads.getState(thread)).tasks[0].interrupts[0].id, interrupt);
  const values = await client.runs.wait(thread, "clerk", decide("approve", "approve"));
  assert.equal(values.messages.at(-1).content, "Booked Rome. Cancelled Oslo.");
});

check("an interrupt is answered once, and only a known one", async (client) => {
  const [thread, interrupt] = await paused(client);
  const answer = (id) => client.runs.wait(thread, "approval", { command: { resume: { [id]: "yes" } }, strictResume: true });
  await refused(422, /Unknown interrupt/, () => answer("0".repeat(32)));
  assert.deepEqual((await answer(interrupt)).answers, ["planned", "yes", "acted"]);
  await refused(409, /answered/, () => answer(interrupt));
});

check("a chat page marks a thread as resolved", async (client) => {
  const [thread] = await paused(client);
  await all(client.runs.stream(thread, "approval", { input: {}, command: { goto: "__end__" } }));
  const [other] = await paused(client);
  await client.threads.updateState(other, { values: null, asNode: "__end__" });
  for (const each of [thread, other]) {
    const row = await client.threads.get(each);
    assert.deepEqual([row.status, row.interrupts, row.values.answers], ["idle", {}, ["planned"]]);
  }
});

check("a message is edited by a fork from its checkpoint", async (client) => {
  const thread = await newThread(client);
  await client.runs.wait(thread, "chat", { input: { messages: [{ role: "user", content: "first", id: "h1" }] } });
  const [{ checkpoint }] = (await client.threads.getHistory(thread)).slice(-1);
  const edited = { input: { messages: [{ role: "user", content: "second", id: "h2" }] }, checkpoint };
  const { messages } = await client.runs.wait(thread, "chat", edited);
  assert.deepEqual(messages.map((message) => message.content), ["second", "You said: second"]);
});

check("errors tell status and reason", async (client, { connect }) => {
  const thread = await newThread(client);
  await refused(404, /not found/i, () => client.threads.get(randomUUID()));
  await refused(422, /must be a UUID/, () => client.threads.get("nope"));
  await refused(422, /Invalid assistant/, () => client.runs.wait(thread, "ghost", { input: {} }));
  await refused(404, /not found/i, () => events(client.runs.joinStream(thread, randomUUID())));
  await refused(400, /both configurable and context/, () =>
    client.runs.create(thread, "slow", { input: {}, config: { configurable: { a: 1 } }, context: { a: 1 } }),
  );
  await refused(401, /key/i, () => connect({ apiKey: "wrong" }).threads.get(thread));
  await client.runs.create(thread, "slow", { input: LONG });
  await refused(409, /already running/, () => client.runs.wait(thread, "slow", { input: SHORT, multitaskStrategy: "reject" }));
});

check("an error ends the stream that it happens in", async (client) => {
  const parts = await all(client.runs.stream(await newThread(client), "failing", { input: { kind: "value", message: "bad" } }));
  assert.deepEqual([parts.at(-1).event, parts.at(-1).data], ["error", { error: "ValueError", message: "bad" }]);
});
