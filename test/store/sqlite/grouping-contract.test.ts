import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll } from "vitest";
import { openGroupingStore } from "../../../src/store/sqlite/grouping-store.js";
import { describeStore } from "../../contract/store/store-contract.js";

const folder = mkdtempSync(join(tmpdir(), "knock-grouping-"));
let count = 0;

afterAll(() => rmSync(folder, { recursive: true, force: true }));

describeStore("sqlite, triggers grouped", {
  createLocation: async () => join(folder, `${++count}`, "knock.db"),
  open: openGroupingStore,
  module: { path: "src/store/sqlite/grouping-store.ts", openFunction: "openGroupingStore" },
});
