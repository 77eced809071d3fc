import { expect, it } from "vitest";
import { PostgresDueWork } from "../../../src/store/postgres/due-work/postgres-due-work.js";
import { TenantShares } from "../../../src/store/postgres/due-work/tenant-shares.js";
import { openPostgresStore } from "../../../src/store/postgres/open-postgres-store.js";
import type { PostgresStore } from "../../../src/store/postgres/postgres-store.js";
import { insertSample, NOW, waitingAt } from "../../contract/store/sample-runs.js";
import { NO_RESULT, SILENT_OBSERVER } from "../../helpers/due-work-samples.js";
import { eventually } from "../../helpers/eventually.js";
import { type SettingsTreatment, startPoolerStub } from "../../helpers/pooler-stub.js";
import { createDatabase, describeOnPostgres, dropDatabase, withClient } from "../../helpers/postgres-server.js";

describeOnPostgres("a store behind a connection pooler", () => {
  it.each<SettingsTreatment>(["refused", "ignored"])(
    "uses no session state, and its due work runs (settings are %s)",
    async (treatment) => {
      const database = await createDatabase();
      const pooler = await startPoolerStub(database, treatment);
      const store = await openPostgresStore(pooler.url);
      const { db } = store as unknown as PostgresStore;
      expect(db.isPooled).toBe(true);
      const limits = await db.read((tx) => tx.get("SELECT current_setting('lock_timeout') AS lock_timeout"));
      expect(limits).toEqual({ lock_timeout: "5s" });
      await new TenantShares(db).look();

      const errors: unknown[] = [];
      const tasks: string[] = [];
      const dueWork = await PostgresDueWork.start(db, {
        workerId: "one",
        concurrency: 1,
        async runTask({ kind }) {
          tasks.push(kind);
          return NO_RESULT;
        },
        observer: {
          ...SILENT_OBSERVER,
          onJobEnded: ({ error }) => error && errors.push(error),
          onError: (error) => errors.push(error),
        },
      });
      const listWorkers = async () =>
        (await withClient(database, (client) => client.query("SELECT id FROM workers"))).rows;
      expect(await listWorkers()).toEqual([{ id: "one" }]);
      await insertSample(store, { recipients: ["ana"], recipientRun: waitingAt(NOW) });
      await eventually(() => tasks.includes("runs"));
      dueWork.wake();
      await eventually(() => tasks.includes("schedules"));
      await dueWork.stop();
      expect(await listWorkers()).toEqual([]);
      expect(errors).toEqual([]);
      await store.close();
      pooler.close();
      await dropDatabase(database);
    },
  );
});
