import { describe, expect } from "vitest";
import { inProcessTest as it } from "../helpers/run-in-process.js";
import { formatOutcome } from "../helpers/run-knock.js";

const UUID_V4 = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

describe.concurrent("knock notify", () => {
  it("runs the README's command, with a run UUID and an outcome per recipient", async ({ collab }) => {
    await collab.knock(["clock", "freeze", "2030-01-01T10:05:00Z"]);
    const { stdout, stderr, exitCode } = await collab.knock([
      ...["notify", "new-comment", "--recipients", "ada,grace", "--actor", "alan", "--data", '{"page":"Home"}'],
    ]);
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
    const [head = "", ...lines] = stdout.split("\n");
    expect(head).toMatch(/^‖ new-comment {2}[0-9a-f-]{36} {2}local$/);
    expect(head.split("  ")[1]).toMatch(UUID_V4);
    expect(lines).toEqual([
      "  ada    ‖ in-app delivered · waiting at delay_1 until 10:35Z (in 30m)",
      "  grace  ‖ in-app delivered · waiting at delay_1 until 10:35Z (in 30m)",
      "2 delivered · 2 waiting",
    ]);
  });

  it("--json prints one document with every step", async ({ collab }) => {
    const { outcome, stderr } = await collab.knock([
      ...[
        "notify",
        "new-comment",
        "-r",
        "ada",
        "--object",
        "projects/p2",
        "--set",
        "page=Home",
        "--skip-delay",
        "--json",
      ],
    ]);
    expect(stderr).toBe("");
    expect(outcome).toEqual({
      workflow_run_id: expect.stringMatching(UUID_V4),
      workflow: "new-comment",
      target: "local",
      cancellation_key: null,
      recipients: expect.any(Array),
      summary: { recipients: 3, messages: 4, sent: 4, skipped: 5, waiting: 0, failed: 0, cancelled: 0 },
    });
    expect(outcome.recipients?.[0]).toEqual({
      recipient: "ada",
      recipient_run_id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      status: "completed",
      steps: [
        {
          ref: "in_app_feed_1",
          type: "channel",
          channel_type: "in_app_feed",
          channel: "in-app-feed",
          outcome: "sent",
          reason: null,
          message_id: expect.any(String),
          message_status: "delivered",
        },
        { ref: "delay_1", type: "delay", outcome: "skipped", reason: { code: "skip_delay", detail: null } },
        {
          ref: "email_1",
          type: "channel",
          channel_type: "email",
          channel: "sendgrid",
          outcome: "skipped",
          reason: { code: "preference", detail: expect.stringContaining("collab") },
          message_id: null,
          message_status: null,
        },
      ],
    });
    expect(outcome.recipients?.map(({ recipient, via }) => ({ recipient, via }))).toEqual([
      { recipient: "ada", via: undefined },
      { recipient: { id: "p2", collection: "projects" }, via: undefined },
      { recipient: "mary", via: { id: "p2", collection: "projects" } },
    ]);
  });

  it("--quiet prints only the UUID", async ({ collab }) => {
    const { stdout } = await collab.knock(["notify", "new-comment", "-r", "ada", "--set", "page=Home", "--quiet"]);
    expect(stdout).toMatch(UUID_V4);
  });

  it("summarizes more than 20 recipients, and lists them and passed steps with --verbose", async ({ collab }) => {
    const people = Array.from({ length: 23 }, (_, index) => ({ id: `u${index}`, email: `u${index}@example.com` }));
    collab.write("people.json", JSON.stringify([...people, "katherine"]));
    const summed = await collab.knock(["notify", "invite", "-r", "@people.json"]);
    expect(summed.stdout.split("\n").slice(1)).toEqual([
      expect.stringMatching(/^ {2}23 × ‖ email sandboxed · waiting at delay_1 until .+ \(in (1d|23h 59m)\)$/),
      expect.stringMatching(/^ {3}1 × ‖ email skipped \(.*email address.*\) · waiting at delay_1 until/),
      "  (24 recipients summarized; use --verbose to list them)",
      "23 sandboxed · 1 skipped · 24 waiting",
    ]);
    const listed = await collab.knock(["notify", "invite", "-r", "@people.json", "--verbose"]);
    expect(listed.stdout.split("\n")).toHaveLength(26);
    expect(listed.stdout).toContain("\n  u22 ");
  });

  it.for([["trigger"], ["workflow", "run"], ["notify"]])("accepts %j", async (words, { collab }) => {
    const { stdout, exitCode } = await collab.knock([...words, "new-comment", "-r", "lin", "--set", "page=x", "-q"]);
    expect(stdout).toMatch(UUID_V4);
    expect(exitCode).toBe(0);
  });

  it("exits 0 for a skipped preference, a missing address and a stopped run", async ({ collab }) => {
    const { outcome, exitCode } = await collab.knock([
      ...["notify", "product-news", "-r", "grace,lin,alan", "--set", "headline=H", "--set", "summary=S", "--json"],
    ]);
    expect(exitCode).toBe(0);
    const words = formatOutcome(outcome);
    expect(words[0]).toMatch(/^grace completed: .*email_1 sent/);
    expect(words[1]).toMatch(/^lin completed: .*email_1 skipped \(preference\)/);
    expect(words[2]).toBe("alan completed: (condition)");
  });

  it("reports a repeated trigger of a workflow that runs once per recipient", async ({ collab }) => {
    const args = ["notify", "--file", "payloads/welcome-new-user.json", "--json"];
    const first = await collab.knock(args);
    expect(first.outcome.summary).toMatchObject({ failed: 0 });
    const second = await collab.knock(args);
    expect(formatOutcome(second.outcome)).toEqual(["emmy completed: (trigger_frequency)"]);
    expect(second.exitCode).toBe(0);
    expect((await collab.knock(args.slice(0, -1))).stdout).toContain("emmy  – stopped (trigger frequency");
    expect((await collab.knock(["runs", "list"])).stdout).toContain("nothing sent: trigger frequency");
    const { stdout } = await collab.knock(["runs", "show", String(second.outcome.recipients?.[0]?.recipient_run_id)]);
    expect(stdout).toContain("because    the workflow already ran for this recipient and runs only once");
  });

  it("supports branches, preferences with conditions and a cancellation key in the second project", async ({ ops }) => {
    const { outcome, exitCode } = await ops.knock(["notify", "--file", "payloads/incident.json", "--json"]);
    expect(exitCode).toBe(0);
    expect(outcome.cancellation_key).toBe("inc-7");
    const [marta, kenji] = formatOutcome(outcome);
    expect(marta).toMatch(/sms_1 sent/);
    expect(kenji).toMatch(/sms_1 skipped \(missing_recipient_data\).*push_2 sent/);
    expect(
      outcome.recipients?.every(({ steps }) => steps.some(({ type, branch }) => type === "branch" && branch)),
    ).toBe(true);
  });

  it("sends two messages to two devices", async ({ ops }) => {
    const { outcome } = await ops.knock(["notify", "--file", "payloads/incident.json", "-r", "kenji", "--json"]);
    expect(outcome.recipients).toHaveLength(1);
    const push = outcome.recipients?.[0]?.steps.find(({ channel_type }) => channel_type === "push");
    expect(push?.message_ids).toHaveLength(2);
    expect(push?.message_id).toBe(push?.message_ids?.[0]);
  });
});

