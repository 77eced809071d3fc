import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { afterEach, describe, expect, it } from "vitest";
import { PullRequestProject } from "./pull-request-project.js";
import { PULL_REQUESTS, SHIPPED } from "./pull-requests.js";

const ENVIRONMENT = "knock/environment.json";
const USERS = "knock/recipients/users.json";
const PAYMENT = "knock/workflows/payment/workflow.json";
const PAYMENT_TEST = "knock/workflows/payment/payment.test.yaml";
const SHIPPED_BODY = "knock/workflows/order-shipped/email_1/html_body.html";

let project: PullRequestProject;
const open = (): PullRequestProject => {
  project = new PullRequestProject();
  return project;
};
afterEach(() => project.remove());

/** Commits a change to the default branch, and starts a branch there. */
function changeBase(change: () => void): void {
  project.git("checkout", "-q", "main");
  change();
  project.commit("Change the base");
  project.git("checkout", "-q", "-B", "change");
}

/** Adds the markers of a merge conflict before the first line of a file. */
const addConflict = (path: string): void =>
  project.write({ [path]: `<<<<<<< HEAD\n=======\n>>>>>>> other\n${readFileSync(project.path(path), "utf8")}` });

describe("a base that is invalid", () => {
  it.each([ENVIRONMENT, USERS])("in %s rejects all triggers, and says so", async (path) => {
    const original = readFileSync(open().path(path), "utf8");
    changeBase(() => addConflict(path));
    project.write({ [path]: original, "payloads/payment.jsonl": '{"recipients":["ben"]}\n' });
    const { notes, summary, rejected, workflows } = await project.reviewJson();
    expect(notes).toEqual([expect.stringMatching(`^main \\(.*\\) is invalid and runs no triggers: ${path}:1:1: `)]);
    expect(summary).toMatchObject({ lost: 0, gained: 5 });
    expect(rejected.map(({ side }) => side)).toEqual(["before", "before", "before"]);
    const messages = rejected.map(({ message }) => message);
    expect(new Set(messages)).toEqual(new Set([expect.stringMatching(`^${path}:1:1: invalid JSON`)]));
    expect(workflows.flatMap(({ differences }) => differences)).toHaveLength(3);
  });

  it("in knock.json is an error that names the base", async () => {
    open();
    changeBase(() => project.write({ "knock.json": "{" }));
    project.write({ "knock.json": { knockDir: "./knock" } });
    const { stderr, exitCode } = await project.review();
    expect(stderr).toMatch(/^error: --base: the project in main \(.*\) cannot be opened: knock\.json:1:2: /);
    expect(exitCode).toBe(3);
  });
});

describe("a base that is not found", () => {
  it("may have no common commit", async () => {
    open().git("checkout", "-q", "--orphan", "other");
    project.commit("Begin again");
    expect((await project.review()).stderr).toContain('"main" and the current commit have no common commit');
  });

  it("may be empty", async () => {
    const { stderr, exitCode } = await open().review(["--base", ""]);
    expect([stderr, exitCode]).toEqual([expect.stringContaining("--base: the value is empty"), 2]);
  });

  it("is the target branch in a pipeline for merged results", async () => {
    const began = open().git("rev-parse", "HEAD").trim();
    changeBase(() => project.replace(SHIPPED, "Order shipped", "Order sent"));
    const target = project.git("rev-parse", "HEAD").trim();
    const env = { GITLAB_CI: "true", CI_MERGE_REQUEST_DIFF_BASE_SHA: began };
    expect((await project.review(["--quiet"], env)).stdout).toContain("1 workflow changes");
    const merged = { ...env, CI_MERGE_REQUEST_TARGET_BRANCH_SHA: target };
    expect((await project.review(["--quiet"], merged)).stdout).toBe("Nothing changes.");
  });
});

