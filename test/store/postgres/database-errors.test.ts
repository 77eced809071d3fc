import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ignoreDatabaseErrors } from "../../../src/features/worker/ignore-database-errors.js";
import type { DueTaskFailure, SharedDueWork } from "../../../src/ports/due-work.js";
import { isTransient, startDueWork } from "../../../src/store/postgres/open-postgres-store.js";
import { step } from "../../helpers/build-steps.js";
import { SILENT_OBSERVER } from "../../helpers/due-work-samples.js";
import { EngineHarness } from "../../helpers/engine-harness.js";
import { eventually } from "../../helpers/eventually.js";
import { describeOnPostgres, dropDatabase, withClient } from "../../helpers/postgres-server.js";
import { createStoreDatabase } from "../../helpers/store-database.js";

const PEOPLE = ["ana", "bo", "cy", "dee", "eve", "flo", "gil", "hal"].map((id) => ({ id, email: `${id}@lark.test` }));
const IDS = PEOPLE.map(({ id }) => id);

/** A worker on a database whose writes can be let fail. */
class FailingDatabase {
  /** The errors that the worker has reported. */
  problems = 0;
  readonly failures: DueTaskFailure[] = [];
  dueWork: SharedDueWork | undefined;

  private constructor(
    readonly location: string,
    readonly harness: EngineHarness,
  ) {}

  /** Runs a test on a new database. */
  static async use(test: (database: FailingDatabase) => Promise<void>): Promise<void> {
    const location = await createStoreDatabase();
    const database = new FailingDatabase(location, await EngineHarness.open({ database: location }));
    const { harness } = database;
    try {
      await harness.identify(...PEOPLE);
      harness.define("late", { steps: [step.delay("seconds", 1), step.email()] });
      await test(database);
    } finally {
      await database.dueWork?.stop();
      await harness.close();
      await dropDatabase(location);
    }
  }

  async start(): Promise<void> {
    const { harness } = this;
    this.dueWork = await startDueWork(harness.store, {
      concurrency: 4,
      runTask: (task, signal) => harness.engine.runDueTask(task, signal),
      observer: {
        ...SILENT_OBSERVER,
        onJobEnded: ({ error }) => {
          if (error !== null) this.problems++;
        },
        onRestarted: () => this.problems++,
        onError: () => this.problems++,
        onWorkFailed: (failure) => this.failures.push(failure),
      },
    });
  }

  query(sql: string) {
    return withClient(this.location, (client) => client.query(sql));
  }

  /** Lets writes of a table fail. `code` is an SQL expression: the SQLSTATE for a row, or null for none. */
  async fail(table: string, event: string, code: string): Promise<void> {
    await this.query(`CREATE OR REPLACE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
      IF (${code}) IS NOT NULL THEN RAISE EXCEPTION 'injected' USING ERRCODE = ${code}; END IF; RETURN NEW; END $$`);
    await this.query(`CREATE TRIGGER fail BEFORE ${event} ON ${table} FOR EACH ROW EXECUTE FUNCTION fail()`);
  }

  /** Returns whether all runs have been due for longer than a worker needs. graphile-worker does not report errors of its searches. */
  async isOverdue(): Promise<boolean> {
    const overdue = "SELECT 1 FROM recipient_runs WHERE due_at < 1000 * extract(epoch FROM now()) - 3000";
    return (await this.query(overdue)).rowCount === IDS.length;
  }

  /** Replaces the function, because dropping the triggers would lock the tables against the worker. */
  repair() {
    return this.query(
      "CREATE OR REPLACE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$",
    );
  }

  triggerEach(): Promise<Started[]> {
    return Promise.all(IDS.map((id) => this.harness.trigger("late", { recipients: [id] })));
  }

  async readStatuses(started: readonly Started[]) {
    const outcomes = await Promise.all(started.map((one) => this.harness.readOutcome(one)));
    return outcomes.flatMap(({ recipients }) => (recipients ?? []).map(({ status }) => status));
  }

  hasDelivered(count: number): Promise<boolean> {
    return eventually(() => new Set(this.harness.deliveredMessages.map(({ id }) => id)).size === count);
  }

  /** Repairs the database, and waits until everything was delivered. */
  async expectNothingLost(started: readonly Started[]): Promise<void> {
    await this.repair();
    await this.hasDelivered(IDS.length);
    await eventually(async () => (await this.readStatuses(started)).every((status) => status === "completed"));
    expect(this.failures.filter(({ hasEnded }) => hasEnded)).toEqual([]);
    await eventually(async () => (await this.dueWork?.findProblem()) === null);
  }
}

type Started = Awaited<ReturnType<EngineHarness["trigger"]>>;

