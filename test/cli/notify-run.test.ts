import { describe, expect } from "vitest";
import type { JsonObject } from "../../src/util/json.js";
import { eventually } from "../helpers/eventually.js";
import { inProcessTest as it } from "../helpers/run-in-process.js";
import { formatOutcome } from "../helpers/run-knock.js";

const COMMENT = ["notify", "new-comment", "--set", "page=Home"];

/** Defines a workflow with a delay that is short enough to wait for. */
const QUICK: JsonObject = {
  name: "Quick",
  steps: [
    { ref: "delay_1", type: "delay", settings: { delay_for: { unit: "seconds", value: 1 } } },
    { ref: "sms_1", type: "channel", channel_type: "sms", channel_key: "sms", template: { text_body: "Hi" } },
  ],
};
const UNDECLARED =
  /\nwarning: knock\/workflows\/quick\/workflow\.json:18:22: steps\[1\]\.channel_key "sms" is not declared in environment\.json; .+$/;

describe.concurrent("--wait", () => {
  it("returns when every run has ended, and runs the due work itself", async ({ collab }) => {
    collab.write("knock/workflows/quick/workflow.json", QUICK);
    const { outcome, stderr } = await collab.knock(["notify", "quick", "-r", "grace,ada", "--wait", "--json"]);
    // The line explains the wait to a person who would otherwise see no output.
    expect(stderr).toMatch(UNDECLARED);
    expect(stderr.replace(UNDECLARED, "")).toMatch(
      /^[0-9a-f-]{36}: 2 waiting, the first until .+; press Ctrl-C to see the current state, .+$/,
    );
    expect(formatOutcome(outcome)).toEqual([
      "grace completed: delay_1 passed, sms_1 sent",
      "ada completed: delay_1 passed, sms_1 skipped (missing_recipient_data)",
    ]);
  });

  it("exits 10 after its time limit, for any outcome and any rules", async ({ collab }) => {
    const { outcome, exitCode, stderr } = await collab.knock([
      ...[...COMMENT, "-r", "ada,nobody", "--wait", "300ms", "--json", "--expect", "sent=1"],
    ]);
    expect(exitCode).toBe(10);
    expect(stderr).toContain("warning: timed out while waiting: 1 of 1 run has not ended\n");
    expect(formatOutcome(outcome)).toEqual([
      "ada paused: in_app_feed_1 sent, delay_1 waiting",
      "nobody null: (recipient_not_found)",
    ]);
  });

  it("exits by the outcome if everything ended in time", async ({ collab }) => {
    collab.write("knock/workflows/quick/workflow.json", QUICK);
    const { exitCode, stderr } = await collab.knock(["notify", "quick", "-r", "grace,nobody", "--wait", "60s"]);
    expect(exitCode).toBe(9);
    expect(stderr).not.toContain("timed out");
  });

  it("exits 10 for lines if one of them timed out", async ({ collab }) => {
    collab.write("knock/workflows/quick/workflow.json", { ...QUICK, steps: (QUICK.steps as JsonObject[]).slice(1) });
    const line = (key: string) => JSON.stringify({ key, recipients: ["grace"], data: { page: "Home" } });
    const { exitCode, documents } = await collab.knock(
      ["notify", "--file", "-", "--format", "jsonl", "--wait", "300ms", "--json"],
      { input: `${line("quick")}\n${line("new-comment")}\n` },
    );
    expect(exitCode).toBe(10);
    expect(documents).toHaveLength(2);
  });

  it.for([["SIGINT", 130] as const, ["SIGTERM", 143] as const, ["SIGHUP", 129] as const])(
    "ends on %s with exit %i, and reports what was done",
    async ([signal, code], { collab }) => {
      const waiting = collab.start([...COMMENT, "-r", "ada", "--wait", "--json"]);
      await eventually(async () => (await collab.knock(["runs", "list", "--quiet"])).stdout !== "");
      waiting.kill(signal);
      const { stdout, exitCode } = await waiting;
      expect(exitCode).toBe(code);
      expect(JSON.parse(stdout)).toMatchObject({ summary: { sent: 1, waiting: 1 } });
    },
  );
});

