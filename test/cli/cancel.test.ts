import { describe, expect } from "vitest";
import type { AdvancedRun } from "../../src/ports/operations.js";
import { openSqliteStore } from "../../src/store/sqlite/open-sqlite-store.js";
import type { JsonObject } from "../../src/util/json.js";
import { claimAt } from "../contract/store/due-work-contract.js";
import { NOW, sampleTrigger, user } from "../contract/store/sample-runs.js";
import { inProcessTest as it } from "../helpers/run-in-process.js";

const INVITE = ["notify", "invite", "-r", "grace,lin,mary", "--set", "project=Apollo", "--cancellation-key", "inv-1"];

describe.concurrent("knock cancel", () => {
  it("stops the canceled runs, while the others send their reminder", async ({ collab }) => {
    await collab.knock(INVITE);
    const cancelled = await collab.knock(["cancel", "invite", "inv-1", "--recipients", "lin,mary", "--json"]);
    expect(cancelled.json).toEqual({
      workflow: "invite",
      cancellation_key: "inv-1",
      target: "local",
      recipients: ["lin", "mary"].map((recipient) => ({
        recipient,
        recipient_run_id: expect.any(String),
        outcome: "cancelled",
        reason: null,
      })),
      summary: { cancelled: 2, not_cancellable: 0, unfinished_triggers: 0 },
    });
    const advanced = await collab.knock(["clock", "advance", "2d", "--json"]);
    expect((advanced.json.ran as unknown as AdvancedRun[]).map(({ recipient }) => recipient)).toEqual(["grace"]);
    const messages = async (recipient: string): Promise<unknown[]> => {
      const { json } = await collab.knock(["messages", "list", "--recipient", recipient, "--json"]);
      return (json.items as JsonObject[]).map(({ channel }) => (channel as JsonObject).key);
    };
    expect(await messages("grace")).toEqual(["in-app-feed", "sendgrid", "sendgrid"]);
    expect(await messages("lin")).toEqual(["sendgrid"]);
    expect(await messages("mary")).toEqual(["sendgrid"]);
    const { json } = await collab.knock(["runs", "list", "--status", "cancelled", "--json"]);
    expect((json.items as JsonObject[]).map(({ recipient }) => recipient).sort()).toEqual(["lin", "mary"]);
  });

  it("also stops runs of a workflow that is now invalid", async ({ collab }) => {
    await collab.knock(INVITE);
    collab.write("knock/workflows/invite/workflow.json", "{");
    const { stdout, exitCode } = await collab.knock(["cancel", "invite", "inv-1"]);
    expect(stdout).toContain("3 canceled");
    expect(exitCode).toBe(0);
  });

  it("cancels for all recipients of the key once, and nothing is cancelable afterwards", async ({ collab }) => {
    await collab.knock(INVITE);
    const first = await collab.knock(["cancel", "invite", "inv-1"]);
    expect(first.stdout.split("\n")).toEqual([
      "invite  inv-1  local",
      "  grace  ✓ canceled",
      "  lin    ✓ canceled",
      "  mary   ✓ canceled",
      "3 canceled",
    ]);
    const again = await collab.knock(["cancel", "invite", "inv-1", "--json"]);
    expect(again.exitCode).toBe(0);
    expect(again.json).toMatchObject({
      recipients: [{ outcome: "not_cancellable", reason: { code: "cancelled" } }, {}, {}],
      summary: { cancelled: 0, not_cancellable: 3, unfinished_triggers: 0 },
    });
  });

  it("reports triggers that have not reached all recipients, and --fail-if-none succeeds", async ({ collab }) => {
    await collab.openStore();
    const store = await openSqliteStore(collab.path(".knock-local/store.db"));
    const started = sampleTrigger({
      recipients: [],
      message: null,
      run: { workflow: "invite", cancellation_key: "inv-1" },
    });
    const rest = { listed: [{ key: user("grace"), trigger_data: null }], objects: [], after: null };
    await store.insertWorkflowRun({ ...started, fanOut: { rest, claim: claimAt(NOW, "other") } }, NOW);
    await store.close();
    const cancel = (...more: string[]) => collab.knock(["cancel", "invite", "inv-1", "--fail-if-none", ...more]);
    expect((await cancel("-r", "mary")).exitCode).toBe(1);
    const some = await cancel("-r", "grace", "--expect", "unfinished_triggers=1");
    expect([some.exitCode, some.stdout]).toEqual([
      0,
      expect.stringContaining("yet, and runs of these recipients are canceled"),
    ]);
    expect((await cancel("-r", "grace")).exitCode).toBe(1);
    const all = await cancel();
    expect([all.exitCode, all.stdout.split("\n")]).toEqual([
      0,
      [
        "invite  inv-1  local",
        "  1 trigger has not reached all its recipients yet, and the remaining runs are canceled when they begin",
        "0 canceled",
      ],
    ]);
    const again = await cancel("--json");
    expect([again.exitCode, again.json.summary]).toEqual([
      1,
      { cancelled: 0, not_cancellable: 0, unfinished_triggers: 0 },
    ]);
  });

  it("does not cancel ended runs", async ({ collab }) => {
    await collab.knock([...INVITE, "--skip-delay"]);
    const { stdout, exitCode } = await collab.knock(["cancel", "invite", "inv-1", "-r", "grace", "--fail-if-none"]);
    expect(stdout).toContain("  grace  – not canceled (already finished)");
    expect(exitCode).toBe(1);
  });

  it("accepts an object, and a recipient as JSON", async ({ collab }) => {
    await collab.knock(["notify", "--file", "payloads/invite.json"]);
    const { json } = await collab.knock([
      ...["cancel", "invite", "invite-42", "--object", "projects/p2", "-r", '{"id":"grace","name":"G"}', "--json"],
    ]);
    expect(json.summary).toEqual({ cancelled: 2, not_cancellable: 0, unfinished_triggers: 0 });
  });

  it("applies a key only to its own workflow", async ({ collab }) => {
    await collab.knock(INVITE);
    const other = await collab.knock(["cancel", "new-comment", "inv-1", "--json"]);
    expect(other.json.summary).toEqual({ cancelled: 0, not_cancellable: 0, unfinished_triggers: 0 });
  });

  it("lists the pending keys, the nearest first, if no run has the key", async ({ collab }) => {
    for (const key of ["order-1", "inv-1", "x", "y", "z", "w"])
      await collab.knock(["notify", "invite", "-r", "ada", "--cancellation-key", key]);
    const { stdout, exitCode } = await collab.knock(["cancel", "invite", "inv-2"]);
    expect(stdout).toMatch(/no run of invite has the cancellation key "inv-2" \(pending: inv-1(, [\w-]+){4}\)$/m);
    expect(exitCode).toBe(0);
    const filtered = await collab.knock(["cancel", "invite", "inv-1", "-r", "grace"]);
    expect(filtered.stdout).toContain("no run of invite for these recipients has the cancellation key");
  });

  it("succeeds without matching runs unless an option makes this an error", async ({ collab }) => {
    const none = await collab.knock(["cancel", "invite", "never"]);
    expect(none.exitCode).toBe(0);
    expect(none.stdout).toMatch(/^ {2}no run of invite has the cancellation key "never"$/m);
    expect((await collab.knock(["cancel", "invite", "never", "--fail-if-none"])).exitCode).toBe(1);
    await collab.knock(INVITE);
    expect((await collab.knock(["cancel", "invite", "inv-1", "--fail-if-none", "--quiet"])).stdout).toBe("");
  });

  it.for<[args: string[], exit: number, error: RegExp]>([
    [["invit", "k"], 5, /^error: there is no workflow "invit"\nhint: Did you mean "invite"\?$/],
    [["invite"], 2, /^error: missing required argument "cancellation-key"/],
    [["invite", ""], 2, /^error: the cancellation: cancellation_key must not be empty/],
    [["invite", "k", "-r", ""], 2, /^error: --recipients: an ID is empty/],
    [["invite", "k", "-r", "[]"], 2, /^error: the cancellation: recipients must have at least one/],
    [["invite", "k", "-r", '{"name":"x"}'], 2, /recipients\[0\]\.id is required/],
    [["invite", "k", "--object", "p1"], 2, /^error: --object: "p1" is not collection\/id/],
  ])("exits for %j: exit %i", async ([args, exit, error], { collab }) => {
    const { stderr, exitCode } = await collab.knock(["cancel", ...args]);
    expect(stderr).toMatch(error);
    expect(exitCode).toBe(exit);
  });
});
