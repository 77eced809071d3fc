import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, it, vi } from "vitest";
import { ScenarioTargets } from "../../../src/scenarios/open-scenario-target.js";
import { CodeHost } from "../../helpers/code-host.js";
import { runInProcess } from "../../helpers/run-in-process.js";
import { TemporaryProject } from "../../helpers/temporary-project.js";
import { buildJobVariables } from "./post/post-as-job.js";
import { PullRequestProject } from "./pull-request-project.js";
import { PULL_REQUESTS, SHIPPED } from "./pull-requests.js";

const GOLDEN = join(import.meta.dirname, "../../golden/review/pull-requests");

let project: PullRequestProject;
const open = (): PullRequestProject => {
  project = new PullRequestProject();
  return project;
};
afterEach(() => project.remove());

describe("knock review", () => {
  it("reports nothing without a change", async () => {
    const { stdout, exitCode } = await open().review([
      "--fail-on",
      "lost,errors",
      "--max-lost",
      "0",
      "--max-growth",
      "0%",
    ]);
    expect([stdout, exitCode]).toEqual(["Nothing changes.", 0]);
    // Git changes line ends on Windows.
    const body = "knock/workflows/order-shipped/email_1/html_body.html";
    for (const path of [SHIPPED, body]) project.replace(path, "\n", "\r\n");
    expect((await project.review()).stdout).toBe("Nothing changes.");
  });

  it("names who loses a message, the reason, and the line of the condition", async () => {
    PULL_REQUESTS["condition changed"](open());
    const { summary, workflows, scenarios } = await project.reviewJson();
    expect(summary).toMatchObject({
      verdict: "1 recipient loses 1 message.",
      lost: 1,
      gained: 0,
      changed: 0,
      equal: 3,
    });
    expect(workflows).toMatchObject([
      {
        workflow: "order-shipped",
        state: "changed",
        changes: [{ text: 'email_1: conditions: none → recipient.plan equal_to "pro"', location: { file: SHIPPED } }],
        differences: [
          {
            kind: "lost",
            step: "email_1",
            reason: { code: "condition" },
            cause: { text: 'email_1: conditions: none → recipient.plan equal_to "pro"', location: { file: SHIPPED } },
            recipients: ["ben"],
          },
        ],
      },
    ]);
    expect(scenarios).toMatchObject({ before: { passed: 2 }, after: { passed: 1, failed: 1 } });
  });

  it("runs a scenario that passes once per version, and once if no change affects it", async () => {
    const opened = vi.spyOn(ScenarioTargets.prototype, "open");
    try {
      open().changeStep(SHIPPED, 1, ({ template }) => {
        template.subject = "Order {{ data.order }} is coming";
      });
      const { scenarios, summary } = await project.reviewJson();
      expect(scenarios).toMatchObject({ before: { passed: 2 }, after: { passed: 2 } });
      expect(summary).toMatchObject({ changed: 2, equal: 2 });
      expect(opened).toHaveBeenCalledTimes(3);
    } finally {
      opened.mockRestore();
    }
  });

  it("shows a removed channel", async () => {
    PULL_REQUESTS["channel removed"](open());
    const { workflows } = await project.reviewJson();
    expect(workflows[0]?.differences).toMatchObject([
      {
        kind: "lost",
        step: "sms_1",
        reason: null,
        cause: { text: "step sms_1 (sms) removed", location: { side: "before" } },
      },
    ]);
  });

  it("shows an edited subject with both texts", async () => {
    PULL_REQUESTS["subject edited"](open());
    const { workflows, summary } = await project.reviewJson();
    expect(summary.changed).toBe(3);
    expect(workflows[0]?.differences[0]?.examples[0]?.fields).toContainEqual({
      field: "subject_line",
      before: "Order A-17 is on its way",
      after: "Your order A-17",
    });
  });

  it("contains no values of secret variables", async () => {
    open().replace("knock/environment.json", '"app_url"', '"key": { "value": "$KEY", "secret": true }, "app_url"');
    project.changeStep(SHIPPED, 2, ({ template }) => {
      template.text_body = "Show {{ vars.key }} at the door";
    });
    for (const args of [["--json"], ["--format", "markdown"], []]) {
      const { stdout } = await project.review(args, { KEY: "a-secret-value" });
      expect(stdout).toContain("Show [redacted] at the door");
      expect(stdout).not.toContain("a-secret-value");
    }
  });

  it("attributes changed messages to an edited partial", async () => {
    PULL_REQUESTS["partial edited"](open());
    const { workflows, resources } = await project.reviewJson();
    expect(resources).toMatchObject([{ resource: "partials/footer", workflows: ["order-shipped"] }]);
    expect(workflows).toMatchObject([
      {
        state: "affected",
        differences: [
          {
            kind: "changed",
            messages: 2,
            cause: { location: { file: "knock/partials/footer/content.html", line: 1 } },
          },
        ],
      },
    ]);
  });

  it("reports a missing translation as a finding", async () => {
    PULL_REQUESTS["translation missing"](open());
    const { findings } = await project.reviewJson();
    expect(findings.new.map(({ message }) => message).join("\n")).toContain("paid");
  });

  it("keeps the words of expectations in comments, whose keys may be those of personal data", async () => {
    const notify = "notify: { recipients: [ben], data: { order: A1 }, settings: { skip_delay: true } }";
    const text = `workflow: order-shipped\nscenarios:\n  skips:\n    steps: [{ ${notify}, expect: { outcomes: { ben: { email_1: skipped } } } }]\n`;
    open().write({ "knock/workflows/order-shipped/skips.test.yaml": text });
    const { stdout } = await project.review(["--format", "markdown"]);
    expect(stdout).toContain("expected skipped");
    expect(stdout).not.toMatch(/\bben\b/);
  });

  it("compares the findings of files in payloads/", async () => {
    open().write({ "payloads/ship.json": { key: "order-shipped", recipients: ["ada"], dta: {} } });
    project.commit("Add a payload");
    expect((await project.reviewJson()).findings.new).toMatchObject([{ file: "payloads/ship.json" }]);
    expect((await project.reviewJson(["--base", "HEAD"])).findings).toEqual({ new: [], fixed: [] });
  });

  it("shows a shortened delay and the earlier times", async () => {
    PULL_REQUESTS["delay shortened"](open());
    const { workflows } = await project.reviewJson();
    expect(workflows[0]?.changes).toMatchObject([{ text: "delay_1: delay for: 1 hour → 10 minutes" }]);
    expect(workflows[0]?.differences).toMatchObject([
      { kind: "changed", step: "email_1", cause: { text: "delay_1: delay for: 1 hour → 10 minutes" } },
      { kind: "changed", step: "sms_1" },
    ]);
  });

  it("lists moved steps and windows in words, and names the branch that sends or stops messages", async () => {
    const days = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];
    const toWindow = (day: string) =>
      day.startsWith("s") ? { day, type: "do_not_send" } : { day, type: "send", from: "09:00:00", until: "17:30" };
    open().change<{ steps: object[]; settings?: object }>(SHIPPED, (workflow) => {
      const [delay, email, sms] = workflow.steps;
      const pro = { all: [{ variable: "recipient.plan", operator: "equal_to", argument: "pro" }] };
      const branches = [
        { name: "Pro", conditions: pro, steps: [{ ...email, send_windows: days.map(toWindow) }] },
        { name: "Others", steps: [{ ...sms, ref: "sms_2", conditions: null }] },
      ];
      workflow.steps = [delay!, { ref: "branch_1", type: "branch", branches }, sms!];
      workflow.settings = { is_commercial: true };
    });
    const [order] = (await project.reviewJson()).workflows;
    expect(order?.changes.map(({ text }) => text)).toEqual([
      "step branch_1 (branch) added",
      "step email_1 moved",
      "email_1: send windows: none → monday–friday 09:00–17:30, saturday–sunday not sent",
      'settings: none → {"is_commercial":true}',
    ]);
    expect(order?.differences).toMatchObject([
      { kind: "lost", step: "email_1", recipients: ["ben"], cause: { text: "step email_1 moved" } },
      { kind: "changed", step: "email_1", recipients: ["ada"] },
    ]);
  });

  it("names the change of a recipient that loses a message", async () => {
    open().change("knock/recipients/users.json", ({ users }: { users: Record<string, string>[] }) => {
      for (const [index, user] of users.entries())
        if (index === 0) user.name = "Augusta";
        else delete user.email;
    });
    const { workflows } = await project.reviewJson();
    const causes = workflows.flatMap(({ differences }) => differences.map(({ kind, cause }) => [kind, cause?.text]));
    const file = "recipients/users.json: users ›";
    expect(causes).toEqual([
      ["lost", `${file} ben › email: "ben@example.com" → none`],
      ["changed", `${file} ada › name: "Ada Lovelace" → "Augusta"`],
      ["changed", `${file} ada › name: "Ada Lovelace" → "Augusta"`],
    ]);
  });

  it("compares a renamed workflow with its old version", async () => {
    PULL_REQUESTS["workflow renamed"](open());
    const { workflows, summary } = await project.reviewJson();
    expect(workflows).toMatchObject([
      { workflow: "payment-received", state: "renamed", previous_key: "payment", differences: [] },
    ]);
    expect(summary).toMatchObject({ lost: 0, gained: 0, equal: 4 });
  });

  it("shows a deleted workflow as lost messages", async () => {
    PULL_REQUESTS["workflow deleted"](open());
    const { workflows } = await project.reviewJson();
    expect(workflows).toMatchObject([
      {
        workflow: "payment",
        state: "removed",
        differences: [{ kind: "lost", cause: { text: "workflows/payment removed" } }],
      },
    ]);
  });

  it("shows a new workflow as gained messages", async () => {
    PULL_REQUESTS["workflow added"](open());
    const { workflows, scenarios } = await project.reviewJson();
    expect(workflows).toMatchObject([
      { workflow: "hi", state: "added", differences: [{ kind: "gained", recipients: ["ben"] }] },
    ]);
    expect(scenarios.changes).toMatchObject([{ name: "greets", before: null, after: "passed" }]);
  });

  it("names the default preference that stops messages", async () => {
    PULL_REQUESTS["preference default changed"](open());
    const { workflows } = await project.reviewJson();
    expect(workflows).toMatchObject([
      {
        workflow: "payment",
        differences: [
          { kind: "lost", reason: { code: "preference" }, cause: { location: { file: "knock/environment.json" } } },
        ],
      },
    ]);
  });
});