describe.concurrent("--dry-run", () => {
  it("shows the request with the key redacted, and changes nothing", async ({ collab }) => {
    await collab.knock(["runs", "list"]);
    const before = collab.storeDigest();
    const env = { KNOCK_API_KEY: "sk_test_0123456789abcdefghij", KNOCK_BRANCH: "feature" };
    const args = [...COMMENT, "-r", "ada", "--idempotency-key", "k1", "--cancellation-key", "c1", "--dry-run"];
    const { json, exitCode } = await collab.knock([...args, "--json"], { env });
    expect(exitCode).toBe(0);
    expect(json).toEqual({
      dry_run: true,
      method: "POST",
      path: "/v1/workflows/new-comment/trigger",
      headers: expect.objectContaining({ "Idempotency-Key": "k1", "X-Knock-Branch": "feature" }),
      body: { recipients: ["ada"], data: { page: "Home" }, cancellation_key: "c1" },
    });
    const human = await collab.knock(args, { env });
    expect(human.stdout).toMatch(/^dry run, target local, nothing sent: POST \/v1\/workflows\/new-comment\/trigger\n/);
    for (const text of [JSON.stringify(json), human.stdout, human.stderr]) expect(text).not.toContain("0123456789");
    expect(JSON.stringify(json)).toContain("redacted");
    expect(collab.storeDigest()).toBe(before);
  });

  it.for<[args: string[], exit: number]>([
    [["notify", "new-comment", "-r", "ada"], 2],
    [["notify", "nothing", "-r", "ada"], 5],
    [["notify", "--file", "payloads/order-placed-invalid.json"], 2],
  ])("checks %j completely: exit %i", async ([args, exit], { collab }) => {
    expect((await collab.knock([...args, "--dry-run"])).exitCode).toBe(exit);
  });
});

describe.concurrent("--expect", () => {
  it.for<[rules: string[], exit: number, told: string]>([
    [
      ["sent>=2", "skipped=0", "waiting=2", "no-failures"],
      0,
      "✓ expected sent>=2\n✓ expected skipped=0\n✓ expected waiting=2\n✓ expected no-failures",
    ],
    [
      ["ada:in_app_feed=sent", "grace:in-app=delivered", "ada:delay_1=waiting"],
      0,
      "✓ expected ada:in_app_feed=sent\n✓ expected grace:in-app=delivered\n✓ expected ada:delay_1=waiting",
    ],
    [["sent=3"], 1, "✗ expected sent=3: sent is 2"],
    [
      ["ada:email=sent"],
      1,
      "✗ expected ada:email=sent: ada has not reached step email yet (so far: in_app_feed_1 delivered, delay_1 waiting)",
    ],
    [
      ["lin:email=sent", "sent<2"],
      1,
      "✗ expected lin:email=sent: lin is not among the recipients\n✗ expected sent<2: sent is 2",
    ],
  ])("exits for %j: exit %i", async ([rules, exit, told], { collab }) => {
    const { exitCode, stderr } = await collab.knock([...COMMENT, "-r", "ada,grace", "--expect", ...rules]);
    expect({ exitCode, stderr }).toEqual({ exitCode: exit, stderr: told });
  });

  it("replaces the verdict: an expected failure is exit 0", async ({ collab }) => {
    const { exitCode } = await collab.knock([...COMMENT, "-r", "nobody", "--expect", "failed=1"]);
    expect(exitCode).toBe(0);
  });
});

describe.concurrent("--idempotency-key", () => {
  it("returns the first response for the same payload, and rejects another one as a conflict", async ({ collab }) => {
    const args = [...COMMENT, "-r", "ada", "--idempotency-key", "k1"];
    const first = await collab.knock([...args, "--json"]);
    const second = await collab.knock([...args, "--json"]);
    expect(second.outcome).toEqual(first.outcome);
    const human = await collab.knock(args);
    expect(human.stdout).toContain("(same idempotency key: the first response)");
    const other = await collab.knock([...args, "--set", "page=Other", "--json"]);
    expect(other.exitCode).toBe(6);
    expect(other.error).toMatchObject({ code: "idempotency_conflict", hint: expect.stringContaining("another key") });
    expect((await collab.knock(["runs", "list", "--quiet"])).stdout.split("\n")).toHaveLength(1);
  });

  it("is forgotten after 24 hours", async ({ collab }) => {
    const args = [...COMMENT, "-r", "ada", "--idempotency-key", "k1", "--quiet"];
    const first = await collab.knock(args);
    await collab.knock(["clock", "advance", "25h"]);
    expect((await collab.knock(args)).stdout).not.toBe(first.stdout);
  });
});

describe.concurrent("failures of a run", () => {
  const broken: JsonObject = {
    name: "Broken",
    steps: [
      {
        ref: "sms_1",
        type: "channel",
        channel_type: "sms",
        channel_key: "sms",
        template: {
          text_body: "{% if recipient.id == 'grace' %}{% for i in (1..99999999) %}x{% endfor %}{% endif %}Hi",
        },
      },
    ],
  };

  it("are partial if a template fails for one of two recipients, and exit 1 if it fails for all", async ({
    collab,
  }) => {
    collab.write("knock/workflows/broken/workflow.json", broken);
    const both = await collab.knock(["notify", "broken", "-r", "grace,katherine", "--json"]);
    expect(formatOutcome(both.outcome)[0]).toContain("render_error");
    expect(both.exitCode).toBe(9);
    const all = await collab.knock(["notify", "broken", "-r", "grace"]);
    expect(all.exitCode).toBe(1);
    expect(all.stdout).toMatch(/✗/);
  });
});