describe("a file that cannot be read", () => {
  it.each([ENVIRONMENT, USERS, PAYMENT, PAYMENT_TEST, SHIPPED_BODY])(
    "fails the review with its place: a merge conflict in %s",
    async (path) => {
      open();
      addConflict(path);
      const { stdout, stderr, exitCode } = await project.review(["--json"]);
      expect([stdout, exitCode]).toEqual(["", 3]);
      expect(stderr).toContain(`${path}:1:1: the file has a merge conflict`);
    },
  );

  it.each([ENVIRONMENT, USERS, PAYMENT, "knock/partials/footer/partial.json", "knock/translations/en/en.json"])(
    "fails the review with its place: invalid JSON in %s",
    async (path) => {
      open().write({ [path]: '{"name": "A",' });
      const { stdout, stderr, exitCode } = await project.review();
      expect([stdout, exitCode]).toEqual(["", 3]);
      expect(stderr).toContain(`error: ${path}:1:14: invalid JSON`);
    },
  );

  it("may show the markers of a merge conflict on purpose, as in the base", async () => {
    open();
    changeBase(() => addConflict(SHIPPED_BODY));
    expect((await project.review(["--quiet"])).stdout).toBe("Nothing changes.");
  });

  it("with invalid YAML is broken, and its scenarios are not removed", async () => {
    open().write({ [PAYMENT_TEST]: "scenarios: [" });
    const { scenarios } = await project.reviewJson();
    expect(scenarios.changes).toMatchObject([{ name: "(the file)", before: "passed", after: "broken" }]);
  });

  it("may be binary", async () => {
    open().write({ [SHIPPED_BODY]: randomBytes(2_000) });
    const { stdout, exitCode } = await project.review();
    expect(exitCode).toBe(0);
    expect(stdout).toContain("2 recipients lose 3 messages.");
    expect(stdout).toContain(`${SHIPPED_BODY} is not valid UTF-8`);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: the bytes of the file must not reach the terminal
    expect(stdout).not.toMatch(/[\u0000-\u0008\ufffd]/);
  });

  it("may be huge", async () => {
    const body = "a line of a huge text that does not end\n".repeat(25_000);
    open().changeStep(SHIPPED, 2, ({ template }) => {
      template.text_body = body;
    });
    const page = project.path("review.html");
    const { stdout, exitCode } = await project.review(["--html", page]);
    expect(exitCode).toBe(0);
    expect(stdout).toContain("~ sms_1: text body: 25,000 lines added, 1 removed");
    expect(stdout).toContain("24,978 more lines");
    expect(stdout.length).toBeLessThan(5_000);
    expect(readFileSync(page, "utf8")).toContain("24,002 more lines");
  });

  it("with triggers that does not exist is named", async () => {
    const { stderr, exitCode } = await open().review(["--file", "nope.jsonl"]);
    expect([stderr, exitCode]).toEqual([expect.stringContaining("error: nope.jsonl does not exist"), 2]);
  });
});

describe("a workflow or project of one version only", () => {
  it("is removed with its scenarios without an error", async () => {
    PULL_REQUESTS["workflow deleted"](open());
    const { stdout, exitCode } = await project.review(["--fail-on", "errors"]);
    expect(stdout).not.toContain("Rejected triggers");
    expect(stdout).toContain("  - thanks in the app: passed → removed");
    expect(exitCode).toBe(0);
  });

  it("groups triggers that are rejected for the same reason", async () => {
    PULL_REQUESTS["workflow deleted"](open());
    project.write({ "payloads/payment.jsonl": '{"recipients":["ada"]}\n'.repeat(9) });
    const { stdout, exitCode } = await project.review(["--fail-on", "errors"]);
    expect(stdout).toMatch(/payment\.jsonl:5\s+and 4 more: rejected now\n {4}there is no workflow "payment"\n/);
    expect(exitCode).toBe(1);
  });

  it("is new with all of its files", async () => {
    const tree = open().git("mktree", "--missing").trim();
    const { resources, rejected } = await project.reviewJson([
      "--base",
      project.git("commit-tree", "-m", "E", tree).trim(),
    ]);
    expect(resources.map(({ state }) => state)).toEqual(resources.map(() => "added"));
    expect(rejected).toEqual([]);
  });

  it("keeps its scenarios if the folder of the workflows is renamed", async () => {
    open().move("knock", "notifications");
    project.write({ "knock.json": { knockDir: "./notifications" } });
    const { scenarios, summary } = await project.reviewJson();
    expect([scenarios.changes, summary.equal]).toEqual([[], 4]);
  });
});

describe("what a scenario leads to", () => {
  it("includes messages after a longer delay, which are later and not lost", async () => {
    open().changeStep(SHIPPED, 0, ({ settings }) => {
      settings.delay_for = { unit: "hours", value: 3 };
    });
    const { summary, scenarios } = await project.reviewJson();
    expect(summary).toMatchObject({ lost: 0, changed: 3 });
    // The coverage is that of `knock test`, which ends with the last step of the scenario.
    expect(scenarios.coverage).toMatchObject({ before: 100, after: expect.closeTo(33.3) });
  });
});

describe("a scenario with a schedule that repeats", () => {
  it("ends with the runs that have started", async () => {
    const schedule = "{ recipients: [ada], repeats: [{ frequency: daily, hours: 9 }], data: { order: B } }";
    const text = `workflow: order-shipped\nscenarios:\n  repeats:\n    steps:\n      - schedule: ${schedule}\n      - { advance: 49h, expect: { messages: [{ to: ada }] } }\n`;
    open();
    changeBase(() => project.write({ "knock/workflows/order-shipped/repeats.test.yaml": text }));
    project.changeStep(SHIPPED, 0, ({ settings }) => {
      settings.delay_for = { unit: "hours", value: 60 };
    });
    expect((await project.reviewJson()).summary).toMatchObject({ lost: 0, gained: 0, changed: 7 });
  });
});

describe("triggers within less than a day", () => {
  it("are counted and not scaled to a month", async () => {
    open().change(PAYMENT, ({ steps }) => void steps.pop());
    const line = (time: string) =>
      JSON.stringify({ key: "payment", at: `2026-01-05T09:${time}Z`, recipients: ["ada"] });
    project.write({ "payloads/payment.jsonl": `${line("00:00")}\n${line("00:01")}\n` });
    expect((await project.reviewJson()).volume).toMatchObject({ unit: "trigger", before: 1.5, after: 0.75 });
    const { stderr } = await project.review(["--budget", "1"]);
    expect(stderr).toContain("--budget needs prices, and triggers with times of at least a day");
  });
});