describe("the comment on a pull request", () => {
  it.each(Object.entries(PULL_REQUESTS))("shows %s", async (name, change) => {
    change(open());
    const { stdout, exitCode } = await project.review(["--format", "markdown"]);
    const file = join(GOLDEN, `${name.replaceAll(" ", "-")}.md`);
    if (process.env.GOLDEN === "write") writeFileSync(file, `${stdout}\n`);
    expect(`${stdout}\n`).toBe(readFileSync(file, "utf8"));
    expect(exitCode).toBe(0);
    for (const person of ["Ada Lovelace", "Ben Okri", "ada@example.com"]) expect(stdout).not.toContain(person);
  });

  it("is not posted outside of CI, where the command of a job prints the review", async () => {
    PULL_REQUESTS["channel removed"](open());
    const { stdout, stderr, exitCode } = await project.review(["--post", "github", "--html", "reports/review.html"]);
    expect(stdout).toContain("1 recipient loses 1 message.");
    expect(stderr).toContain("warning: the review was not posted: this is not a job of GitHub Actions");
    expect(exitCode).toBe(0);
  });

  it("links to the artifacts of a job that writes the HTML page", async () => {
    PULL_REQUESTS["channel removed"](open());
    const host = await CodeHost.start("github");
    try {
      const env = buildJobVariables(host, project.root);
      project.write({ ".git/event.json": { pull_request: { number: 7 } } });
      const posted = {
        ...env,
        GITHUB_EVENT_PATH: project.path(".git/event.json"),
        GITHUB_SERVER_URL: "https://code.example",
        GITHUB_RUN_ID: "5",
      };
      await project.review(["--post", "github", "--base", "main", "--html", "review.html"], posted);
      const [comment] = host.comments;
      expect(comment?.body).toContain(`https://code.example/${env.GITHUB_REPOSITORY}/actions/runs/5#artifacts`);
    } finally {
      await host.server.close();
    }
  });

  it("is created, updated in place, and says so when nothing changes any more", async () => {
    PULL_REQUESTS["channel removed"](open());
    const host = await CodeHost.start("github");
    try {
      const env = buildJobVariables(host, project.root);
      project.write({ ".git/event.json": { pull_request: { number: 7 } } });
      const posted = { ...env, GITHUB_EVENT_PATH: project.path(".git/event.json") };
      const run = () =>
        project.review(["--post", "github", "--base", "main", "--artifact-url", "https://ci.example/1"], posted);
      expect((await run()).stderr).toContain("Created a comment");
      expect(host.comments.map(({ body }) => body)).toEqual([
        expect.stringMatching(/^<!-- knock review: \. -->\n.*loses 1 message.*https:\/\/ci\.example\/1/s),
      ]);
      project.git("checkout", "-q", "--", ".");
      expect((await run()).stderr).toContain("Updated the comment");
      expect(host.comments.map(({ body }) => body)).toEqual([expect.stringContaining("### Nothing changes\n")]);
    } finally {
      await host.server.close();
    }
  });
});

