import type { DueWorkObserver, RunDueTask } from "../../../src/ports/due-work.js";
import type { Connection } from "../../../src/store/postgres/connection/connection.js";
import { PostgresDueWork } from "../../../src/store/postgres/due-work/postgres-due-work.js";
import { openPostgresStore } from "../../../src/store/postgres/open-postgres-store.js";
import { type DueWorkSubject, describeDueWork } from "../../contract/due-work/due-work-contract.js";
import { NO_RESULT, SILENT_OBSERVER } from "../../helpers/due-work-samples.js";
import { describeOnPostgres, dropDatabase } from "../../helpers/postgres-server.js";
import { createStoreDatabase } from "../../helpers/store-database.js";

/** Adds a run that is due, and is nothing else. */
const INSERT_RUN = `
  INSERT INTO recipient_runs (row, id, workflow_run, recipient, shard, status, due_at, error_count, inserted_at, updated_at, steps, events)
  VALUES ($1::bigint, 'run-' || $1::text, 1, 'user', $2, 'paused', $3, 0, 0, 0, '[]', '[]')`;

describeOnPostgres("due work on PostgreSQL", () => {
  describeDueWork("graphile-worker", async () => {
    const location = await createStoreDatabase();
    const store = await openPostgresStore(location);
    const { db } = store as unknown as { db: Connection };
    const ranAt: number[] = [];
    const errors: unknown[] = [];
    let row = 0;
    let gate: Promise<void> | undefined;
    let isWaiting = false;
    let isFailing = false;
    const runTask: RunDueTask = async ({ kind, scope: { rows, shards } }) => {
      if (kind !== "runs") return NO_RESULT;
      if (isFailing) {
        isFailing = false;
        throw new Error("the work failed");
      }
      isWaiting = gate !== undefined;
      await gate;
      const ran = await db.all<{ now: number }>(
        `UPDATE recipient_runs SET due_at = NULL WHERE due_at <= ${db.time} AND row BETWEEN $1 AND $2
         AND shard BETWEEN $3 AND $4 RETURNING ${db.time} AS now`,
        rows?.from ?? 0,
        rows?.to ?? 1_000_000,
        shards?.from ?? 0,
        shards?.to ?? 255,
      );
      ranAt.push(...ran.map(({ now }) => now));
      return NO_RESULT;
    };
    const observer: DueWorkObserver = {
      ...SILENT_OBSERVER,
      onJobEnded: ({ error }) => error && errors.push(error),
      onError: (error) => errors.push(error),
    };
    const subject: DueWorkSubject = {
      ranAt,
      errors,
      start: () =>
        PostgresDueWork.start(db, {
          concurrency: 1,
          runTask,
          observer,
          reconciling: { intervalMs: 100, maxOverdueMs: 200 },
        }),
      async add(dueAt, { isAnnounced } = { isAnnounced: true }) {
        await db.write(async (tx) => {
          const shard = ++row % 256;
          await tx.run(INSERT_RUN, row, shard, Math.round(dueAt));
          if (isAnnounced) tx.wake({ kind: "runs", dueAt, shard });
        });
      },
      block() {
        let release = (): void => {};
        gate = new Promise((resolve) => {
          release = resolve;
        });
        return { hasBegun: () => isWaiting, release: () => release() };
      },
      failOnce() {
        isFailing = true;
      },
      async close() {
        await store.close();
        await dropDatabase(location);
      },
    };
    return subject;
  });
});
