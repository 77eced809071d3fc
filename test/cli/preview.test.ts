import { describe, expect, vi } from "vitest";
import type { StepPreview } from "../../src/domain/run/step-preview.js";
import { WAIT_OPTIONS } from "../helpers/eventually.js";
import { initHello } from "../helpers/hello-project.js";
import { inProcessTest as it } from "../helpers/run-in-process.js";

const COMMENT = ["--set", "page=Home", "--set", "comment=Nice"];

describe.concurrent("knock preview", () => {
  it("renders one step for a known recipient, and stores nothing", async ({ collab }) => {
    await collab.openStore();
    const before = collab.storeDigest();
    const args = ["preview", "new-comment", "email_1", "--recipient", "ada", "--actor", "alan", ...COMMENT];
    const { stdout, exitCode } = await collab.knock(args);
    expect(exitCode).toBe(0);
    expect(stdout).toContain("email_1  sendgrid");
    expect(stdout).toContain("subject: Alan Turing commented on Home");
    expect(stdout).toContain("Hi Ada Lovelace,");
    expect(collab.storeDigest()).toBe(before);
  });

  it("--all renders every channel step for a sample user, regardless of preferences", async ({ collab }) => {
    const { json } = await collab.knock(["preview", "new-comment", "--all", ...COMMENT, "--json"]);
    const items = json.items as unknown as StepPreview[];
    expect(items.map(({ ref, reason }) => [ref, reason])).toEqual([
      ["in_app_feed_1", null],
      ["email_1", null],
    ]);
    expect(items[1]?.contents[0]).toMatchObject({ __typename: "MessageEmailContent", to: "sample@example.com" });
  });

  it("merges an inline recipient over the known one", async ({ collab }) => {
    const recipient = '{"id":"ada","name":"Countess"}';
    const { stdout } = await collab.knock(["preview", "new-comment", "email_1", "-r", recipient, ...COMMENT]);
    expect(stdout).toContain("Hi Countess,");
    expect(stdout).toContain("to: ada@");
  });

  it("reports what the recipient lacks, and fails", async ({ collab }) => {
    const args = ["preview", "new-comment", "email_1", "-r", '{"id":"nobody"}', ...COMMENT];
    const { stdout, exitCode } = await collab.knock(args);
    expect(stdout).toContain("✗ missing_recipient_data: no email address");
    expect(exitCode).toBe(1);
  });

  it("warns about a likely misspelled variable with its location", async ({ collab }) => {
    const body = "knock/workflows/new-comment/email_1/html_body.html";
    collab.write(
      body,
      [
        "<p>{{ recipent.name }}, {{ recipient.nmae }}, {{ data.pge }}, {{ pge }}</p>",
        "{% assign recipients = 'x' %}{{ recipients }}{% for a in activities %}{{ a.x }}{{ forloop.index }}{% endfor %}",
        "{{ recipient.phone | default: 'none' }}{{ data.comment }}{{ recipient.zzz }}",
      ].join("\n"),
    );
    const args = ["preview", "new-comment", "email_1", "-r", "ada", "--set", "page=Home"];
    const { stderr, exitCode } = await collab.knock(args);
    expect(stderr.split("\n").sort()).toEqual([
      `warning: email_1: ${body}:1:28: recipient.nmae is undefined; did you mean "recipient.name"?`,
      `warning: email_1: ${body}:1:50: data.pge is undefined; did you mean "data.page"?`,
      `warning: email_1: ${body}:1:66: pge is undefined; did you mean "page"?`,
      `warning: email_1: ${body}:1:7: recipent.name is undefined; did you mean "recipient.name"?`,
    ]);
    expect(exitCode).toBe(0);
  });

  it("says, as the outcome does, that a delay further ahead than a year does not wait", async ({ empty }) => {
    const { addStep, knock } = await initHello(empty);
    addStep(
      "delay",
      { delay_until_field_path: "data.at", delay_for: { unit: "days", value: 399 } },
      { ref: "delay_1" },
    );
    const reason =
      "data.at + 399 days is 400 days ahead, more than the limit of 365 days, so the run continues at once";
    const at = ["--set", 'at:={"unit":"days","value":1}'];
    const preview = await knock(["preview", "hello", "in_app_feed_1", "-r", "ada", ...at]);
    expect(preview.stderr).toBe(`warning: in_app_feed_1: delay_1 is skipped: ${reason}`);
    expect((await knock(["preview", "hello", "in_app_feed_1", "-r", "ada"])).stderr).toBe("");
    const { stdout } = await knock(["notify", "hello", "-r", "ada", ...at]);
    expect(stdout).toMatch(/^! hello /);
    expect(stdout).toContain(`\n  ada  ! delay_1 skipped (invalid window: ${reason}) · in-app delivered`);
    const soon = await knock(["notify", "hello", "-r", "ada", "--set", "at=2000-01-01"]);
    expect(soon.stdout).toContain("ada  ! delay_1 skipped (invalid window: data.at + 399 days is in the past, so");
  });

  it("suggests the nearest id, or an inline recipient, for an unknown recipient", async ({ collab }) => {
    const show = async (...args: string[]) => collab.knock(["preview", "new-comment", ...args, ...COMMENT]);
    const slip = await show("email_1", "-r", "graec");
    expect(slip.stdout).toContain("✗ missing_recipient_data: no email address");
    expect(slip.stderr).toBe(
      `warning: user "graec" was never identified, so only the ID is known\nhint: Did you mean "grace"? Or give the properties inline: \`--recipient '{"id":"graec","email":"…"}'\`.`,
    );
    expect(slip.exitCode).toBe(1);
    // A step that renders without an address is also reported.
    const feed = await show("in_app_feed_1", "-r", "zzz", "-a", "alna");
    expect(feed.stderr).toMatch(
      /^warning: user "zzz" was never identified, so only the ID is known\nhint: Users: ada, .*\nwarning: user "alna" .*\nhint: Did you mean "alan"\? Or give the properties inline: `--actor /,
    );
    expect(feed.exitCode).toBe(0);
    const object = await show("in_app_feed_1", "-r", '{"collection":"projects","id":"p9"}');
    expect(object.stderr).toMatch(
      /^warning: object "projects\/p9" was never .*\nhint: Did you mean "p\d"\?.*"collection":"projects"/,
    );
    const known = await show("in_app_feed_1", "-r", "ada", "-a", "alan");
    expect(known.stderr).toBe("");
  });

  it("--branch uses the branch's files, and rejects an unknown branch", async ({ collab }) => {
    const feed = { ref: "in_app_feed_1", type: "channel", channel_type: "in_app_feed", channel_key: "in-app-feed" };
    const steps = [{ ...feed, template: { markdown_body: "Of the branch" } }];
    collab.write("knock/branches/feat-1/workflows/new-comment/workflow.json", { name: "New comment", steps });
    const args = ["preview", "new-comment", "in_app_feed_1", ...COMMENT, "--branch"];
    const { stdout, stderr } = await collab.knock([...args, "feat-1"]);
    expect({ stdout, stderr }).toEqual({ stdout: expect.stringContaining("Of the branch"), stderr: "" });
    const nope = await collab.knock([...args, "nope"]);
    expect([nope.exitCode, nope.stderr]).toEqual([5, expect.stringContaining('there is no branch "nope"')]);
  });

  it("reports an unknown step and one that renders nothing, with the available steps", async ({ collab }) => {
    const unknown = await collab.knock(["preview", "new-comment", "emial_1", ...COMMENT]);
    expect(unknown.stderr).toBe('error: workflow "new-comment" has no step "emial_1"\nhint: Did you mean "email_1"?');
    expect(unknown.exitCode).toBe(5);
    const delay = await collab.knock(["preview", "new-comment", "delay_1", ...COMMENT]);
    expect(delay.stderr).toContain(
      'step "delay_1" of workflow "new-comment" is a delay step, so there is nothing to render',
    );
    const several = await collab.knock(["preview", "new-comment", ...COMMENT]);
    expect(several.stderr).toContain("Name a step or use --all: in_app_feed_1, email_1.");
    expect(several.exitCode).toBe(2);
    const both = await collab.knock(["preview", "new-comment", "email_1", "--all", ...COMMENT]);
    expect(both.exitCode).toBe(2);
  });

  it("checks data against the workflow's schema", async ({ collab }) => {
    const { stderr, exitCode } = await collab.knock(["preview", "new-comment", "email_1"]);
    expect(stderr).toContain("data.page is required");
    expect(exitCode).toBe(2);
  });

  it("TQ-19 reports a missing translation on standard error", async ({ collab }) => {
    collab.write("knock/workflows/new-comment/in_app_feed_1/markdown_body.md", "{{ 'no.such' | t }}!");
    const { stdout, stderr, exitCode } = await collab.knock(["preview", "new-comment", "in_app_feed_1", ...COMMENT]);
    expect(exitCode).toBe(0);
    expect(stdout).toContain("<p>!</p>");
    expect(stderr).toContain('warning: in_app_feed_1: there is no translation "no.such" for the locale en');
  });

  it("--watch prints nothing for a change without an effect, including a change of its own output file", async ({
    collab,
  }) => {
    const watching = collab.start(["preview", "new-comment", "in_app_feed_1", ...COMMENT, "--watch"]);
    let seen = "";
    for (const stream of [watching.stdout, watching.stderr])
      stream?.on("data", (chunk: Buffer) => {
        seen += chunk.toString();
        collab.write("preview.txt", seen);
      });
    const shown = (text: string) => vi.waitFor(() => expect(seen).toContain(text), WAIT_OPTIONS);
    await shown("watching");
    for (const text of ["One", "Two"]) {
      collab.write("knock/workflows/new-comment/in_app_feed_1/markdown_body.md", `${text} {{ page }}`);
      await shown(`<p>${text} Home</p>`);
    }
    // After this further change without an effect, a loop would have printed again.
    collab.write("knock/workflows/new-comment/email_1/text_body.txt", "Another text");
    await new Promise((resolve) => setTimeout(resolve, 600));
    watching.kill("SIGINT");
    await watching;
    expect(seen.match(/body:/g)).toHaveLength(3);
  });

  it("--watch renders again when a file changes, and continues after an error", async ({ collab }) => {
    const file = "knock/workflows/new-comment/in_app_feed_1/markdown_body.md";
    const watching = collab.start(["preview", "new-comment", "in_app_feed_1", ...COMMENT, "--watch"]);
    let seen = "";
    for (const stream of [watching.stdout, watching.stderr])
      stream?.on("data", (chunk: Buffer) => {
        seen += chunk.toString();
      });
    const until = async (text: string): Promise<void> => {
      await vi.waitFor(() => expect(seen).toContain(text), WAIT_OPTIONS);
      seen = seen.slice(seen.indexOf(text) + text.length);
    };
    await until("watching");
    collab.write(file, "Changed {{ page }}");
    await until("<p>Changed Home</p>");
    await until("watching");
    collab.write(file, "Broken {{ page");
    await until("error:");
    await until("watching");
    collab.write(file, "Mended {{ page }}");
    await until("<p>Mended Home</p>");
    watching.kill("SIGINT");
    expect((await watching).exitCode).toBe(130);
  });
});
