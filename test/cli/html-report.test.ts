import { load } from "cheerio";
import { describe, expect } from "vitest";
import { inProcessTest as it } from "../helpers/run-in-process.js";
import type { Sample } from "../helpers/run-knock.js";

const FILE = "knock/workflows/new-comment/own.test.json";
const NOTIFY = { recipients: ["grace"], data: { page: "Home" }, settings: { skip_delay: true } };

interface ReportData {
  files: {
    file: string;
    scenarios: {
      name: string;
      failures: { text: string[] }[];
      messages: {
        to: string;
        channel: { type: string };
        content: Record<string, unknown>;
        previous: Record<string, unknown> | null;
      }[];
    }[];
  }[];
  diagrams: { key: string; steps: Record<string, unknown>; missing: { step: string | null; text: string }[] }[];
}

function readReport(project: Sample): { html: string; data: ReportData } {
  const html = project.read("report.html");
  return { html, data: JSON.parse(load(html)("#report").text()) as ReportData };
}

function writeScenarios(project: Sample, steps: unknown[]): void {
  project.write(FILE, JSON.stringify({ workflow: "new-comment", scenarios: { own: { steps } } }));
}

describe.concurrent("the html reporter of knock test", () => {
  it("writes each scenario with its messages, while --json keeps its document", async ({ collab }) => {
    const { json } = await collab.knock(["test", "--json", "--reporter", "html=report.html"]);
    expect(json).not.toHaveProperty("details");
    const { html, data } = readReport(collab);
    expect(html).toContain("<!doctype html>");
    expect(html).not.toMatch(/\b(src|href)="?https?:/);
    const comments = data.files.find(({ file }) => file.endsWith("comments.test.yaml"));
    expect(comments?.scenarios[0]?.messages).toEqual([
      expect.objectContaining({
        to: "grace",
        channel: expect.objectContaining({ type: "in_app_feed" }),
        previous: null,
      }),
      expect.objectContaining({
        channel: expect.objectContaining({ type: "email" }),
        content: expect.objectContaining({ subject_line: "Alan Turing commented on Home" }),
      }),
    ]);
    expect(data.diagrams).toEqual([]);
  });

  it("has the content before and after for snapshots that differ or were updated", async ({ collab }) => {
    const step = { notify: NOTIFY, expect: { messages: [{ channel: "email", snapshot: true }] } };
    writeScenarios(collab, [step]);
    await collab.knock(["test", FILE]);
    const template = "knock/workflows/new-comment/workflow.json";
    collab.write(template, collab.read(template).replace('"subject": "', '"subject": "Changed: '));
    for (const flags of [[], ["--update"]]) {
      await collab.knock(["test", FILE, ...flags, "--reporter", "html=report.html"]);
      const { scenarios } = readReport(collab).data.files[0] ?? {};
      const { content, previous } = scenarios?.[0]?.messages.at(-1) ?? {};
      expect(content?.subject_line).toMatch(/^Changed: /);
      expect(previous?.subject_line).toBe(String(content?.subject_line).replace("Changed: ", ""));
      expect(previous?.html_body).toBe(content?.html_body);
    }
  });

  it("has the comparison of a failure with the reason of the engine", async ({ collab }) => {
    writeScenarios(collab, [
      { notify: { ...NOTIFY, recipients: ["ada"] }, expect: { outcomes: { ada: { email_1: "sent" } } } },
    ]);
    const { stdout, exitCode } = await collab.knock(["test", FILE, "--reporter", "html"]);
    expect(exitCode).toBe(1);
    const data = JSON.parse(load(stdout)("#report").text()) as ReportData;
    const text = data.files[0]?.scenarios[0]?.failures[0]?.text.join("\n");
    expect(text).toMatch(/^expected {2}sent\nfound {5}skipped \(preference/);
    expect(text).toContain("\nwhy\n");
  });

  it("has the diagrams of the workflows with --coverage", async ({ collab }) => {
    writeScenarios(collab, [{ notify: NOTIFY, expect: ["sent=1"] }]);
    await collab.knock(["test", FILE, "--coverage", "--reporter", "html=report.html"]);
    const { diagrams } = readReport(collab).data;
    expect(diagrams.find(({ key }) => key === "new-comment")).toMatchObject({
      // Its template has a condition, of which the scenario reaches one case.
      steps: { in_app_feed_1: { isComplete: false, branches: [] } },
      missing: expect.arrayContaining([
        expect.objectContaining({ step: "email_1" }),
        { step: "in_app_feed_1", text: expect.stringMatching(/ is never true$/) },
      ]),
    });
    expect(diagrams.find(({ key }) => key === "welcome")?.steps).toEqual({});
  });

  it("keeps markup of names and messages out of the page's markup", async ({ collab }) => {
    const name = "</script><script>alert(1)</script><!-- \u2028";
    collab.write(
      FILE,
      JSON.stringify({
        workflow: "new-comment",
        scenarios: { [name]: { steps: [{ notify: NOTIFY, expect: ["sent=1"] }] } },
      }),
    );
    await collab.knock(["test", FILE, "--reporter", "html=report.html"]);
    const { html, data } = readReport(collab);
    expect(html.match(/<\/?script/g)).toHaveLength(4);
    expect(data.files[0]?.scenarios[0]?.name).toBe(name);
  });
});
