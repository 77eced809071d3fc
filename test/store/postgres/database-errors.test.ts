import { afterEach, beforeEach, expect, it } from "vitest";
import type { DueTaskFailure, SharedDueWork } from "../../../src/ports/due-work.js";
import { startDueWork } from "../../../src/store/postgres/open-postgres-store.js";
import { SILENT_OBSERVER } from "../../helpers/due-work-samples.js";
import { EngineHarness, step } from "../../helpers/engine-harness.js";
import { eventually } from "../../helpers/eventually.js";
import { createDatabase, describeOnPostgres, dropDatabase, withClient } from "../../helpers/postgres-server.js";

const PEOPLE = ["ana", "bo", "cy", "dee", "eve", "flo", "gil", "hal"].map((id) => ({ id, email: `${id}@lark.test` }));
const IDS = PEOPLE.map(({ id }) => id);

describeOnPostgres("errors of the database", () => {
  let location: string;
  let harness: EngineHarness;
  let dueWork: SharedDueWork | undefined;
  /** The errors that the worker has reported. */
  let problems: number;
  let failures: DueTaskFailure[];

  beforeEach(async () => {
    location = await createDatabase();
    harness = await EngineHarness.open({ database: location });
    await harness.identify(...PEOPLE);
    harness.define("late", { steps: [step.delay("seconds", 1), step.email()] });
    problems = 0;
    failures = [];
  });

  afterEach(async () => {
    await dueWork?.stop();
    dueWork = undefined;
    await harness.close();
    await dropDatabase(location);
  });

  async function start(): Promise<void> {
    dueWork = await startDueWork(harness.store, {
      concurrency: 4,
      runTask: (task, signal) => harness.engine.runDueTask(task, signal),
      observer: {
        ...SILENT_OBSERVER,
        onJobEnded: ({ error }) => {
          if (error !== null) problems++;
        },
        onRestarted: () => problems++,
        onError: () => problems++,
        onRunFailed: (failure) => failures.push(failure),
      },
    });
  }

  const query = (sql: string) => withClient(location, (client) => client.query(sql));
  /** Lets writes of a table fail. `code` is an SQL expression: the SQLSTATE for a row, or null for none. */
  async function fail(table: string, event: string, code: string): Promise<void> {
    await query(`CREATE OR REPLACE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
      IF (${code}) IS NOT NULL THEN RAISE EXCEPTION 'injected' USING ERRCODE = ${code}; END IF; RETURN NEW; END $$`);
    await query(`CREATE TRIGGER fail BEFORE ${event} ON ${table} FOR EACH ROW EXECUTE FUNCTION fail()`);
  }
  /** Returns whether all runs have been due for longer than a worker needs. graphile-worker does not report errors of its searches. */
  const isOverdue = async () =>
    (await query("SELECT 1 FROM recipient_runs WHERE due_at < 1000 * extract(epoch FROM now()) - 3000")).rowCount ===
    IDS.length;
  /** Replaces the function, because dropping the triggers would lock the tables against the worker. */
  const repair = () =>
    query("CREATE OR REPLACE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$");

  type Started = Awaited<ReturnType<EngineHarness["trigger"]>>;
  const triggerEach = () => Promise.all(IDS.map((id) => harness.trigger("late", { recipients: [id] })));
  const readStatuses = async (started: readonly Started[]) => {
    const outcomes = await Promise.all(started.map((one) => harness.readOutcome(one)));
    return outcomes.flatMap(({ recipients }) => (recipients ?? []).map(({ status }) => status));
  };
  const hasDelivered = (count: number) =>
    eventually(() => new Set(harness.deliveredMessages.map(({ id }) => id)).size === count);

  /** Repairs the database, and waits until everything was delivered. */
  async function expectNothingLost(started: readonly Started[]): Promise<void> {
    await repair();
    await hasDelivered(IDS.length);
    await eventually(async () => (await readStatuses(started)).every((status) => status === "completed"));
    expect(failures.filter(({ hasEnded }) => hasEnded)).toEqual([]);
    await eventually(async () => (await dueWork?.findProblem()) === null);
  }

  it("lose no run, whatever their code, and the work continues", async () => {
    const codes = ["53100", "53200", "25006", "42501", "XX000", "57P05", "55006", "0A000"];
    const started = await triggerEach();
    const cases = codes.map((code, index) => `WHEN '$users/${IDS[index]}' THEN '${code}'`).join(" ");
    await fail("messages", "INSERT", `CASE NEW.recipient ${cases} END`);
    await start();
    // Enough attempts to end each run, if it were the cause.
    await eventually(() => problems >= 3 * IDS.length);
    expect(await dueWork?.findProblem()).toContain("job failed: ");
    await expectNothingLost(started);
  });

  it("about values fail no run while many runs have them", async () => {
    const started = await triggerEach();
    await fail("messages", "INSERT", "CASE WHEN NEW.recipient < '$users/d' THEN '22P02' ELSE '23505' END");
    await start();
    await eventually(() => failures.length >= 3 * IDS.length);
    expect(await dueWork?.findProblem()).toContain("job failed: injected");
    await expectNothingLost(started);
  });

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
  ])("in %s lose nothing", async (_which, tables) => {
    const started = await triggerEach();
    await start();
    for (const [table, event] of tables) await fail(table, event, "'53100'");
    await eventually(async () => problems >= 3 || (await isOverdue()));
    await expectNothingLost(started);
  });

  it("that one run causes end only that run, which can be retried", async () => {
    await fail("messages", "INSERT", "CASE NEW.recipient WHEN '$users/cy' THEN '22P02' END");
    const started = [await harness.trigger("late", { recipients: PEOPLE, tenant: "acme" })];
    await start();
    const failure = await eventually(() => failures.find(({ hasEnded }) => hasEnded));
    expect(failure).toMatchObject({ workflow: "late", tenant: "acme", error: "injected" });
    await eventually(
      async () => (await readStatuses(started)).filter((status) => status === "completed").length === IDS.length - 1,
    );
    expect(await readStatuses(started)).toContain("failed");
    await repair();
    expect(await harness.engine.retryRuns([failure.recipient_run_id])).toEqual([failure.recipient_run_id]);
    await hasDelivered(IDS.length);
    expect(await readStatuses(started)).toEqual(IDS.map(() => "completed"));
  });
});