describe.concurrent("unidentified recipients", () => {
  it("exit 9 next to known ones, and are all named", async ({ collab }) => {
    const { outcome, stderr, exitCode } = await collab.knock([
      ...["notify", "new-comment", "-r", "ada,zoe", "--set", "page=Home", "--json"],
    ]);
    expect(exitCode).toBe(9);
    expect(outcome.recipients?.[1]).toEqual({
      recipient: "zoe",
      recipient_run_id: null,
      status: null,
      steps: [],
      reason: { code: "recipient_not_found", detail: null },
    });
    expect(outcome.summary).toMatchObject({ recipients: 2, failed: 1 });
    expect(stderr).toMatch(
      /^warning: recipient "zoe" was never identified and received nothing\nhint: Identify recipients with `knock users set/,
    );
  });

  it("exit 1 if all are unidentified, and the line says how to identify", async ({ collab }) => {
    const { stdout, exitCode } = await collab.knock(["notify", "new-comment", "-r", "zoe", "--set", "page=Home"]);
    expect(exitCode).toBe(1);
    expect(stdout).toContain("  zoe  ✗ not identified, nothing was sent (knock users set zoe --file …)");
    expect(stdout).toContain("\n1 failed");
  });

  it("include an object that does not exist", async ({ collab }) => {
    const { outcome, exitCode } = await collab.knock([
      ...["notify", "page-shared", "--object", "projects/none", "--set", "page=x", "--json"],
    ]);
    expect(outcome.recipients?.[0]?.recipient).toEqual({ id: "none", collection: "projects" });
    expect(exitCode).toBe(1);
  });
});
