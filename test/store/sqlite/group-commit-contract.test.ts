import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll } from "vitest";
import { openGroupCommitStore } from "../../../src/store/sqlite/group-commit-store.js";
import { describeStore } from "../../contract/store/store-contract.js";

const folder = mkdtempSync(join(tmpdir(), "knock-group-commit-"));
let count = 0;

afterAll(() => rmSync(folder, { recursive: true, force: true }));

describeStore("sqlite, triggers grouped", {
  createLocation: async () => join(folder, `${++count}`, "knock.db"),
  open: openGroupCommitStore,
  module: { path: "src/store/sqlite/group-commit-store.ts", openFunction: "openGroupCommitStore" },
});
