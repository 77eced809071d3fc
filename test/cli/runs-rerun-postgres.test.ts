import { expect, onTestFinished } from "vitest";
import { openPostgresStore } from "../../src/store/postgres/open-postgres-store.js";
import type { JsonObject } from "../../src/util/json.js";
import { createDatabase, describeOnPostgres, dropDatabase } from "../helpers/postgres-server.js";
import { inProcessTest as it } from "../helpers/run-in-process.js";

const feed = (markdown_body: string, ref = "feed_1"): JsonObject => ({
  ref,
  type: "channel",
  channel_type: "in_app_feed",
  channel_key: "inbox",
  template: { markdown_body },
});
const STEPS: JsonObject[] = [
  { ref: "batch_1", type: "batch", settings: { batch_window: { unit: "hours", value: 1 } } },
  feed("{{ total_activities }}: {{ data.page }}"),
  { ref: "delay_1", type: "delay", settings: { delay_for: { unit: "hours", value: 1 } } },
  feed("Later {{ recipient.plan }}", "feed_2"),
];

describeOnPostgres("stored runs of a PostgreSQL store", () => {
  it("run again without a difference, are kept, and become scenarios that pass", async ({ shop }) => {
    const location = await createDatabase();
    onTestFinished(() => dropDatabase(location));
    await (await openPostgresStore(location, { createForTests: true })).close();
    shop.write("knock/workflows/fresh/workflow.json", { name: "Fresh", steps: STEPS });
    const knock = async (...args: string[]) => {
      const result = await shop.knock([...args, "--store", location]);
      expect(result.exitCode, result.stderr).toBe(0);
      return result;
    };
    await knock("clock", "freeze", "2026-03-02T10:00:00Z");
    const { json } = await knock("notify", "fresh", "-r", "ines", "--set", "page=Home", "--json");
    await knock("notify", "fresh", "-r", "ines", "--set", "page=Docs");
    await knock("clock", "advance", "3h");
    const id = String(json.workflow_run_id);
    const { json: same } = await knock("runs", "rerun", id, "--json");
    expect(same).toMatchObject({ steps: [], recipients: [], summary: { equal: 2 } });
    for (const step of ["batch_1", "feed_1", "feed_2"]) await knock("runs", "rerun", id, "--from", step);
    const changed = await shop.knock([
      "runs",
      "rerun",
      id,
      "--recipient-set",
      "plan=team",
      "--json",
      "--store",
      location,
    ]);
    expect([changed.exitCode, changed.json.summary]).toEqual([1, expect.objectContaining({ changed: 1, equal: 1 })]);
    const { json: kept } = await knock("runs", "rerun", id, "--keep", "--json");
    const { json: runs } = await knock("runs", "list", "--workflow", "fresh", "--json");
    expect((runs.items as JsonObject[]).map(({ workflow_run_id }) => workflow_run_id)).toContain(
      kept.kept_workflow_run_id,
    );
    const { stdout } = await knock("runs", "show", id, "--as-scenario");
    expect(stdout).not.toContain("ines");
    shop.write("knock/workflows/fresh/made.test.yaml", stdout);
    expect((await shop.knock(["test", "fresh"])).exitCode).toBe(0);
    shop.write("knock/workflows/fresh/workflow.json", {
      name: "Fresh",
      steps: [...STEPS.slice(0, 3), feed("Sooner", "feed_2")],
    });
    expect((await shop.knock(["test", "fresh"])).exitCode).toBe(1);
  });
});
