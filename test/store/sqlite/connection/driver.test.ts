import { rmSync } from "node:fs";
import { build } from "esbuild";
import { execa } from "execa";
import { describe, expect, it } from "vitest";
import {
  DRIVERS,
  getBindingFile,
  isDriverAvailable,
  openDatabase,
  prefersNodeSqlite,
} from "../../../../src/store/sqlite/connection/driver.js";
import { translateError } from "../../../../src/store/sqlite/connection/store-errors.js";
import { catchThrown } from "../../../helpers/catch-error.js";
import { releaseClosedStores } from "../../../helpers/collect-garbage.js";

/**
 * Opens the packaged driver after so many native classes that V8 keeps no more of them, as in a process that runs for long, and
 * then collects garbage.
 */
const COLLECTING_SCRIPT = `
import { getBindingFile, openDatabase } from "./src/store/sqlite/connection/driver.ts";
import { collectGarbage } from "./test/helpers/collect-garbage.ts";
for (let count = 0; count < 60; count++) process.dlopen({ exports: {} }, getBindingFile("packaged"));
const options = { readOnly: false, driver: "packaged" };
(await openDatabase(":memory:", options)).close();
for (let count = 0; count < 10; count++) {
  collectGarbage();
  await new Promise((resolve) => setTimeout(resolve, 1));
}
console.log((await openDatabase(":memory:", options)).prepare("SELECT 1 AS a").get().a);
`;

describe("the driver", () => {
  it.each([
    ["20.18.0", false],
    ["22.23.3", false], // prints a warning
    ["23.11.1", false],
    ["24.0.0", false],
    ["24.14.1", false],
    ["24.15.0", true],
    ["24.21.0", true],
    ["25.6.1", false],
    ["25.8.0", false], // SQLite 3.51.2
    ["25.9.0", true],
    ["26.0.0", true],
    ["30.1.0", true],
  ])("of Node %s is Node's own: %s", (version, isOwn) => {
    expect(prefersNodeSqlite(version)).toBe(isOwn);
  });

  it("is the preferred one of this Node version, and needs no binding if that is Node's own", () => {
    const prefersNode = prefersNodeSqlite(process.versions.node);
    expect(getBindingFile() === null).toBe(prefersNode);
    expect(isDriverAvailable(prefersNode ? "node" : "packaged")).toBe(true);
  });

  it.each(DRIVERS.filter(isDriverAvailable))("%s returns rows as objects and as lists of columns", async (driver) => {
    const database = await openDatabase(":memory:", { readOnly: false, driver });
    const statement = database.prepare("SELECT 1 AS a, 'x' AS b");
    expect({ ...(statement.get() as object) }).toEqual({ a: 1, b: "x" });
    statement.setReturnArrays(true);
    expect(statement.all()).toEqual([[1, "x"]]);
    expect({ ...(database.prepare("PRAGMA busy_timeout").get() as object) }).toEqual({ timeout: 15_000 });
    database.close();
  });

  it.each(DRIVERS.filter(isDriverAvailable))("%s prepares statements after a garbage collection", async (driver) => {
    const open = () => openDatabase(":memory:", { readOnly: false, driver });
    (await open()).close();
    await releaseClosedStores();
    const database = await open();
    expect(database.prepare("SELECT 1 AS a").get()).toEqual({ a: 1 });
    database.close();
  });

  it.runIf(isDriverAvailable("packaged"))(
    "packaged keeps its class of statements, however many native classes the process has",
    async () => {
      // Inside the repository, so that the bundle finds the binding.
      const outfile = `node_modules/.cache/driver-${process.pid}.mjs`;
      const stdin = { contents: COLLECTING_SCRIPT, resolveDir: process.cwd(), loader: "ts" } as const;
      await build({ stdin, bundle: true, platform: "node", format: "esm", outfile, logLevel: "error" });
      try {
        const { stdout } = await execa(process.execPath, [outfile], { timeout: 500_000 });
        expect(stdout).toBe("1");
      } finally {
        rmSync(outfile, { force: true });
      }
    },
  );

  it.each(DRIVERS.filter(isDriverAvailable))("%s reports a length beyond the limit as damage", async (driver) => {
    const database = await openDatabase(":memory:", { readOnly: false, driver });
    const statement = database.prepare("SELECT zeroblob(2000000000) AS content");
    const readAs = (read: () => unknown) => () => {
      try {
        read();
      } catch (error) {
        throw translateError(error, "store.db");
      }
    };
    for (const read of [() => statement.get(), () => statement.all()])
      expect(catchThrown(readAs(read))).toMatchObject({
        code: "store_unusable",
        message: "the store store.db is damaged: string or blob too big",
      });
    database.close();
  });
});