describe("rules of knock review", () => {
  it("decide the exit code alone, and a limit is included", async () => {
    PULL_REQUESTS["channel removed"](open());
    expect((await project.review()).exitCode).toBe(0);
    expect((await project.review(["--fail-on", "lost", "--fail-on", "errors"])).stdout).toMatch(
      /Rules\n {2}✗ --fail-on lost: 1 lost\n {2}✗ --fail-on errors: 1 new\n/,
    );
    expect((await project.review(["--fail-on", "lost"])).exitCode).toBe(1);
    expect((await project.review(["--fail-on", "lost", "--max-lost", "1"])).exitCode).toBe(0);
    expect((await project.review(["--fail-on", "lost", "--max-lost", "0"])).exitCode).toBe(1);
    expect((await project.review(["--max-lost", "0"])).exitCode).toBe(1);
    expect((await project.review(["--max-lost", "1"])).exitCode).toBe(0);
    expect((await project.review(["--max-growth", "0%"])).exitCode).toBe(0);
  });

  it.each([
    [["--fail-on", "loss"], '--fail-on: "loss" is unknown'],
    [["--artifact-url", "javascript:alert(1)"], '"javascript:alert(1)" is not the address of a web page'],
    [["--max-lost", "many"], '--max-lost: "many" is not a number of 0 or more'],
    [["--base", "nope"], '--base: "nope" is not a commit of the repository'],
    [["--budget", "10"], "--budget needs prices"],
  ])("reject %j", async (args, message) => {
    const { stderr, exitCode } = await open().review(args);
    expect(stderr).toContain(message);
    expect(exitCode).toBe(2);
  });
});

