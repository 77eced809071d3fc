import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import { type RecipientUpsert, toRecipientKey } from "../../src/domain/recipient/recipient.js";
import { parseTrigger } from "../../src/domain/trigger/parse-trigger.js";
import type { Store } from "../../src/ports/store.js";
import type { Connection } from "../../src/store/postgres/connection/connection.js";
import { addJobs } from "../../src/store/postgres/due-work/add-jobs.js";
import { openPostgresStore } from "../../src/store/postgres/open-postgres-store.js";
import { createBenchEngine } from "../bench-engine.js";
import { SOON_MS, WORKFLOWS } from "./worker-project.js";

const RECIPIENTS = 20_000;
const TRIGGER_SIZE = 1_000;
/** Time for the last look at what is to be measured before runs become due. */
const LEAD_MS = 1_000;
const POLL_MS = 50;
const DAY_MS = 24 * 3_600_000;
const JOBS_PER_STATEMENT = 10_000;
const FIRST_UNUSED_ROW = 1_000_000_000;
const FLUSHES = 51;

const COMMITTED = "extract(epoch FROM pg_xact_commit_timestamp(m.xmin)) * 1000";

/** A trigger with the time that its call took and the time at which its last message was committed. */
export interface TimedTrigger {
  triggerMs: number;
  dueAt: number;
  storedAt: number;
}

/** Triggers workflows in a database, and reads what workers have done. */
export class WorkerBench {
  private readonly engine: ReturnType<typeof createBenchEngine>;
  /** The time that the triggers of the last `enqueue` took. */
  lastEnqueueMs = 0;
  private enqueueUs = 200;

  private constructor(
    private readonly store: Store,
    readonly db: Connection,
  ) {
    this.engine = createBenchEngine(store, WORKFLOWS);
  }

  static async open(location: string): Promise<WorkerBench> {
    const store = await openPostgresStore(location);
    const bench = new WorkerBench(store, (store as unknown as { db: Connection }).db);
    for (let start = 0; start < RECIPIENTS; start += TRIGGER_SIZE) {
      const upserts = Array.from({ length: TRIGGER_SIZE }, (_, index): RecipientUpsert => {
        const id = `user-${start + index}`;
        return { key: toRecipientKey(id), properties: { name: `User ${start + index}`, email: `${id}@example.com` } };
      });
      await store.upsertRecipients(upserts, Date.now());
    }
    return bench;
  }

  close(): Promise<void> {
    return this.store.close();
  }

  /** Triggers a workflow for `size` recipients. Returns the id of its run. */
  async trigger(workflow: string, start: number, size: number, data: Record<string, string> = {}): Promise<string> {
    const recipients = Array.from({ length: size }, (_, index) => `user-${(start + index) % RECIPIENTS}`);
    const { trigger } = parseTrigger({ recipients, data: { page: "Home", ...data } }, workflow);
    return (await this.engine.triggerWorkflow(trigger, { idempotency_key: null })).workflow_run_id as string;
  }

  /**
   * Stores runs that all become due at one time, and returns that time shortly before. Begins again with more time if they
   * were due too early.
   */
  async enqueue(runs: number): Promise<number> {
    const startedAt = Date.now();
    const dueAt = startedAt + Math.ceil((runs * this.enqueueUs * 1.5) / 1_000) + LEAD_MS;
    const at = new Date(dueAt).toISOString();
    for (let start = 0; start < runs; start += TRIGGER_SIZE)
      await this.trigger("later", start, Math.min(TRIGGER_SIZE, runs - start), { at });
    this.lastEnqueueMs = Date.now() - startedAt;
    this.enqueueUs = (this.lastEnqueueMs * 1_000) / runs;
    if (Date.now() < dueAt - LEAD_MS / 2) {
      await sleep(dueAt - Date.now() - POLL_MS);
      return dueAt;
    }
    await this.waitUntilDone();
    return this.enqueue(runs);
  }

  /** Stores runs that become due tomorrow, and as many jobs as runs that were triggered one by one would have. */
  async addForTomorrow({ jobs, runs }: { jobs: number; runs: number }): Promise<void> {
    const at = Date.now() + DAY_MS;
    for (let start = 0; start < runs; start += TRIGGER_SIZE)
      await this.trigger("later", start, TRIGGER_SIZE, { at: new Date(at).toISOString() });
    for (let start = 0; start < jobs; start += JOBS_PER_STATEMENT)
      await this.db.write((tx) =>
        addJobs(
          tx,
          Array.from({ length: JOBS_PER_STATEMENT }, (_, index) => {
            const row = FIRST_UNUSED_ROW + start + index;
            const payload = { rows: { from: row, to: row } };
            return { task: "advance", payload, size: "small", runAt: at + start + index, key: `advance:${row}-${row}` };
          }),
        ),
      );
    await this.db.all("ANALYZE");
  }

