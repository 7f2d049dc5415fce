// Checks by the name of the method they call, or of the flow they follow; and what the clients themselves offer.

export const CHECKS = new Map();

export const ELSEWHERE = {
  crons: "scheduled runs are not built",
  "threads.stream": "the event-streaming protocol is not built",
};

/** Register a check. `name` is `resource.method`, or a sentence about a flow of several calls. */
export function check(name, run) {
  if (CHECKS.has(name)) throw new Error(`${name} has a check`);
  CHECKS.set(name, run);
}

function prototypes(value) {
  const found = [];
  for (let each = Object.getPrototypeOf(value); each !== Object.prototype; each = Object.getPrototypeOf(each)) found.push(each);
  return found;
}

/** `resource.method` for all that a client offers. What all resources inherit is plumbing; `~` marks what the package calls internal. */
export function surface(client) {
  const resources = Object.entries(client).filter(([name, value]) => !name.startsWith("~") && typeof value === "object");
  const chains = resources.map(([, resource]) => prototypes(resource));
  const shared = new Set(chains[0].filter((each) => chains.every((chain) => chain.includes(each))));
  return resources.flatMap(([name], index) =>
    chains[index]
      .filter((each) => !shared.has(each))
      .flatMap((each) => Object.getOwnPropertyNames(each))
      .filter((method) => method !== "constructor")
      .map((method) => `${name}.${method}`),
  );
}

export function isElsewhere(method) {
  return method in ELSEWHERE || method.split(".")[0] in ELSEWHERE;
}

/** The client, with the names of the methods that are called on it. */
export function recorded(client, called) {
  const resource = (name, target) =>
    new Proxy(target, {
      get(found, method) {
        const value = found[method];
        if (typeof value !== "function") return value;
        return (...args) => {
          called.add(`${name}.${String(method)}`);
          return value.apply(found, args);
        };
      },
    });
  return new Proxy(client, {
    get(found, name) {
      const value = found[name];
      return typeof value === "object" && value !== null ? resource(String(name), value) : value;
    },
  });
}