describe("the cost of a review", () => {
  const line = (day: number, key: string, recipients: string[]) =>
    JSON.stringify({ key, at: `2026-01-${day}T00:00:00Z`, recipients, data: { order: "A-17" } });
  const PRICES = {
    currency: "EUR",
    messages: [
      { channel_type: "sms", per: "segment", price: 0.05 },
      { channel_type: "sms", country: "US", per: "segment", price: 0.07 },
      { channel_type: "email", per: "message", price: 0.001 },
    ],
  };

  it("is that of 30 days, by workflow and segment of SMS", async () => {
    open().write({ "knock/prices.json": PRICES });
    project.git("add", "-A");
    project.commit("Add prices");
    project.git("branch", "-f", "main");
    // One SMS of the first version has one segment, and of the second one has two.
    project.changeStep(SHIPPED, 2, ({ template }) => {
      template.text_body = "x".repeat(161);
    });
    project.delete("knock/workflows/order-shipped/order-shipped.test.yaml");
    // 2 SMS messages, 4 emails and one in-app message in 7 days.
    const lines = [
      line(10, "order-shipped", ["ada", "ben"]),
      line(12, "payment", ["ada"]),
      line(17, "order-shipped", ["ada", "ben"]),
    ];
    project.write({ "payloads/all.jsonl": `${lines.join("\n")}\n` });
    const { stdout, exitCode } = await project.review(["--json", "--fail-on", "cost"]);
    const { volume, workflows } = JSON.parse(stdout);
    // (2 × 0.07 + 4 × 0.001) × 30 / 7 and (4 × 0.07 + 4 × 0.001) × 30 / 7.
    const cost = { before: "0.617143", after: "1.217143" };
    expect(volume).toMatchObject({
      unit: "month",
      cost: { currency: "EUR", ...cost, unpriced: ["in-app messages (in_app_feed_knock)"] },
    });
    expect(workflows).toMatchObject([{ workflow: "order-shipped", cost }]);
    expect(exitCode).toBe(1);
  });

  it("passes with a budget that is met exactly, and fails with a lower one", async () => {
    open().write({ "knock/prices.json": PRICES });
    const lines = [10, 11, 13].map((day) => line(day, "order-shipped", ["ada", "ben"]));
    project.write({ "payloads/all.jsonl": `${lines.join("\n")}\n` });
    // (3 × 0.07 + 6 × 0.001) × 30 / 3.
    const { rules } = await project.reviewJson(["--budget", "2.16"]);
    expect(rules).toEqual([{ rule: "--budget 2.16", met: true, found: "EUR 2.16" }]);
    expect((await project.review(["--budget", "2.16"])).exitCode).toBe(0);
    expect((await project.review(["--budget", "2.159999999999"])).exitCode).toBe(1);
  });

  it("uses the prices of a file, and names the place of a mistake in it", async () => {
    open().write({ "prices/eu.json": { ...PRICES, currency: "Euro" } });
    const { stderr, exitCode } = await project.review(["--prices", "prices/eu.json"]);
    expect([stderr, exitCode]).toEqual([expect.stringMatching(/prices\/eu\.json:\d+:\d+: .*currency/), 3]);
    expect((await project.review(["--prices", "nope.json"])).stderr).toContain("nope.json");
  });
});

