// The page of client.html: #<api address>,<key>,<package>. Reports one object: check → null, or what went wrong.

const [api, key, name] = decodeURIComponent(location.hash.slice(1)).split(",");
const found = {};

function same(actual, expected) {
  if (JSON.stringify(actual) !== JSON.stringify(expected)) throw new Error(`${JSON.stringify(actual)} is not ${JSON.stringify(expected)}`);
}

async function check(what, run) {
  try {
    await run();
    found[what] = null;
  } catch (error) {
    found[what] = String(error?.stack ?? error);
  }
}

async function all(stream) {
  const parts = [];
  for await (const part of stream) parts.push(part);
  return parts;
}

async function status(call) {
  try {
    await call();
  } catch (error) {
    return error.status ?? String(error);
  }
}

async function visit() {
  const { Client } = await import(`/node_modules/${name}/dist/client.js`);
  const client = new Client({ apiUrl: api, apiKey: key, callerOptions: { maxRetries: 0 } });
  const { thread_id: thread } = await client.threads.create();

  await check("a run is streamed and names itself", async () => {
    let told;
    const options = { input: { seconds: 0, steps: 1 }, streamMode: ["values"], streamResumable: true, onRunCreated: (run) => (told = run) };
    const parts = await all(client.runs.stream(thread, "slow", options));
    same(parts.map((part) => part.event), ["metadata", "values", "values"]);
    same(told, { run_id: parts[0].data.run_id, thread_id: thread });
    same((await client.runs.join(thread, told.run_id)).tick, 1);
    same(await all(client.runs.joinStream(thread, told.run_id, { lastEventId: "-1" })), parts);
  });
  await check("where a stream goes on can be read", async () => {
    const answer = await fetch(`${api}/threads/${thread}/runs/stream`, {
      method: "POST",
      headers: { "content-type": "application/json", "x-api-key": key },
      body: JSON.stringify({ assistant_id: "slow", input: { seconds: 0, steps: 1 } }),
    });
    const run = answer.headers.get("content-location");
    same([answer.status, answer.headers.get("location")], [200, `${run}/stream`]);
    await answer.text();
  });
  await check("pages of a list can be told", async () => {
    const page = await client.assistants.search({ limit: 2, includePagination: true });
    same([page.assistants.length, page.next], [2, "2"]);
  });
  await check("refusals can be read", async () => {
    same(await status(() => client.threads.get(crypto.randomUUID())), 404);
    same(await status(() => client.threads.get("nope")), 422);
    same(await status(() => client.threads.create({ threadId: thread })), 409);
    same(await status(() => new Client({ apiUrl: api, apiKey: "wrong", callerOptions: { maxRetries: 0 } }).threads.get(thread)), 401);
  });
  await check("an interrupt is answered", async () => {
    const paused = await client.runs.wait(thread, "approval", { input: {} });
    const command = { resume: { [paused.__interrupt__[0].id]: false } };
    same((await client.runs.wait(thread, "approval", { input: {}, command })).answers, ["planned", false, "acted"]);
  });
  await check("every method passes its preflight", async () => {
    same((await client.threads.update(thread, { metadata: { seen: true } })).metadata.seen, true);
    await client.store.putItem(["page"], "k", { v: 1 });
    same((await client.store.getItem(["page"], "k")).value, { v: 1 });
    await client.threads.delete(thread);
  });
  await check("what needs no key needs none", async () => {
    for (const path of ["/ok", "/info"]) same((await fetch(`${api}${path}`)).status, 200);
  });
}

await visit().catch((error) => (found["the page"] = String(error?.stack ?? error)));
await fetch("/report", { method: "POST", body: JSON.stringify(found) });
