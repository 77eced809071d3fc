import { existsSync } from "node:fs";
import { describe, expect } from "vitest";
import type { JsonObject } from "../../src/util/json.js";
import { inProcessTest as it } from "../helpers/run-in-process.js";

const FILE = "knock/workflows/new-comment/own.test.yaml";

/** Returns the text of a file with one scenario, whose steps are given. */
const scenarioFile = (steps: string, given = ""): string =>
  `workflow: new-comment\nscenarios:\n  the scenario:\n${given}    steps:\n${steps.replace(/^/gm, "      ")}\n`;

const NOTIFY_ADA = "- notify: { recipients: [ada], data: { page: Home }, settings: { skip_delay: true } }";

describe.concurrent("knock test", () => {
  it("runs the scenarios of the project", async ({ collab }) => {
    const { stdout, exitCode } = await collab.knock(["test"]);
    expect(stdout).toContain("  ✓ sends no email if the comment was seen  ");
    expect(stdout).toContain("  ✓ respects the preferences of ada  ");
    expect(exitCode).toBe(0);
    expect(existsSync(collab.path(".knock-local"))).toBe(false);
  });

  it("shows expected, found, the location and what decided a step", async ({ collab }) => {
    collab.write(FILE, scenarioFile(`${NOTIFY_ADA}\n  expect: { outcomes: { ada: { email_1: sent } } }`));
    const { stdout, exitCode } = await collab.knock(["test", FILE]);
    expect(stdout).toContain(
      `    ada email_1  step 1, ${FILE}:6:47\n      expected  sent\n      found     skipped (preference`,
    );
    expect(stdout).toContain("      why\n");
    expect(stdout).toContain("✗ the recipient's set default: categories.collab.channel_types.email = false");
    expect(exitCode).toBe(1);
  });

  it("shows why a step has sent no message", async ({ collab }) => {
    collab.write(FILE, scenarioFile(`${NOTIFY_ADA}\n  expect: { messages: [{ to: ada, channel: email }] }`));
    const skipped = (await collab.knock(["test", FILE])).stdout;
    expect(skipped).toContain("found     0 (all: in_app_feed in_app_feed_1 to ada); ada email_1 skipped (preference");
    expect(skipped).toContain("✗ the recipient's set default: categories.collab.channel_types.email = false");

    const notify = (user: string) => `- notify: { recipients: [${user}], data: { page: Home } }`;
    collab.write(FILE, scenarioFile(`${notify("grace")}\n  expect: { messages: [{ to: grace, channel: email }] }`));
    const waiting = (await collab.knock(["test", FILE])).stdout;
    expect(waiting).toContain("; grace delay_1 waiting until 2026-01-05T09:30:00.000Z\n");

    collab.write(FILE, scenarioFile(`${notify("eda")}\n  expect: { messages: [{ to: eda }] }`));
    const unknown = (await collab.knock(["test", FILE])).stdout;
    expect(unknown).toContain("; eda has no run: it is not a recipient, or was never identified\n");
  });

  it.for([
    [
      '["ada:email_1=sent"]',
      '"ada" email_1 is skipped (preference)',
      "✗ the recipient's set default: categories.collab",
    ],
    ["[sent=4]", "sent is 3; ada email_1 skipped (preference: ", "✗ the recipient's set default: categories.collab"],
    ["{ no_messages: [{ to: grace, channel: email }] }", "email email_1 to grace", "true: refs.in_app_feed_1"],
    ["{ sequence: [{ to: ada }, { to: grace }] }", "in_app_feed in_app_feed_1 to ada, ", "true: refs.in_app_feed_1"],
    [
      "{ sequence: [{ to: ada, step: email_1 }] }",
      "; ada email_1 skipped (preference: ",
      "✗ the recipient's set default",
    ],
    ["{ no_runs: [ada] }", "1 run; ada in_app_feed_1 delivered, ", "✗ the recipient's set default: categories.collab"],
    [
      '{ messages: [{ step: email_1, at: "2026-01-05T09:10:00Z" }] }',
      "2026-01-05T09:00:00.000Z; after delay_1 skipped (skip_delay)",
      "true: refs.in_app_feed_1",
    ],
  ])("shows why %s is not met", async ([expected, found, why], { collab }) => {
    const steps = `${NOTIFY_ADA.replace("[ada]", "[ada, grace]")}\n  expect: ${expected}`;
    collab.write(FILE, scenarioFile(steps));
    const { stdout } = await collab.knock(["test", FILE]);
    expect(/found .*/.exec(stdout)?.[0]).toContain(found);
    expect(stdout.split("      why\n")[1]).toContain(why);
    expect((await collab.knock(["test", FILE, "--reporter", "tap"])).stdout).toMatch(/"why":\["/);
  });

  it("shows what keeps a run from reaching a step", async ({ collab }) => {
    const notify = "- notify: { recipients: [grace], data: { page: Home } }";
    collab.write(FILE, scenarioFile(`${notify}\n  expect: { outcomes: { grace: { email_1: sent } } }`));
    const { stdout } = await collab.knock(["test", FILE]);
    expect(stdout).toContain("found     not reached; grace delay_1 waiting until 2026-01-05T09:30:00.000Z\n");
  });

  it("rejects options of the remote target", async ({ collab }) => {
    const { stderr, exitCode } = await collab.knock(["test", "--remote"]);
    expect(stderr).toContain("error: knock test works only on the local target and does not support --remote");
    expect(exitCode).toBe(3);
  });

  it("gives the same IDs and times in every run", async ({ collab }) => {
    collab.write(FILE, scenarioFile(`${NOTIFY_ADA}\n  expect: { messages: [{ channel: sms }] }`));
    const read = async (): Promise<unknown> => {
      const { json } = await collab.knock(["test", FILE, "--json"]);
      const [file] = json.files as [JsonObject];
      return (file.scenarios as JsonObject[]).map(({ failures }) => failures);
    };
    expect(await read()).toEqual(await read());
  });

  it("reports an expected step that the workflow does not have, with the nearest one", async ({ collab }) => {
    collab.write(FILE, scenarioFile(`${NOTIFY_ADA}\n  expect: { outcomes: { ada: { emial_1: sent } } }`));
    const { stdout, exitCode } = await collab.knock(["test", FILE]);
    expect(stdout).toContain(`${FILE}:6:47  workflow "new-comment" has no step "emial_1"\n    Did you mean "email_1"?`);
    expect(exitCode).toBe(3);
  });

  it.for([
    ["no_messages: [{ step: emial_1 }]", 'no workflow has the step "emial_1"', 'Did you mean "email_1"?'],
    ["messages: [{ channel: emial, count: 0 }]", 'there is no channel "emial"', 'Did you mean "email"?'],
    [
      "no_messages: [{ to: gracee }]",
      'there is no recipient "gracee", so this can never fail',
      'Did you mean "grace"?',
    ],
    ["no_messages: [{ tenant: acmee }]", 'there is no tenant "acmee", so this can never fail', 'Did you mean "acme"?'],
    ["no_runs: [gracee]", 'there is no recipient "gracee", so this can never fail', 'Did you mean "grace"?'],
    ["messages: [{ to: nobody, count: 0 }]", 'there is no recipient "nobody", so this can never fail', "Recipients: "],
    ["no_messages: [{ step: delay_1 }]", 'step "delay_1" sends no messages', "Use a channel step"],
    [
      "no_messages: [{ channel: in-app, step: email_1 }]",
      'step "email_1" does not send through the channel "in-app"',
      "Channel of the step: email",
    ],
    ["sequence: [{ workflow: new-coment }]", 'there is no workflow "new-coment"', 'Did you mean "new-comment"?'],
  ])("rejects the filter %s, which selects nothing", async ([expected, message, hint], { collab }) => {
    collab.write(FILE, scenarioFile(`${NOTIFY_ADA}\n  expect: { ${expected} }`));
    const { stdout, exitCode } = await collab.knock(["test", FILE]);
    expect(stdout).toMatch(new RegExp(`${FILE}:6:\\d+  ${message}\n    ${hint?.replace("?", "\\?")}`));
    expect(exitCode).toBe(3);
  });

  it("reports an unknown key with its location, and runs the other files", async ({ collab }) => {
    collab.write(FILE, scenarioFile(`${NOTIFY_ADA}\n  expct: [sent=1]`));
    const { stdout, exitCode } = await collab.knock(["test", "knock/workflows/new-comment"]);
    expect(stdout).toContain(
      `  ! the scenario  0 ms\n    ${FILE}:6:9  steps[0]: unknown key "expct"; did you mean "expect"?\n`,
    );
    expect(stdout).toContain("5 passed · 1 broken");
    expect(exitCode).toBe(3);
  });

  it("reports a missing workflow", async ({ collab }) => {
    collab.write(
      FILE,
      "scenarios:\n  a:\n    steps:\n      - notify: { workflow: new-coment, recipients: [ada] }\n        expect: [sent=1]\n",
    );
    const { stdout, exitCode } = await collab.knock(["test", FILE]);
    expect(stdout).toContain('there is no workflow "new-coment"');
    expect(exitCode).toBe(3);
  });

  it("rejects two scenarios of one name, and invalid YAML, with the location", async ({ collab }) => {
    collab.write(FILE, "scenarios:\n  a: { steps: [{ advance: 1h, expect: [sent=1] }] }\n  a: {}\n");
    expect((await collab.knock(["test", FILE])).stdout).toContain(
      `! ${FILE}:3:3: invalid YAML: the key "a" is defined twice\n    Rename or remove one of the two.`,
    );
    collab.write(FILE, "scenarios: [\n");
    expect((await collab.knock(["test", FILE])).stdout).toContain(`! ${FILE}:2:1: invalid YAML: "]" is missing`);
  });

  it("rejects aliases that expand without end", async ({ collab }) => {
    const levels = Array.from({ length: 9 }, (_, n) => `a${n + 1}: &a${n + 1} [${`*a${n},`.repeat(9)}]`);
    collab.write(FILE, `a0: &a0 [x]\n${levels.join("\n")}\nscenarios: {}\n`);
    const { stdout, exitCode } = await collab.knock(["test", FILE]);
    expect(stdout).toContain("too many YAML aliases");
    expect(exitCode).toBe(3);
  });

  it("rejects a time that goes backward", async ({ collab }) => {
    collab.write(FILE, scenarioFile("- set_time: 2026-01-05T08:00:00Z\n- expect: { time: 2026-01-05T08:00:00Z }"));
    const { stdout, exitCode } = await collab.knock(["test", FILE]);
    expect(stdout).toContain(
      `${FILE}:5:9  set_time: 2026-01-05T08:00:00Z is before the clock, which is at 2026-01-05T09:00:00.000Z`,
    );
    expect(exitCode).toBe(3);
  });

  it("ends a scenario at its time limit", async ({ collab }) => {
    const advances = "- advance: 1h\n".repeat(200);
    collab.write(FILE, scenarioFile(`${advances}- expect: { no_messages: true }`));
    const { stdout, exitCode } = await collab.knock(["test", FILE, "--timeout", "1ms"]);
    expect(stdout).toContain("the scenario takes too long");
    expect(exitCode).toBe(3);
  });

  it("--filter runs scenarios by name, and exits 1 if none is left", async ({ collab }) => {
    const some = await collab.knock(["test", "--filter", "preferences"]);
    expect(some.stdout).toContain("2 passed");
    const none = await collab.knock(["test", "--filter", "nosuch"]);
    expect(none.stderr).toBe(
      "warning: no scenario ran: no scenario's name contains \"nosuch\"\nhint: Use a part of a scenario's name, or run `knock test` without --filter to see all names.",
    );
    expect((await collab.knock(["test", "--filter", "/^nosuch/"])).stderr).toContain("name matches /^nosuch/");
    expect(none.exitCode).toBe(1);
    expect((await collab.knock(["test", "--filter", "nosuch", "--pass-with-no-tests"])).exitCode).toBe(0);
  });

  it("runs the scenarios of workflows, in their folders and elsewhere", async ({ collab }) => {
    const scenario = (workflow: string, data: string): string =>
      `scenarios:\n  triggers ${workflow}:\n    steps:\n      - notify: { workflow: ${workflow}, recipients: [ada], data: ${data} }\n        expect: [no-failures]\n`;
    collab.write("scenarios/a.test.yaml", scenario("new-comment", "{ page: Home }"));
    collab.write("scenarios/b.test.yaml", scenario("page-shared", "{ page: Home }"));
    const list = async (...args: string[]): Promise<string> => (await collab.knock(["test", ...args])).stdout;
    expect(await list("new-comment")).toContain("✓ triggers new-comment");
    expect(await list("new-comment")).toContain("✓ sends no email if the comment was seen");
    expect(await list("new-comment")).not.toContain("triggers page-shared");
    const both = await list("page-shared", "scenarios/a.test.yaml");
    expect(both).toContain("scenarios/a.test.yaml");
    expect(both).toContain("scenarios/b.test.yaml");
    expect(both).not.toContain("comments.test.yaml");
    const slip = await collab.knock(["test", "new-coment"]);
    expect(slip.stderr).toContain('error: there is no file, folder or workflow "new-coment"');
    expect(slip.stderr).toContain('hint: Did you mean "new-comment"?');
    expect(slip.exitCode).toBe(5);
  });

  it("--bail stops at the first failure", async ({ collab }) => {
    collab.write("a.test.yaml", scenarioFile("- advance: 1h\n  expect: [sent=1]"));
    const { stdout } = await collab.knock(["test", "--bail"]);
    expect(stdout).toContain("0 passed · 1 failed");
  });

  it("stores snapshots, and shows a difference line by line", async ({ collab }) => {
    collab.write(FILE, scenarioFile(`${NOTIFY_ADA}\n  expect: { messages: [{ channel: in-app, snapshot: true }] }`));
    const added = await collab.knock(["test", FILE]);
    expect(added.stderr).toContain("1 snapshot written");
    const template = "knock/workflows/new-comment/in_app_feed_1/markdown_body.md";
    collab.write(template, collab.read(template).replace("commented on", "wrote about"));
    const changed = await collab.knock(["test", FILE]);
    expect(changed.stdout).toMatch(/- .*commented on.*\n.*\+ .*wrote about/);
    expect(changed.exitCode).toBe(1);
    expect((await collab.knock(["test", FILE, "--update"], { env: { CI: "true" } })).exitCode).toBe(2);
    expect((await collab.knock(["test", FILE, "--update"])).exitCode).toBe(0);
    expect((await collab.knock(["test", FILE], { env: { CI: "true" } })).exitCode).toBe(0);
  });

  it("rejects snapshots with a merge conflict", async ({ collab }) => {
    collab.write(FILE, scenarioFile(`${NOTIFY_ADA}\n  expect: { messages: [{ channel: in-app, snapshot: true }] }`));
    collab.write("knock/workflows/new-comment/__snapshots__/own.test.yaml.json", "{\n<<<<<<< HEAD\n}\n");
    const { stdout, exitCode } = await collab.knock(["test", FILE]);
    expect(stdout).toContain("own.test.yaml.json:2:1: the snapshots have a merge conflict");
    expect(exitCode).toBe(3);
  });

  it("gives each scenario its own data, clock, failures and variables", async ({ collab }) => {
    const scenarios = `workflow: new-comment
scenarios:
  first:
    given: { variables: { app_url: "https://one.example.com" }, failures: [{ channel: email, error: bounced }], recipients: { users: [{ id: zoe, email: zoe@example.com }] } }
    steps:
      - notify: { recipients: [zoe], data: { page: Home }, settings: { skip_delay: true } }
        expect:
          outcomes: { zoe: { email_1: { outcome: failed, reason: delivery_error } } }
          messages: [{ channel: in-app, content: { "$..rendered": { contains: one.example.com } } }]
      - advance: 1d
        expect: { time: 2026-01-06T09:00:00Z }
  second:
    steps:
      - expect: { time: 2026-01-05T09:00:00Z }
      - until_idle: true
        expect: { no_messages: true }
      - notify: { recipients: [zoe], data: { page: Home } }
        expect: { rules: [failed=1], messages: [{ count: 0 }], no_runs: [grace] }
`;
    collab.write(FILE, scenarios);
    const { stdout, exitCode } = await collab.knock(["test", FILE]);
    expect(stdout).toContain("2 passed");
    expect(exitCode).toBe(0);
  });

  it("gives replies to AI agent steps, before those of the environment", async ({ shop }) => {
    shop.write(
      "knock/workflows/review-summary/own.test.yaml",
      `workflow: review-summary
scenarios:
  shows the given reply:
    given:
      agent: { answers: [{ workflow: review-summary, step: ai_agent_1, json: { tone: sad, summary: Too small. } }] }
    steps:
      - notify: { recipients: [tomas], data: { product: boots } }
        expect: { messages: [{ channel: in-app, body: "boots (sad): Too small." }] }
  reports a reply that the schema of the step rejects:
    given:
      agent: { answers: [{ workflow: review-summary, step: ai_agent_1, json: { tone: sad } }] }
    steps:
      - notify: { recipients: [tomas], data: { product: boots } }
        expect: { outcomes: { tomas: { ai_agent_1: failed } }, no_messages: true }
`,
    );
    const { stdout, exitCode } = await shop.knock(["test", "knock/workflows/review-summary/own.test.yaml"]);
    expect(stdout).toContain("2 passed");
    expect(exitCode).toBe(0);
  });

  it("fails for a content path that finds nothing, although the text is excluded", async ({ collab }) => {
    const content = '{ "blocks[0].rendred": { excludes: Secret } }';
    collab.write(
      FILE,
      scenarioFile(`${NOTIFY_ADA}\n  expect: { messages: [{ channel: in-app, content: ${content} }] }`),
    );
    const { stdout, exitCode } = await collab.knock(["test", FILE]);
    expect(stdout).toContain("expected  a value");
    expect(stdout).toContain("found     nothing");
    expect(exitCode).toBe(1);
  });

  it("selects values with JSONPath, of which one must match, or all must exclude a text", async ({ collab }) => {
    const expectContent = (content: string): string =>
      scenarioFile(`${NOTIFY_ADA}\n  expect: { messages: [{ channel: in-app, content: ${content} }] }`);
    collab.write(
      FILE,
      expectContent('{ "$..rendered": { contains: Home }, "$.blocks[*].rendered": { excludes: "{{" } }'),
    );
    expect((await collab.knock(["test", FILE])).stdout).toContain("1 passed");
    collab.write(FILE, expectContent('{ "$..rendered": { excludes: Home }, "$..nothing": { excludes: Home } }'));
    const { stdout, exitCode } = await collab.knock(["test", FILE]);
    expect(stdout).toContain('expected  text without "Home"');
    expect(stdout).toContain("expected  a value\n      found     nothing");
    expect(exitCode).toBe(1);
    collab.write(FILE, expectContent('{ "$..blocks[0:1]": x }'));
    expect((await collab.knock(["test", FILE])).stdout).toContain("is not a path such as blocks[0].rendered");
  });

  it("creates schedules, whose runs start when the clock reaches them", async ({ collab }) => {
    const steps = `- schedule: { recipients: [grace], data: { page: Home }, repeats: [{ frequency: daily, hours: 12, minutes: 0 }] }
  expect: { no_messages: true }
- advance: 1d
  expect: { messages: [{ to: grace, channel: in-app, count: 1, at: "2026-01-05T17:00:00Z" }] } # noon in New York
- advance: 1d
  expect: { messages: [{ to: grace, channel: in-app, count: 1, at: "2026-01-06T17:00:00Z" }] }
- schedule: { workflow: nosuch, recipients: [grace], scheduled_at: "2026-01-08T12:00:00Z" }
  expect: { error: workflow_missing }`;
    collab.write(FILE, scenarioFile(steps));
    const { stdout, exitCode } = await collab.knock(["test", FILE]);
    expect(stdout).toContain("1 passed");
    expect(exitCode).toBe(0);
    collab.write(
      FILE,
      scenarioFile("- schedule: { recipients: [grace], repeats: [] }\n  expect: { no_messages: true }"),
    );
    expect((await collab.knock(["test", FILE])).exitCode).toBe(3);
  });

  it("cancels, changes recipients, preferences and files, and expects errors", async ({ collab }) => {
    const steps = `- notify: { recipients: [grace], data: { page: Home }, cancellation_key: c1 }
- cancel: c1
  expect: { cancelled: 1, canceled: 1, outcomes: { grace: { delay_1: { outcome: canceled, reason: canceled } } } }
- until_idle: true
  expect: { no_messages: true }
- preferences: { grace: { channel_types: { in_app_feed: false } } }
- recipients: { users: [{ id: grace, name: Rear Admiral }] }
- notify: { recipients: [grace], data: { page: Home }, settings: { skip_delay: true } }
  expect: { outcomes: { grace: { in_app_feed_1: { outcome: skipped, reason: preference } } }, messages: [{ channel: email, body: { contains: Rear Admiral } }] }
- notify: { recipients: [grace], data: {} }
  expect: { error: invalid_params }
- write: { knock/workflows/new-comment/email_1/text_body.txt: "changed {{ page }}" }
- notify: { recipients: [grace], data: { page: Home }, settings: { skip_delay: true } }
  expect: { messages: [{ channel: email, body: changed Home }], sequence: [{ channel: email, to: grace }] }`;
    const before = collab.read("knock/workflows/new-comment/email_1/text_body.txt");
    collab.write(FILE, scenarioFile(steps));
    const { stdout, exitCode } = await collab.knock(["test", FILE]);
    expect(stdout).toContain("1 passed");
    expect(exitCode).toBe(0);
    expect(collab.read("knock/workflows/new-comment/email_1/text_body.txt")).toBe(before);
  });

  it("compares the run that a step advanced if a recipient has several, and names their number", async ({ collab }) => {
    collab.write(
      "knock/workflows/photo-liked/workflow.json",
      JSON.stringify({
        name: "Photo liked",
        steps: [
          {
            ref: "batch_1",
            type: "batch",
            settings: { batch_window: { unit: "minutes", value: 10 } },
          },
          { ref: "delay_1", type: "delay", settings: { delay_for: { unit: "hours", value: 1 } } },
          {
            ref: "email_1",
            type: "channel",
            channel_key: "sendgrid",
            template: { subject: "{{ total_activities }} likes", html_body: "<p>Likes</p>" },
          },
        ],
      }),
    );
    const write = (last: string): string =>
      collab.write(
        FILE,
        scenarioFile(`- notify: { workflow: photo-liked, recipients: [grace], data: { photo: a } }
- notify: { workflow: photo-liked, recipients: [grace], data: { photo: b } }
  expect: { outcomes: { grace: { batch_1: { outcome: halted, reason: batched }, delay_1: not_reached } } }
- expect: { outcomes: { grace: { batch_1: waiting } } }
- advance: 10m
  expect: { outcomes: { grace: { delay_1: waiting, email_1: not_reached } } }
- advance: 1h
  expect: { outcomes: { grace: { delay_1: passed, email_1: ${last} } } }`),
      );
    write("sandboxed");
    expect((await collab.knock(["test", FILE])).exitCode).toBe(0);
    write("failed");
    const { stdout, exitCode } = await collab.knock(["test", FILE]);
    expect(stdout).toContain("      expected  failed\n      found     sandboxed; grace has 2 runs\n");
    expect(exitCode).toBe(1);
    write("sandboxed, emial_1: not_reached");
    expect((await collab.knock(["test", FILE])).stdout).toContain('no workflow has the step "emial_1"');
  });

  it("runs the other scenarios of a file with invalid ones, which have each problem with its place", async ({
    collab,
  }) => {
    collab.write(
      FILE,
      `workflow: new-comment
scenarios:
  without expectation:
    steps:
      ${NOTIFY_ADA}
  with two problems:
    each: [{ user: ada }, { user: grace }]
    steps:
      - notfy: { recipients: ["\${user}"] }
        expect: [sent>=0]
  valid:
    steps:
      ${NOTIFY_ADA}
        expect: [sent>=1]
`,
    );
    const { stdout, exitCode } = await collab.knock(["test", FILE]);
    expect(stdout).toContain("  ! without expectation  ");
    expect(stdout).toContain(`    ${FILE}:4:5  steps have no expectation, so the scenario can never fail\n`);
    expect(stdout).toContain("  ! with two problems [2]  ");
    expect(stdout).toContain('Also: 9:9: steps[0]: unknown key "notfy"; did you mean "notify"?; 10:18: ');
    expect(stdout).toContain("  ✓ valid  ");
    expect(stdout).toContain("1 passed · 3 broken");
    expect(exitCode).toBe(3);
    expect((await collab.knock(["test", FILE, "--filter", "valid"])).exitCode).toBe(0);
    const { json } = await collab.knock(["validate", "--json"]);
    const found = (json.findings as JsonObject[]).filter(({ file }) => file === FILE).map(({ line }) => line);
    expect(found).toEqual(expect.arrayContaining([4, 9, 10]));
  });

  it("shows the time until which a step waits, and compares the body without the action URL", async ({ collab }) => {
    const notify = "- notify: { recipients: [grace], data: { page: Home } }";
    const until = "{ grace: { delay_1: { until: 2026-01-05T10:00:00Z } } }";
    collab.write(FILE, scenarioFile(`${notify}\n  expect: { outcomes: ${until} }`));
    const { stdout } = await collab.knock(["test", FILE]);
    expect(stdout).toContain(
      "      expected  until 2026-01-05T10:00:00Z\n      found     waiting, until 2026-01-05T09:30:00.000Z\n",
    );
    const body = '[{ to: grace, body: { excludes: "/" } }]';
    collab.write(FILE, scenarioFile(`${notify}\n  expect: { messages: ${body} }`));
    expect((await collab.knock(["test", FILE])).exitCode).toBe(0);
  });

  it("finds each of two digests that one move of the clock sends", async ({ shop }) => {
    const trigger = (product: string) => `- notify: { recipients: [ines], data: { product: ${product}, stars: 4 } }`;
    const messages = ["boots", "socks"].map((product) => `{ to: ines, body: { contains: ${product} } }`).join(", ");
    const steps = [trigger("boots"), trigger("socks"), `- advance: 1d\n  expect: { messages: [${messages}] }`];
    shop.write(
      FILE.replace("new-comment", "review-digest"),
      scenarioFile(steps.join("\n")).replace("new-comment", "review-digest"),
    );
    const { stdout, exitCode } = await shop.knock(["test", "--filter", "the scenario"]);
    expect(exitCode, stdout).toBe(0);
  });
});