describe("the base of a review", () => {
  it("is the commit where the branch began, not the tip of the default branch", async () => {
    open().git("checkout", "-q", "main");
    project.replace(SHIPPED, "Order shipped", "Order sent");
    project.commit("Rename on main");
    project.git("checkout", "-q", "change");
    expect((await project.reviewJson()).summary.verdict).toBe("Nothing changes.");
  });

  it("names the line to add if a shallow clone lacks it", async () => {
    const source = open();
    source.write({ "note.txt": "Second" });
    source.commit("Second");
    const clone = new TemporaryProject();
    try {
      source.git("clone", "-q", "--depth", "1", `file://${source.root}`, clone.path("clone"));
      const env = { PATH: process.env.PATH ?? "", GITHUB_ACTIONS: "true", GITHUB_BASE_REF: "main" };
      const { stderr, exitCode } = await runInProcess({ args: ["review"], cwd: clone.path("clone"), env });
      expect(stderr).toContain('"origin/main" is not fetched, because the repository is a shallow clone');
      expect(stderr).toContain("fetch-depth: 0");
      expect(exitCode).toBe(2);
    } finally {
      clone.remove();
    }
  });

  it("may be invalid, or lack the project", async () => {
    open().git("checkout", "-q", "main");
    project.write({ [SHIPPED]: "{" });
    project.commit("Break");
    project.git("checkout", "-q", "-b", "fix");
    project.git("checkout", "-q", "change", "--", SHIPPED);
    const fixed = await project.reviewJson();
    expect(fixed.findings).toMatchObject({ new: [], fixed: [{ file: SHIPPED }] });
    expect(fixed.workflows[0]?.changes[0]?.text).toContain(`cannot be read: ${SHIPPED}:1:2`);
    expect(fixed.workflows[0]?.differences[0]?.kind).toBe("gained");
    const empty = project.git("commit-tree", "-m", "Empty", project.git("mktree", "--missing").trim()).trim();
    const { workflows, notes } = await project.reviewJson(["--base", empty]);
    expect(workflows.map(({ state }) => state)).toEqual(["added", "added"]);
    expect(notes[0]).toContain("does not exist in");
  });

  it("finds a project that has moved", async () => {
    open();
    for (const name of ["knock", "knock.json"]) project.move(name, `apps/shop/${name}`);
    project.git("add", "-A");
    const { stdout, stderr } = await runInProcess({
      args: ["review", "--json"],
      cwd: project.path("apps/shop"),
      env: { PATH: process.env.PATH ?? "" },
    });
    if (stdout === "") throw new Error(stderr);
    const { summary, notes } = JSON.parse(stdout);
    expect(summary).toMatchObject({ workflows: 0, equal: 4, lost: 0 });
    expect(notes).toEqual(["The project was in the root before."]);
  });
});

