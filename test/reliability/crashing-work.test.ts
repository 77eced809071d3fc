import { fileURLToPath } from "node:url";
import { expect } from "vitest";
import type { JsonObject } from "../../src/util/json.js";
import { eventually } from "../helpers/eventually.js";
import { createDatabase, describeOnPostgres, dropDatabase } from "../helpers/postgres-server.js";
import { inProcessTest as it } from "../helpers/run-in-process.js";
import type { Sample } from "../helpers/run-knock.js";

const WORKFLOW: JsonObject = {
  name: "Quick",
  steps: [
    { ref: "delay_1", type: "delay", settings: { delay_for: { unit: "seconds", value: 1 } } },
    {
      ...{ ref: "sms_1", type: "channel", channel_type: "sms", channel_key: "sms" },
      template: { text_body: "{{ data.text | upcase }}" },
    },
  ],
};

/** A process that ends when it renders the text of one of the runs. */
const ENDING = { NODE_OPTIONS: `--require=${fileURLToPath(new URL("end-process.cjs", import.meta.url))}` };

/** Restarts a worker whenever it ends, until a condition holds. Returns how often it ended. */
async function runUntil(isDone: () => Promise<boolean>, sample: Sample, env: Record<string, string>): Promise<number> {
  const done = eventually(isDone);
  for (let ends = 0; ; ends++) {
    const worker = sample.start(["worker"], { env: { ...env, ...ENDING } });
    const hasEnded = worker.then(() => false);
    const isOver = await Promise.race([hasEnded, done]);
    worker.kill("SIGKILL");
    await worker;
    if (isOver) return ends;
  }
}

async function expectOthersDone(sample: Sample, env: Record<string, string>): Promise<void> {
  sample.write("knock/workflows/quick/workflow.json", WORKFLOW);
  const trigger = (recipient: string, text: string) =>
    sample.knock(["notify", "quick", "-r", recipient, "--set", `text=${text}`, "--json"], { env });
  const list = async (...args: string[]) =>
    (await sample.knock([...args, "--workflow", "quick", "--json"], { env })).json.items as { recipient: string }[];
  await trigger("grace", "fine");
  const { outcome } = await trigger("katherine", "end the process");
  await trigger("grace", "fine");
  const isDone = async () =>
    (await list("runs", "list", "--status", "failed")).length === 1 && (await list("messages", "list")).length === 2;
  expect(await runUntil(isDone, sample, env)).toBe(4);
  expect((await list("messages", "list")).map(({ recipient }) => recipient)).toEqual(["grace", "grace"]);
  const shown = await sample.knock(["runs", "show", outcome.workflow_run_id], { env });
  expect(shown.stdout).toContain("delay_1 failed (worker crashed)");
  // A process that can render it continues the run.
  expect((await sample.knock(["runs", "retry", "--failed", "--json"], { env })).json.items).toEqual([
    expect.objectContaining({ recipient: "katherine", status: "completed" }),
  ]);
}

it("a run that ends each worker of a file fails, and the others are done", ({ collab }) =>
  expectOthersDone(collab, {}));

describeOnPostgres("a run that ends each worker of a database", () => {
  it("fails, and the others are done", async ({ collab }) => {
    const database = await createDatabase();
    await expectOthersDone(collab, { KNOCK_STORE: database });
    await dropDatabase(database);
  });
});
