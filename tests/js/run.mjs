// `node run.mjs <package> list` tells what the client offers and what is checked here; `node run.mjs <package> run <url> <key>` runs
// every check that the package can take, one JSON line each.

import { createRequire } from "node:module";

import "./checks/assistants.mjs";
import "./checks/flows.mjs";
import "./checks/runs.mjs";
import "./checks/store.mjs";
import "./checks/streams.mjs";
import "./checks/threads.mjs";
import { CHECKS, ELSEWHERE, isElsewhere, recorded, surface } from "./registry.mjs";

const [name, task, url, key] = process.argv.slice(2);
const { Client } = await import(name);
const { version } = createRequire(import.meta.url)(`${name}/package.json`);
const connect = (options = {}) => new Client({ apiUrl: url ?? "http://localhost", apiKey: key ?? null, callerOptions: { maxRetries: 0 }, ...options });
const methods = surface(connect());
const known = new Set(methods);
const isMethod = (each) => /^\w+\.\w+$/.test(each);
const checks = [...CHECKS.keys()].filter((each) => !isMethod(each) || known.has(each));

const within = (seconds, promise) =>
  Promise.race([promise, new Promise((_, reject) => setTimeout(() => reject(new Error(`not done in ${seconds} s`)), seconds * 1000))]);

if (task === "list") {
  const wanted = methods.filter((each) => !isElsewhere(each));
  console.log(JSON.stringify({ version, methods: wanted, checks, elsewhere: ELSEWHERE, all: [...CHECKS.keys()].filter(isMethod) }));
} else {
  for (const each of checks) {
    const called = new Set();
    const started = performance.now();
    let error = null;
    try {
      await within(20, CHECKS.get(each)(recorded(connect(), called), { version, connect }));
      if (isMethod(each) && !called.has(each)) error = `the check of ${each} does not call it`;
    } catch (thrown) {
      error = String(thrown?.stack ?? thrown);
    }
    console.log(JSON.stringify({ check: each, error, seconds: (performance.now() - started) / 1000 }));
  }
}
process.exit(0); // the clients leave the connections of abandoned streams open