describe("the triggers of a review", () => {
  it("come from payloads, without times per trigger, and with times per month", async () => {
    open().write({ "payloads/payment.jsonl": '{"recipients":["ada"]}\n{"recipients":["ben"]}\n' });
    project.delete("knock/workflows/payment/payment.test.yaml");
    project.change("knock/workflows/payment/workflow.json", ({ steps }) => void steps.pop());
    const untimed = await project.reviewJson();
    expect(untimed.volume).toMatchObject({ unit: "trigger" });
    expect(untimed.workflows[0]?.differences[0]).toMatchObject({
      kind: "lost",
      messages: 3,
      recipients: ["ada", "ben"],
    });
    const line = (day: number) =>
      JSON.stringify({ key: "payment", at: `2026-01-0${day}T00:00:00Z`, recipients: ["ada"] });
    project.write({ "payloads/payment.jsonl": `${line(1)}\n${line(4)}\n` });
    expect((await project.reviewJson()).volume).toMatchObject({ unit: "month", before: 20, after: 0 });
    // No trigger with a time is for this workflow.
    PULL_REQUESTS["subject edited"](project);
    expect((await project.review()).stdout).toContain("messages per month: unknown");
  });

  it("reach the recipients of each version's own files", async () => {
    open().write({ "payloads/payment.jsonl": '{"recipients":["ada"]}\n' });
    project.change("knock/recipients/users.json", ({ users }: { users: { name: string }[] }) => {
      for (const user of users) user.name = user.name.replace("Ada", "Augusta");
    });
    const { workflows } = await project.reviewJson();
    const [difference] = workflows.find(({ workflow }) => workflow === "payment")?.differences ?? [];
    expect(difference).toMatchObject({
      kind: "changed",
      messages: 2,
      cause: { location: { file: "knock/recipients/users.json" } },
    });
    expect(difference?.examples[0]?.fields[0]).toMatchObject({
      before: expect.stringContaining("Ada"),
      after: expect.stringContaining("Augusta"),
    });
  });

  it("may be noted as phases in the log of a CI job", async () => {
    const { stderr } = await open().review([], { CI: "true" });
    expect(stderr.split("\n")).toEqual([
      "comparing files …",
      "running scenarios …",
      "comparing messages …",
      "validating …",
    ]);
  });

  it("may name a workflow of one side only, and is named if a line is invalid", async () => {
    open().write({ "extra.jsonl": '{"key":"nope","recipients":["ada"]}\n' });
    const { rejected } = await project.reviewJson(["--file", "extra.jsonl"]);
    expect(rejected).toMatchObject([{ side: "both", trigger: "extra.jsonl:1", code: "workflow_missing" }]);
    project.write({ "extra.jsonl": "{" });
    expect((await project.review(["--file", "extra.jsonl"])).stderr).toContain("extra.jsonl:1");
  });
});
