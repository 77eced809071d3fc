import { describe, expect } from "vitest";
import { cliTest as it, type Sample } from "../helpers/run-knock.js";

/** Runs a remote command against `knock dev` with the sample's files. */
const remote = (sample: Sample, command: string) =>
  sample.knock(["dev", "--port", "0", "--store", ":memory:", "--exec", `knock ${command} --remote`], {
    env: { KNOCK_API_KEY: "sk_test_0123456789" },
  });

describe.concurrent("a remote notify --wait", () => {
  it("E-043 has an entry for an unidentified recipient, and exits 9 as locally", async ({ collab }) => {
    const args = "notify page-shared -r grace,ghost --set page=Plan --json --wait";
    const { outcome, exitCode, stderr } = await remote(collab, `${args} 60s`);
    expect(exitCode).toBe(9);
    expect(outcome.target).toBe("remote");
    expect(outcome.recipients).toMatchObject([
      { recipient: "grace", status: "completed" },
      { recipient: "ghost", recipient_run_id: null, reason: { code: "recipient_not_found" } },
    ]);
    expect(stderr).toContain('recipient "ghost" was never identified and received nothing');
  });

  it("exits 10 after its time limit", async ({ collab }) => {
    const args = "notify new-comment -r grace --set page=Plan --json --wait 1s";
    const { outcome, exitCode, stderr } = await remote(collab, args);
    expect(exitCode).toBe(10);
    expect(outcome.recipients).toMatchObject([{ recipient: "grace", status: "paused" }]);
    expect(stderr).toContain("timed out while waiting");
  });
});
