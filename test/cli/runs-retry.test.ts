import { DatabaseSync } from "@photostructure/sqlite";
import { describe, expect } from "vitest";
import type { JsonObject } from "../../src/util/json.js";
import { eventually } from "../helpers/eventually.js";
import { inProcessTest } from "../helpers/run-in-process.js";
import type { Sample } from "../helpers/run-knock.js";

/** Executes SQL on the store's file. */
function changeStore(sample: Sample, sql: string): void {
  const db = new DatabaseSync(sample.path(".knock-local/store.db"), { timeout: 10_000 });
  try {
    db.exec(sql);
  } finally {
    db.close();
  }
}

/** Lets the store refuse messages of recipients. */
const refuse = (sample: Sample, ids: readonly string[]) =>
  changeStore(
    sample,
    `CREATE TRIGGER refuse BEFORE INSERT ON messages WHEN NEW.recipient IN (${ids.map((id) => `'$users/${id}'`)})
     BEGIN SELECT RAISE(ABORT, 'refused'); END`,
  );

const WORKFLOW: JsonObject = {
  name: "Quick",
  steps: [
    { ref: "delay_1", type: "delay", settings: { delay_for: { unit: "seconds", value: 1 } } },
    { ref: "sms_1", type: "channel", channel_type: "sms", channel_key: "sms", template: { text_body: "Hi" } },
  ],
};

describe.concurrent("knock runs retry", () => {
  inProcessTest(
    "continues a run that a worker could not save, and the worker does the work of others",
    async ({ collab }) => {
      collab.write("knock/workflows/quick/workflow.json", WORKFLOW);
      const { outcome } = await collab.knock(["notify", "quick", "-r", "grace,katherine", "--json"]);
      refuse(collab, ["grace"]);
      const worker = collab.start(["worker"]);
      const listFailed = async () => (await collab.knock(["runs", "list", "--status", "failed", "--quiet"])).stdout;
      const id = await eventually(listFailed);
      worker.kill("SIGTERM");
      const { stderr } = await worker;
      expect(stderr).toContain(`run ${id} of quick could not be continued: refused; trying again`);
      const shown = await collab.knock(["runs", "show", outcome.workflow_run_id]);
      expect(shown.stdout).toMatch(/grace +✗ delay_1 failed \(internal error: refused\)/);
      expect(shown.stdout).toMatch(/katherine +✓ sms sandboxed/);

      const dry = await collab.knock(["runs", "retry", "--failed", "--dry-run"]);
      expect(dry.stdout).toMatch(new RegExp(`${id} +quick +grace +failed \\(1 error\\)`));
      expect(dry.stderr).toBe("1 run would be retried");
      expect(await listFailed()).toBe(id);
      const none = await collab.knock(["runs", "retry", "--failed", "--since", "2099-01-01"]);
      expect([none.stdout, none.stderr]).toEqual(["", "no run is failed"]);

      changeStore(collab, "DROP TRIGGER refuse");
      const retried = await collab.knock(["runs", "retry", "--failed", "--since", "1h", "--json"]);
      expect(retried.json.items).toEqual([expect.objectContaining({ id, status: "completed", error_count: 1 })]);
      const again = await collab.knock(["runs", "retry", id]);
      expect([again.exitCode, again.stderr]).toEqual([6, expect.stringContaining(`run ${id} is not failed`)]);
    },
  );

  inProcessTest.for<[args: string[], exitCode: number, message: string]>([
    [[], 2, "give run IDs or --failed"],
    [["019b", "--failed"], 2, "give run IDs or --failed"],
    [["019b0000-0000-4000-8000-000000000000", "--since", "1h"], 2, "--since is only for --failed"],
    [["--failed", "--since", "yesterday"], 2, '--since: "yesterday" is not a time or a duration'],
    [["--failed", "--remote"], 3, "runs can only be retried on the local target"],
    [["019b0000-0000-4000-8000-000000000000"], 5, 'there is no run "019b0000-0000-4000-8000-000000000000"'],
  ])("%j is an error", async ([args, exitCode, message], { collab }) => {
    const result = await collab.knock(["runs", "retry", ...args]);
    expect({ exitCode: result.exitCode, stdout: result.stdout }).toEqual({ exitCode, stdout: "" });
    expect(result.stderr).toContain(message);
  });
});
