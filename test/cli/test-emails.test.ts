import { describe, expect } from "vitest";
import type { EmailReport } from "../../src/scenarios/test-report.js";
import { inProcessTest as it } from "../helpers/run-in-process.js";
import type { Sample } from "../helpers/run-knock.js";

const FOLDER = "knock/workflows/welcome";
const FILE = `${FOLDER}/own.test.json`;

/** Writes a scenario file that sends welcome emails to two users. */
function writeScenario(project: Sample, link: string): void {
  project.write(`${FOLDER}/email_1/html_body.html`, `<p><a href="${link}">Start</a></p>`);
  const steps = [{ notify: { workflow: "welcome", recipients: ["grace"] }, expect: ["sent>=1"] }];
  project.write(FILE, JSON.stringify({ scenarios: { first: { steps }, second: { steps } } }));
}

async function check(project: Sample, ...args: string[]): Promise<{ emails: EmailReport; exitCode: number }> {
  const { json, exitCode } = await project.knock(["test", FILE, "--emails", "--json", ...args]);
  return { emails: json.emails as unknown as EmailReport, exitCode };
}

describe.concurrent("knock test --emails", () => {
  it("reports a problem of several messages once, at the template, with the messages that have it", async ({
    collab,
  }) => {
    writeScenario(collab, "#");
    const { emails, exitCode } = await check(collab);
    expect(exitCode).toBe(0);
    expect(emails.checked).toBe(2);
    const links = emails.findings.filter(({ code }) => code === "email_placeholder_link");
    expect(links).toEqual([
      expect.objectContaining({
        severity: "warning",
        file: `${FOLDER}/workflow.json`,
        pointer: "/steps/0/template",
        messages: ["first", "second"].map((scenario) => expect.objectContaining({ scenario, file: FILE, to: "grace" })),
      }),
    ]);
  });

  it("prints the problems, and makes them errors with --strict", async ({ collab }) => {
    writeScenario(collab, "#");
    const { stdout, exitCode } = await collab.knock(["test", FILE, "--emails", "--strict"]);
    expect(stdout).toMatch(/^ {2}\S+workflow\.json:\d+:\d+: error: .*"#" \[email_placeholder_link\]$/m);
    expect(stdout).toContain(`    in "first" (${FILE}), to grace, and 1 other message`);
    expect(exitCode).toBe(1);
    expect((await collab.knock(["test", FILE, "--strict"])).exitCode).toBe(2);
  });

  it("accepts links whose host is in the scenario, and silenced problems", async ({ collab }) => {
    writeScenario(collab, "https://app.example.com/start");
    expect((await check(collab)).emails.findings.map(({ code }) => code)).toContain("email_placeholder_link");
    const rules = ["email_placeholder_link", "email_missing_preheader", "email_missing_title"];
    collab.write("knock.json", {
      knockDir: "./knock",
      settings: { "knock:ignore": rules.map((code) => ({ code, reason: "sample", path: `${FOLDER}/**` })) },
    });
    const { emails, exitCode } = await check(collab, "--strict");
    expect(emails.findings).toEqual([]);
    expect(emails.silenced).toBeGreaterThan(0);
    expect(exitCode).toBe(0);
    collab.write("knock.json", '{ "knockDir": "./knock" }');
    const data = { link: "https://app.example.com" };
    const steps = [{ notify: { workflow: "welcome", recipients: ["grace"], data }, expect: ["sent>=1"] }];
    collab.write(FILE, JSON.stringify({ scenarios: { first: { steps } } }));
    expect((await check(collab)).emails.findings.map(({ code }) => code)).not.toContain("email_placeholder_link");
  });

  it("writes annotations of GitHub Actions at the template", async ({ collab }) => {
    writeScenario(collab, "#");
    const { stderr } = await collab.knock(["test", FILE, "--emails", "--reporter", "github"]);
    expect(stderr).toMatch(
      /^::warning file=\S*welcome\/workflow\.json,line=\d+,col=\d+,title=email_placeholder_link::/m,
    );
  });

  it("adds the problems to JUnit and TAP, where warnings pass and errors fail", async ({ collab }) => {
    writeScenario(collab, "#");
    const run = async (reporter: string, ...args: string[]) =>
      (await collab.knock(["test", FILE, "--emails", "--reporter", reporter, ...args])).stdout;
    const warnings = await run("junit");
    expect(warnings).toMatch(/<testsuite name="emails" tests="\d+" failures="0" errors="0" skipped="0" time="0\.000">/);
    expect(warnings).toMatch(/<testcase name="\S+workflow\.json:\d+:\d+: email_placeholder_link"[^>]*>\s*<system-out>/);
    expect(await run("junit", "--strict")).toMatch(
      /email_placeholder_link"[^>]*>\s*<failure message="[^"]*" type="email_placeholder_link">/,
    );
    expect(await run("tap")).toMatch(/^ok \d+ - emails > \S+workflow\.json:\d+:\d+: email_placeholder_link$/m);
    expect(await run("tap", "--strict")).toMatch(/^not ok \d+ - emails > \S+: email_placeholder_link$/m);
  });
});
