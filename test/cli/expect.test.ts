import { readFileSync } from "node:fs";
import { describe, expect } from "vitest";
import { inProcessTest as it } from "../helpers/run-in-process.js";

const COMMENT = ["notify", "new-comment", "--set", "page=Home", "-r", "ada,grace"];
const INVITE = ["notify", "invite", "-r", "grace,ada", "--cancellation-key", "c1"];

describe.concurrent("--expect", () => {
  it("keeps --json a single document that contains the rules and the results", async ({ collab }) => {
    const { json, exitCode, stderr } = await collab.knock([...COMMENT, "--json", "--expect", "sent=2", "skipped>0"]);
    expect(exitCode).toBe(1);
    expect(json).toMatchObject({
      workflow: "new-comment",
      expectations: [
        { rule: "sent=2", met: true, found: null },
        { rule: "skipped>0", met: false, found: "skipped is 0" },
      ],
    });
    expect(stderr).toBe("✓ expected sent=2\n✗ expected skipped>0: skipped is 0");
    expect((await collab.knock([...COMMENT, "--json"])).json).not.toHaveProperty("expectations");
  });

  it("prints only unmet rules with --quiet", async ({ collab }) => {
    const { stderr } = await collab.knock([...COMMENT, "--quiet", "--expect", "sent=2", "skipped>0"]);
    expect(stderr).toBe("✗ expected skipped>0: skipped is 0");
  });

  it("exits 2 before the trigger if the workflow does not have the step", async ({ collab }) => {
    await collab.openStore();
    const before = collab.storeDigest();
    const { stderr, exitCode } = await collab.knock([...COMMENT, "--expect", "ada:emial=sent"]);
    expect(stderr).toBe(
      'error: --expect: "ada:emial=sent": workflow "new-comment" has no step "emial"\nhint: Did you mean "email"?',
    );
    expect(exitCode).toBe(2);
    expect(collab.storeDigest()).toBe(before);
    for (const command of [
      ["clock", "advance", "1h"],
      ["clock", "set", "2040-01-01T00:00:00Z"],
      ["cancel", "invite", "c1"],
      ["messages", "list"],
    ]) {
      const refused = await collab.knock([...command, "--expect", "ada:emial=sent"]);
      expect([command, refused.exitCode, refused.stderr]).toEqual([
        command,
        2,
        expect.stringContaining(
          command[0] === "cancel"
            ? ': workflow "invite" has no step "emial"\n'
            : ': no workflow of the project has the step "emial"\n',
        ),
      ]);
    }
    expect(collab.storeDigest()).toBe(before);
  });

  it("exits 1 for a step that was not reached yet, and says so", async ({ collab }) => {
    const { stderr, exitCode } = await collab.knock([...COMMENT, "--expect", "grace:email_1=sent"]);
    expect(exitCode).toBe(1);
    expect(stderr).toContain("grace has not reached step email_1 yet (so far: ");
  });

  it("checks the runs of a clock move", async ({ collab }) => {
    await collab.knock(["clock", "freeze", "2030-01-01T10:00:00Z"]);
    await collab.knock(COMMENT);
    const rules = ["sent=1", "sandboxed=1", "skipped=1", "ada:email=skipped", "grace:email=sandboxed", "recipients=2"];
    const { json, exitCode, stderr } = await collab.knock(["clock", "advance", "30m", "--json", "--expect", ...rules]);
    expect(stderr).toBe(rules.map((rule) => `✓ expected ${rule}`).join("\n"));
    expect(exitCode).toBe(0);
    expect(json).toMatchObject({
      frozen: true,
      ran: [{}, {}],
      expectations: rules.map((rule) => ({ rule, met: true })),
    });
    await collab.knock(COMMENT);
    const set = await collab.knock(["clock", "set", "2030-01-01T10:45:00Z", "--expect", "grace:email=sent"]);
    expect(set.stderr).toBe("✗ expected grace:email=sent: grace is not among the recipients");
    expect(set.exitCode).toBe(1);
  });

  it("checks a workflow run and a recipient run", async ({ collab }) => {
    const { outcome } = await collab.knock([...COMMENT, "--json"]);
    const [ada] = outcome.recipients ?? [];
    const show = (id: string, ...rules: string[]) => collab.knock(["runs", "show", id, "--json", "--expect", ...rules]);
    const workflowRun = await show(outcome.workflow_run_id, "delivered=2", "grace:delay_1=waiting");
    expect([workflowRun.exitCode, workflowRun.json.expectations]).toEqual([
      0,
      expect.arrayContaining([expect.anything()]),
    ]);
    const recipientRun = await show(String(ada?.recipient_run_id), "delivered=1", "ada:email_1=sent");
    expect(recipientRun.exitCode).toBe(1);
    expect(recipientRun.json).toMatchObject({
      id: ada?.recipient_run_id,
      expectations: [{ met: true }, { met: false, found: expect.stringContaining("has not reached step email_1 yet") }],
    });
    expect((await show(outcome.workflow_run_id, "ada:sms=sent")).exitCode).toBe(2);
  });

  it("counts every matching message, independent of the page", async ({ collab }) => {
    await collab.knock(INVITE);
    await collab.knock(COMMENT);
    const list = (...args: string[]) => collab.knock(["messages", "list", ...args]);
    const { json, exitCode } = await list("--limit", "1", "--json", "--expect", "messages=4", "sandboxed=2", "sent=4");
    expect(exitCode).toBe(0);
    expect(json.items).toHaveLength(1);
    expect(json.expectations).toHaveLength(3);
    const grace = await list("--workflow", "invite", "--expect", "grace:email=sandboxed", "grace:email=delivered");
    expect(grace.exitCode).toBe(1);
    expect(grace.stderr).toContain('✗ expected grace:email=delivered: "grace" email_1 is sandboxed');
    const skipped = await list("--expect", "skipped=0");
    expect([skipped.exitCode, skipped.stderr]).toEqual([2, expect.stringContaining("does not report")]);
  });

  it("checks the result of a cancellation", async ({ collab }) => {
    await collab.knock(INVITE);
    const cancel = (...rules: string[]) => collab.knock(["cancel", "invite", "c1", "--json", "--expect", ...rules]);
    const first = await cancel("cancelled=2", "not_cancellable=0", "grace:delay_1=cancelled");
    expect(first.json).toMatchObject({
      summary: { cancelled: 2 },
      expectations: [{ met: true }, { met: true }, { met: true }],
    });
    expect(first.exitCode).toBe(0);
    const again = await cancel("cancelled=2");
    expect([again.exitCode, again.stderr]).toEqual([1, "✗ expected cancelled=2: cancelled is 0"]);
  });

  it("writes annotations and a job summary under GitHub Actions, with data escaped", async ({ collab }) => {
    const summary = collab.path("summary.md");
    const env = { GITHUB_ACTIONS: "true", GITHUB_STEP_SUMMARY: summary };
    const rule = "a|b%::error::x:delay_1=sent";
    const failed = await collab.knock([...COMMENT, "--json", "--expect", "sent=2", "skipped>0", rule], { env });
    expect(failed.exitCode).toBe(1);
    expect(failed.json.expectations).toHaveLength(3);
    const annotations = failed.stderr.split("\n").filter((line) => line.startsWith("::"));
    expect(annotations).toEqual([
      "::error title=knock notify new-comment::expected skipped>0: skipped is 0",
      expect.stringMatching(/^::error title=knock notify new-comment::expected a\|b%25::error::x:delay_1=sent: .+$/),
    ]);
    const text = readFileSync(summary, "utf8");
    expect(text).toContain("| ✓ | <code>sent&#61;2</code> |");
    expect(text).toContain("| ✗ | <code>skipped&#62;0</code> | skipped is 0 |");
    expect(text.split("\n").filter((line) => line.includes("delay"))).toEqual([
      expect.stringMatching(/^\| ✗ \| <code>a&#124;b&#37;&#58;&#58;error[^|<>]+<\/code> \| [^|<>]+ \|$/),
    ]);

    const met = await collab.knock([...COMMENT, "--expect", "sent=2"], {
      env: { ...env, GITHUB_STEP_SUMMARY: collab.path("none.md") },
    });
    expect(met.stderr).toBe("✓ expected sent=2");
    expect(() => readFileSync(collab.path("none.md"))).toThrow(/ENOENT/);
    const unwritable = await collab.knock([...COMMENT, "--expect", "sent=9"], {
      env: { ...env, GITHUB_STEP_SUMMARY: collab.path("no/such/folder.md") },
    });
    expect([unwritable.exitCode, unwritable.stderr]).toEqual([
      1,
      expect.stringContaining("job summary was not written"),
    ]);
  });
});
