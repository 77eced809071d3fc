import { describe, expect } from "vitest";
import { inProcessTest as it } from "../helpers/run-in-process.js";

const FILE = "knock/workflows/invite/own.test.yaml";

/** Returns the text of a file with a scenario whose only step and expectation are given. */
const scenarioFile = (notify: string, expected: string): string =>
  `workflow: invite\nscenarios:\n  invites:\n    steps:\n      - notify: ${notify}\n        expect: ${expected}\n`;

describe.concurrent("knock validate", () => {
  it.for([
    ["{ workflow: invit, recipients: [ada] }", "[no-failures]", 'there is no workflow "invit"', 5],
    ["{ recipients: [ada] }", "{ outcomes: { ada: { emial_1: sent } } }", 'no workflow has the step "emial_1"', 6],
    ["{ recipients: [ada] }", "{ messages: [{ channel: mail }] }", 'there is no channel "mail"', 6],
  ] as const)(
    "finds a name in a scenario that does not exist: %s, %s",
    async ([notify, expected, message, line], { collab }) => {
      collab.write(FILE, scenarioFile(notify, expected));
      const { json, exitCode } = await collab.knock(["validate", "--json"]);
      const findings = json.findings as unknown as { severity: string; file: string }[];
      expect(findings.filter(({ severity }) => severity === "error")).toMatchObject([
        { code: "scenario_invalid", file: FILE, line, message, hint: expect.stringMatching(/^Did you mean "/) },
      ]);
      expect(exitCode).toBe(1);
    },
  );

  it.for([
    ["{ environment: nope }", 'there is no environment "nope"'],
    ["{ branch: nope }", 'there is no branch "nope"'],
    ["{ failures: [{ channel: sms, status: 500 }] }", 'channel is unknown: "sms"'],
  ] as const)("finds %s, which a scenario or its file gives", async ([given, message], { collab }) => {
    const text = scenarioFile("{ recipients: [ada] }", "[no-failures]");
    const readErrors = async () => {
      const { json } = await collab.knock(["validate", "invite", "--json"]);
      const findings = json.findings as unknown as { severity: string }[];
      return findings.filter(({ severity }) => severity === "error");
    };
    const expected = { code: "scenario_invalid", file: FILE, message: expect.stringContaining(message) };
    collab.write(FILE, text.replace("    steps", `    given: ${given}\n    steps`));
    expect(await readErrors()).toMatchObject([{ ...expected, line: 4 }]);
    collab.write(FILE, text.replace("scenarios", `given: ${given}\nscenarios`));
    expect(await readErrors()).toMatchObject([{ ...expected, line: 2 }]);
  });

  it("finds a channel that a step makes fail and that does not exist", async ({ collab }) => {
    const text = scenarioFile("{ recipients: [ada] }", "[no-failures]");
    const step = "    steps:\n      - failures: [{ channel: sms, status: 500 }]\n";
    collab.write(FILE, text.replace("    steps:\n", step));
    expect((await collab.knock(["validate"])).stdout).toMatch(/own\.test\.yaml:5:31: error: channel is unknown: "sms"/);
  });

  it("checks the names again if a workflow changes, and not if a workflow is invalid", async ({ collab }) => {
    const env = { XDG_CACHE_HOME: `${collab.home}/cache` };
    const validate = async () => (await collab.knock(["validate"], { env })).stdout;
    const workflow = "knock/workflows/invite/workflow.json";
    const original = collab.read(workflow);
    collab.write(FILE, scenarioFile("{ recipients: [ada] }", "{ outcomes: { ada: { own_1: sandboxed } } }"));
    collab.write(workflow, original.replaceAll('"email_1"', '"own_1"'));
    expect(await validate()).toMatch(/^0 errors/m);
    expect(await validate()).toMatch(/^0 errors/m);
    collab.write(workflow, original);
    expect(await validate()).toContain('no workflow has the step "own_1"');
    collab.write(workflow, { steps: 1 });
    const invalid = await validate();
    expect(invalid).toContain("steps must be a list");
    expect(invalid).not.toContain("own.test.yaml");
  });

  it("accepts names that a branch or a step of the scenario adds", async ({ collab }) => {
    const write = '{ path: knock/workflows/new/workflow.json, content: "{}" }';
    collab.write(
      FILE,
      `scenarios:\n  a:\n    steps:\n      - write: ${write}\n      - notify: { workflow: new, recipients: [ada] }\n        expect: [no-failures]\n`,
    );
    expect((await collab.knock(["validate"])).stdout).not.toContain("own.test.yaml");
  });
});
