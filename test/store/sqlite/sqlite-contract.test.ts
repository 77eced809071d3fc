import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll } from "vitest";
import { openSqliteStore } from "../../../src/store/sqlite/open-sqlite-store.js";
import { describeStore } from "../../contract/store/store-contract.js";

const folder = mkdtempSync(join(tmpdir(), "knock-sqlite-"));
let count = 0;

afterAll(() => rmSync(folder, { recursive: true, force: true }));

describeStore("sqlite", {
  createLocation: async () => join(folder, `${++count}`, "knock.db"),
  open: openSqliteStore,
  module: { path: "src/store/sqlite/open-sqlite-store.ts", openFunction: "openSqliteStore" },
});
