import { describe, expect } from "vitest";
import { inProcessTest as it } from "../helpers/run-in-process.js";
import type { Sample } from "../helpers/run-knock.js";

const FILE = "knock/workflows/new-comment/own.test.yaml";
const NOTIFY = "- notify: { recipients: [grace], data: { page: Home } }";

/** Writes scenarios whose steps are given as lines of YAML, by their names. */
function writeScenarios(sample: Sample, scenarios: Record<string, string[]>): void {
  const lines = Object.entries(scenarios).flatMap(([name, steps]) => [
    `  ${name}:`,
    "    steps:",
    ...steps.map((line) => `      ${line}`),
  ]);
  sample.write(FILE, `workflow: new-comment\nscenarios:\n${lines.join("\n")}\n`);
}

/** Returns the mark of each scenario: ✓ passed, ✗ failed, ! cannot run. */
async function runScenarios(sample: Sample): Promise<{ marks: Record<string, string>; exitCode: number }> {
  const { stdout, exitCode } = await sample.knock(["test", FILE]);
  const marks = [...stdout.matchAll(/^ {2}([✓✗!]) (.+?) {2}/gm)].map(([, mark, name]) => [name, mark]);
  return { marks: Object.fromEntries(marks), exitCode };
}

describe.concurrent("expectations of a scenario", () => {
  it("check the messages of their step, and all messages so far in a step that does nothing else", async ({
    collab,
  }) => {
    const feed = "{ to: grace, channel: in-app }";
    const email = "{ to: grace, channel: email }";
    writeScenarios(collab, {
      own: [
        NOTIFY,
        `  expect: { messages: [${feed}], no_messages: [${email}] }`,
        "- advance: 30m",
        `  expect: { messages: [${email}], no_messages: [${feed}] }`,
        `- expect: { messages: [${email}, ${feed}] }`,
      ],
      earlier: [NOTIFY, "- advance: 30m", `  expect: { messages: [${feed}] }`],
      all: [NOTIFY, `- expect: { no_messages: [${feed}] }`],
    });
    expect(await runScenarios(collab)).toEqual({ marks: { own: "✓", earlier: "✗", all: "✗" }, exitCode: 1 });
  });

  it("can be rules of --expect, and cannot name unknown recipients, tenants, channels and steps", async ({
    collab,
  }) => {
    writeScenarios(collab, {
      met: [NOTIFY, "  expect: [sent=1, no-failures]"],
      unmet: [NOTIFY, "  expect: [sent=2]"],
      recipient: [NOTIFY, "  expect: { no_messages: [{ to: gracee }] }"],
      tenant: [NOTIFY, "  expect: { no_messages: [{ tenant: acmee }] }"],
      channel: [NOTIFY, "  expect: { no_messages: [{ channel: emial }] }"],
      step: [NOTIFY, "  expect: { outcomes: { grace: { emial_1: skipped } } }"],
    });
    expect(await runScenarios(collab)).toEqual({
      marks: { met: "✓", unmet: "✗", recipient: "!", tenant: "!", channel: "!", step: "!" },
      exitCode: 3,
    });
  });
});

it("--coverage-threshold counts no workflow that is inactive in the environment", async ({ empty }) => {
  await empty.knock(["init"]);
  empty.write("knock/workflows/untested/workflow.json", {
    name: "Untested",
    steps: [
      {
        ref: "feed_1",
        type: "channel",
        channel_type: "in_app_feed",
        channel_key: "in-app-feed",
        template: { markdown_body: "Hi" },
      },
    ],
  });
  const test = () => empty.knock(["test", "--coverage", "--coverage-threshold", "100"]);
  const active = await test();
  expect([active.exitCode, active.stdout]).toEqual([1, expect.stringContaining("not covered in untested")]);
  const environment = JSON.parse(empty.read("knock/environment.json"));
  empty.write("knock/environment.json", { ...environment, workflows: { untested: { active: false } } });
  const inactive = await test();
  expect([inactive.exitCode, inactive.stdout]).toEqual([0, expect.not.stringContaining("untested")]);
});