// The tests mostly wait, for work that is tried again after two seconds.
describeOnPostgres("errors of the database", () => {
  let restoreListeners: () => void;

  // As a worker does. Vitest's listeners would fail the run for any rejection, so they are put back afterwards.
  beforeAll(() => {
    const listeners = process.rawListeners("unhandledRejection") as NodeJS.UnhandledRejectionListener[];
    process.removeAllListeners("unhandledRejection");
    const stopIgnoring = ignoreDatabaseErrors(isTransient);
    restoreListeners = () => {
      stopIgnoring();
      for (const listener of listeners) process.on("unhandledRejection", listener);
    };
  });
  afterAll(() => restoreListeners());

  describe.concurrent("while a worker runs", () => {
    it("lose no run, whatever their code, and the work continues", () =>
      FailingDatabase.use(async (db) => {
        const codes = ["53100", "53200", "25006", "42501", "XX000", "57P05", "55006", "0A000"];
        const started = await db.triggerEach();
        const cases = codes.map((code, index) => `WHEN '$users/${IDS[index]}' THEN '${code}'`).join(" ");
        await db.fail("messages", "INSERT", `CASE NEW.recipient ${cases} END`);
        await db.start();
        // Enough attempts to end each run, if it were the cause.
        await eventually(() => db.problems >= 3 * IDS.length);
        expect(await db.dueWork?.findProblem()).toContain("job failed: ");
        await db.expectNothingLost(started);
      }));

    it("about values fail no run while many runs have them", () =>
      FailingDatabase.use(async (db) => {
        const started = await db.triggerEach();
        await db.fail("messages", "INSERT", "CASE WHEN NEW.recipient < '$users/d' THEN '22P02' ELSE '23505' END");
        await db.start();
        await eventually(() => db.failures.length >= 3 * IDS.length);
        expect(await db.dueWork?.findProblem()).toContain("job failed: injected");
        await db.expectNothingLost(started);
      }));

    it.each<[string, [table: string, event: string][]]>([
      ["the save of deliveries", [["messages", "UPDATE"]]],
      ["the save of runs and claims", [["recipient_runs", "UPDATE"]]],
      ["heartbeats", [["workers", "UPDATE"]]],
      [
        "new jobs while work fails",
        [
          ["graphile_worker._private_jobs", "INSERT"],
          ["messages", "INSERT"],
        ],
      ],
      ["all writes of jobs", [["graphile_worker._private_jobs", "INSERT OR UPDATE OR DELETE"]]],
    ])("in %s lose nothing", (_which, tables) =>
      FailingDatabase.use(async (db) => {
        const started = await db.triggerEach();
        await db.start();
        for (const [table, event] of tables) await db.fail(table, event, "'53100'");
        await eventually(async () => db.problems >= 3 || (await db.isOverdue()));
        await db.expectNothingLost(started);
      }),
    );

    it("that one run causes end only that run, which can be retried", () =>
      FailingDatabase.use(async (db) => {
        await db.fail("messages", "INSERT", "CASE NEW.recipient WHEN '$users/cy' THEN '22P02' END");
        const started = [await db.harness.trigger("late", { recipients: PEOPLE, tenant: "acme" })];
        await db.start();
        const failure = await eventually(() => db.failures.find(({ hasEnded }) => hasEnded));
        expect(failure).toMatchObject({ workflow: "late", tenant: "acme", error: "injected" });
        await eventually(
          async () =>
            (await db.readStatuses(started)).filter((status) => status === "completed").length === IDS.length - 1,
        );
        expect(await db.readStatuses(started)).toContain("failed");
        expect(await db.dueWork?.findProblem()).toBeNull();
        await db.repair();
        expect(await db.harness.engine.retryRuns([String(failure.recipient_run_id)])).toEqual([
          failure.recipient_run_id,
        ]);
        await db.hasDelivered(IDS.length);
        expect(await db.readStatuses(started)).toEqual(IDS.map(() => "completed"));
      }));

    it("that the delivery of one message causes end only that message", () =>
      FailingDatabase.use(async (db) => {
        await db.fail(
          "messages",
          "UPDATE",
          "CASE WHEN NEW.recipient = '$users/cy' AND NEW.status = 'sent' THEN '22P02' END",
        );
        await db.harness.trigger("late", { recipients: PEOPLE });
        await db.start();
        const readStatus = async () => {
          const { items } = await db.harness.engine.listMessages({}, { limit: 100 });
          return Object.fromEntries(items.map(({ recipient, status }) => [String(recipient), status]));
        };
        await eventually(async () => (await readStatus()).cy === "undelivered");
        expect(await readStatus()).toEqual({ ...Object.fromEntries(IDS.map((id) => [id, "sent"])), cy: "undelivered" });
      }));
  });
});
