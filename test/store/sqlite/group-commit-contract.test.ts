import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll } from "vitest";
import { DRIVERS, isDriverAvailable, openDatabase } from "../../../src/store/sqlite/connection/driver.js";
import { openGroupCommitStore } from "../../../src/store/sqlite/group-commit-store.js";
import { describeStore } from "../../contract/store/store-contract.js";

const folder = mkdtempSync(join(tmpdir(), "knock-group-commit-"));
let count = 0;

afterAll(() => rmSync(folder, { recursive: true, force: true }));

// Node 20 and 22 have only the packaged driver.
for (const driver of DRIVERS.filter(isDriverAvailable)) {
  describeStore(`sqlite, triggers grouped, ${driver} driver`, {
    createLocation: async () => join(folder, `${++count}`, "knock.db"),
    open: (location, options) => openGroupCommitStore(location, { ...options, driver }),
    execute: async (location, statements) => {
      const database = await openDatabase(location, { readOnly: false, driver });
      for (const statement of statements) database.exec(statement);
      database.close();
    },
    module: {
      path: "src/store/sqlite/group-commit-store.ts",
      openFunction: "openGroupCommitStore",
      options: { driver },
    },
  });
}
