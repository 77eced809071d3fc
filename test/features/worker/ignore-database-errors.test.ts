import { expect, it } from "vitest";
import { ignoreDatabaseErrors } from "../../../src/features/worker/ignore-database-errors.js";
import { isTransient } from "../../../src/store/postgres/connection/store-errors.js";

it("a worker survives an error of the database that nothing awaits, and no other error", () => {
  const before = process.listeners("unhandledRejection");
  const stop = ignoreDatabaseErrors(isTransient);
  const [listener] = process.listeners("unhandledRejection").filter((own) => !before.includes(own));
  const reject = (error: unknown) => () => listener?.(error, Promise.resolve());
  for (const error of [
    new Error("Client has encountered a connection error and is not queryable"),
    Object.assign(new Error("terminating connection due to administrator command"), { code: "57P01" }),
    Object.assign(new Error("cannot execute UPDATE in a read-only transaction"), { code: "25006" }),
  ])
    expect(reject(error)).not.toThrow();
  expect(reject(new TypeError("a bug"))).toThrow("a bug");
  stop();
  expect(process.listeners("unhandledRejection")).toEqual(before);
});