  /** Deletes what {@link addForTomorrow} added. */
  async deleteForTomorrow(): Promise<void> {
    await this.db.all("DELETE FROM delayed_jobs");
    await this.db.all("UPDATE recipient_runs SET due_at = NULL WHERE due_at > $1", Date.now() + DAY_MS / 2);
  }

  /** Vacuums the database, so that a part does not measure how the server tidies up after the parts before it. */
  async vacuum(): Promise<void> {
    const client = new pg.Client({ ...this.db.pool.options, statement_timeout: 0 });
    await client.connect();
    await client.query("VACUUM (ANALYZE)");
    await client.end();
  }

  /** Waits until `query` returns no row. It reads by index, so that it takes as little of the server's time as possible. */
  async waitForNone(query: string, ...values: (string | number)[]): Promise<void> {
    while ((await this.db.readDue((tx) => tx.get(query, ...values))) !== undefined) await sleep(POLL_MS);
  }

  /** Waits until no run is due: first until no job is left, because the index of due runs takes longer to read. */
  async waitUntilDone(): Promise<void> {
    await this.waitForNone(
      "SELECT 1 FROM graphile_worker._private_jobs WHERE run_at < now() + interval '1 minute' LIMIT 1",
    );
    await this.waitForNone("SELECT 1 FROM recipient_runs WHERE due_at < $1 LIMIT 1", Date.now() + DAY_MS / 2);
  }

  /** Returns the time of a commit that writes little, in milliseconds: the median of many, one after the other. */
  async measureFlush(): Promise<number> {
    const times: number[] = [];
    for (let count = 0; count < FLUSHES; count++) {
      const start = performance.now();
      await this.db.all("SELECT pg_current_xact_id()");
      times.push(performance.now() - start);
    }
    return times.sort((one, other) => one - other)[FLUSHES >> 1] as number;
  }

  async readNewestMessage(): Promise<number> {
    return (await this.db.get<{ row: number }>("SELECT coalesce(max(row), 0) AS row FROM messages"))?.row ?? 0;
  }

  /** Returns the number of messages above a row and when the last of them was committed, in milliseconds. */
  async readMessagesAfter(row: number): Promise<{ count: number; committedAt: number }> {
    const found = await this.db.get<{ count: number; committedAt: number }>(
      `SELECT count(*) AS count, max(${COMMITTED})::double precision AS "committedAt" FROM messages m WHERE row > $1`,
      row,
    );
    return found as { count: number; committedAt: number };
  }

  /** Returns when the last message of runs in a range was committed, in milliseconds. */
  async readLastCommit({ from, to }: { from: number; to: number }): Promise<number> {
    const found = await this.db.get<{ at: number }>(
      `SELECT max(${COMMITTED})::double precision AS at FROM messages m WHERE recipient_run BETWEEN $1 AND $2`,
      from,
      to,
    );
    return found?.at ?? 0;
  }

  /**
   * Triggers the workflow `soon` at intervals until `isOver` returns true, and waits for the messages. The clock of each trigger
   * begins when it should be called, so that a slow one delays those after it.
   */
  async timeTriggers(size: number, intervalMs: number, isOver: () => boolean): Promise<TimedTrigger[]> {
    const calls: Promise<[id: string, triggerMs: number]>[] = [];
    const startedAt = performance.now();
    for (let count = 0; !isOver(); count++) {
      const callAt = startedAt + count * intervalMs;
      await sleep(Math.max(0, callAt - performance.now()));
      calls.push(
        this.trigger("soon", count * size, size).then((id): [string, number] => [id, performance.now() - callAt]),
      );
    }
    const triggerMs = new Map(await Promise.all(calls));
    await this.waitForNone(
      "SELECT 1 FROM recipient_runs r JOIN workflow_runs w ON w.row = r.workflow_run WHERE w.id = ANY(string_to_array($1, ',')) AND r.due_at IS NOT NULL LIMIT 1",
      [...triggerMs.keys()].join(","),
    );
    const stored = await this.db.all<{ id: string; dueAt: number; storedAt: number }>(
      `SELECT w.id, min(w.inserted_at) + ${SOON_MS} AS "dueAt", max(${COMMITTED})::double precision AS "storedAt"
       FROM workflow_runs w JOIN recipient_runs r ON r.workflow_run = w.row JOIN messages m ON m.recipient_run = r.row
       WHERE w.id = ANY(string_to_array($1, ',')) GROUP BY w.id`,
      [...triggerMs.keys()].join(","),
    );
    return stored.map(({ id, dueAt, storedAt }) => ({ triggerMs: triggerMs.get(id) as number, dueAt, storedAt }));
  }
}
