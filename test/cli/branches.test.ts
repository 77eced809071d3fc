import { describe, expect } from "vitest";
import type { JsonObject } from "../../src/util/json.js";
import { inProcessTest as it } from "../helpers/run-in-process.js";
import type { Sample } from "../helpers/run-knock.js";

const saying = (markdown_body: string, delayed: boolean): JsonObject => ({
  name: "Fresh",
  steps: [
    ...(delayed ? [{ ref: "delay_1", type: "delay", settings: { delay_for: { unit: "minutes", value: 10 } } }] : []),
    {
      ref: "feed_1",
      type: "channel",
      channel_type: "in_app_feed",
      channel_key: "in-app-feed",
      template: { markdown_body },
    },
  ],
});

function branched(sample: Sample, delayed = false): void {
  sample.write("knock/branches/feat-1/workflows/fresh/workflow.json", saying("Fresh", delayed));
}

describe("--branch on the local target (A-015)", () => {
  it("runs a workflow that exists only on the branch, and reports it missing without the flag", async ({ collab }) => {
    branched(collab);
    const on = await collab.knock(["notify", "fresh", "-r", "ada", "--branch", "feat-1", "--json"]);
    expect(on.outcome.summary).toMatchObject({ sent: 1 });
    expect((await collab.knock(["notify", "fresh", "-r", "ada"])).exitCode).toBe(5);
    const byVariable = await collab.knock(["notify", "fresh", "-r", "ada", "--json"], {
      env: { KNOCK_BRANCH: "feat-1" },
    });
    expect(byVariable.outcome.summary).toMatchObject({ sent: 1 });
  });

  it("lets a worker without the flag continue with the branch's files", async ({ collab }) => {
    branched(collab, true);
    const { outcome } = await collab.knock(["notify", "fresh", "-r", "ada", "--branch", "feat-1", "--json"]);
    expect(outcome.summary).toMatchObject({ waiting: 1 });
    await collab.knock(["clock", "advance", "10m"]);
    const { json } = await collab.knock(["messages", "list", "--workflow", "fresh", "--json"]);
    expect(json.items).toMatchObject([{ status: "delivered" }]);
  });

  it("rejects an unknown branch in the flag, and warns once about one in a setting", async ({ collab }) => {
    const flag = await collab.knock(["notify", "new-comment", "-r", "ada", "--branch", "nope"]);
    expect([flag.exitCode, flag.stderr]).toEqual([5, expect.stringContaining('there is no branch "nope"')]);
    expect(flag.stderr).toContain("branches/nope");
    const args = ["notify", "new-comment", "-r", "ada", "--json", "--data", '{"page":"Home"}'];
    const set = await collab.knock(args, { env: { KNOCK_BRANCH: "nope" } });
    expect(set.stderr.match(/no branch "nope"/g)).toHaveLength(1);
    expect(set.stderr).toContain("the main files are used");
  });
});
