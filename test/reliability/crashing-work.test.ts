import { fileURLToPath } from "node:url";
import { expect } from "vitest";
import { MAX_DEATHS, MAX_DEATHS_ALONE } from "../../src/domain/run/suspicion.js";
import { withDatabase } from "../../src/store/sqlite/connection/driver.js";
import type { JsonObject } from "../../src/util/json.js";
import { eventually } from "../helpers/eventually.js";
import { createDatabase, describeOnPostgres, dropDatabase, withClient } from "../helpers/postgres-server.js";
import { inProcessTest as it } from "../helpers/run-in-process.js";
import type { Sample } from "../helpers/run-knock.js";

const WORKFLOW: JsonObject = {
  name: "Quick",
  steps: [
    { ref: "delay_1", type: "delay", settings: { delay_for: { unit: "seconds", value: 1 } } },
    {
      ref: "sms_1",
      type: "channel",
      channel_type: "sms",
      channel_key: "sms",
      template: { text_body: "{{ data.text | upcase }}" },
    },
  ],
};

/** A process that ends when it renders the text of one of the runs. */
const ENDING = { NODE_OPTIONS: `--require=${fileURLToPath(new URL("end-process.cjs", import.meta.url))}` };

/** Statements after which the pauses of suspected work are over, and the deaths of processes are long ago. */
const PASS_TIME = [
  "UPDATE crashed_claims SET counted_at = 0",
  "UPDATE recipient_runs SET claim_until = NULL WHERE claim_token IS NULL AND claim_until IS NOT NULL",
];

interface StoreOfTest {
  env: Record<string, string>;
  passTime(): Promise<void>;
}

/** Restarts a worker whenever it ends, until a condition holds. Returns how often it ended. */
async function runUntil(isDone: () => Promise<boolean>, sample: Sample, env: Record<string, string>): Promise<number> {
  const done = eventually(isDone);
  for (let ends = 0; ; ends++) {
    const worker = sample.start(["worker"], { env: { ...env, ...ENDING } });
    const hasEnded = worker.then(() => false);
    const isOver = await Promise.race([hasEnded, done]);
    worker.kill("SIGTERM");
    await worker;
    if (isOver) return ends;
  }
}

/** Returns how often a worker ended before the run that ends it has failed. */
async function countEnds(sample: Sample, { env, passTime }: StoreOfTest): Promise<number> {
  sample.write("knock/workflows/quick/workflow.json", WORKFLOW);
  const trigger = (recipient: string, text: string) =>
    sample.knock(["notify", "quick", "-r", recipient, "--set", `text=${text}`, "--json"], { env });
  const list = async (...args: string[]) =>
    (await sample.knock([...args, "--workflow", "quick", "--json"], { env })).json.items as { recipient: string }[];
  await trigger("grace", "fine");
  const { outcome } = await trigger("katherine", "end the process");
  await trigger("grace", "fine");
  const isDone = async () => {
    await passTime();
    return (await list("runs", "list", "--status", "failed")).length === 1;
  };
  const ends = await runUntil(isDone, sample, env);
  expect((await list("messages", "list")).map(({ recipient }) => recipient)).toEqual(["grace", "grace"]);
  const shown = await sample.knock(["runs", "show", outcome.workflow_run_id], { env });
  expect(shown.stdout).toContain("delay_1 failed (worker crashed)");
  // A process that can render it continues the run.
  expect((await sample.knock(["runs", "retry", "--failed", "--json"], { env })).json.items).toEqual([
    expect.objectContaining({ recipient: "katherine", status: "completed" }),
  ]);
  return ends;
}

it("a run that ends each worker of a file fails, and the others are done", async ({ collab }) => {
  const passTime = async () =>
    withDatabase(collab.path(".knock-local/store.db"), (database) => {
      for (const statement of PASS_TIME) database.exec(statement);
    });
  expect(await countEnds(collab, { env: {}, passTime })).toBe(MAX_DEATHS + MAX_DEATHS_ALONE);
});

describeOnPostgres("a run that ends each worker of a database", () => {
  it("fails in a process of its own, and the others are done", async ({ collab }) => {
    const database = await createDatabase();
    const passTime = () =>
      withClient(database, async (client) => {
        for (const statement of PASS_TIME) await client.query(statement);
      });
    expect(await countEnds(collab, { env: { KNOCK_STORE: database }, passTime })).toBe(MAX_DEATHS);
    await dropDatabase(database);
  });
});
