import { expect, it } from "vitest";
import { ignoreLostConnections } from "../../../src/app/worker/ignore-lost-connections.js";
import { isConnectionLost } from "../../../src/store/postgres/connection/store-errors.js";

it("a worker survives a lost connection that nothing awaits, and no other error", () => {
  const before = process.listeners("unhandledRejection");
  const stop = ignoreLostConnections(isConnectionLost);
  const [listener] = process.listeners("unhandledRejection").filter((own) => !before.includes(own));
  const reject = (error: unknown) => () => listener?.(error, Promise.resolve());
  for (const error of [
    new Error("Client has encountered a connection error and is not queryable"),
    Object.assign(new Error("terminating connection due to administrator command"), { code: "57P01" }),
  ])
    expect(reject(error)).not.toThrow();
  expect(reject(new TypeError("a bug"))).toThrow("a bug");
  stop();
  expect(process.listeners("unhandledRejection")).toEqual(before);
});
