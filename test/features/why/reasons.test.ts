import { readFileSync } from "node:fs";
import { afterAll, beforeAll, expect, it } from "vitest";
import { REASONS } from "../../../src/domain/run/reasons.js";
import type { JsonObject } from "../../../src/util/json.js";
import { createInProcessSample } from "../../helpers/run-in-process.js";
import type { Sample } from "../../helpers/run-knock.js";

const FEED = {
  ref: "feed_1",
  type: "channel",
  channel_key: "in-app-feed",
  template: { markdown_body: "Hello" },
};
const EMAIL = {
  ref: "email_1",
  type: "channel",
  channel_key: "sendgrid",
  template: { subject: "Hello", html_body: "<p>Hello</p>" },
};
const DELAY = { ref: "delay_1", type: "delay", settings: { delay_for: { unit: "hours", value: 1 } } };
const condition = (variable: string, argument: string) => ({ variable, operator: "equal_to", argument });

/** How to find a reason: the workflow, commands before, and the expected rule with the text at its place. */
interface Case {
  steps: JsonObject[];
  /** Other fields of the workflow. */
  workflow?: JsonObject;
  /** Commands before. `$` is the key of the workflow, and `@` the ID of the recipient. */
  before?: string[];
  /** Whether a stored run is explained, after these commands. */
  run?: boolean;
  recipient?: string;
  args?: string[];
  rule: string;
  /** A text in the line of the place, and its file; null if there is no place. */
  at: [file: string, text: string] | null;
  sends?: boolean;
}

const CASES: Record<string, Case> = {
  condition: {
    steps: [{ ...EMAIL, conditions: { all: [condition("recipient.plan", "pro")] } }],
    rule: "step_conditions",
    at: ["workflow.json", '"variable": "recipient.plan"'],
  },
  "condition of the trigger": {
    steps: [FEED],
    workflow: { conditions: { any: [condition("data.a", "1"), condition("data.b", "2")] } },
    rule: "trigger_conditions",
    at: ["workflow.json", '"variable": "data.b"'],
  },
  "condition of a channel": {
    steps: [{ ...EMAIL, channel_key: "guarded" }],
    rule: "channel_conditions",
    at: ["environment.json", '"variable": "recipient.beta"'],
  },
  preference: {
    steps: [EMAIL],
    recipient: "quiet",
    rule: "preferences",
    at: ["recipients/why.json", '"email": false'],
  },
  "preference of the tenant": {
    steps: [EMAIL],
    workflow: { categories: ["digests"] },
    args: ["--tenant", "initech"],
    rule: "preferences",
    at: ["recipients/why.json", '"digests": false'],
  },
  "preference of the environment": {
    steps: [EMAIL],
    workflow: { categories: ["beta"] },
    rule: "preferences",
    at: ["environment.json", '"beta": false'],
  },
  channel_not_configured: {
    steps: [{ ...EMAIL, channel_type: "email", channel_key: "ghost" }],
    rule: "channel_configuration",
    at: ["environment.json", '"ghost": null'],
  },
  missing_recipient_data: {
    steps: [EMAIL],
    recipient: "bare",
    rule: "recipient_data",
    at: ["recipients/why.json", '"id": "bare"'],
  },
  trigger_frequency: {
    steps: [FEED],
    workflow: { trigger_frequency: "once_per_recipient" },
    before: ["notify $ -r @"],
    rule: "trigger_frequency",
    at: ["workflow.json", '"trigger_frequency"'],
  },
  invalid_window: {
    steps: [{ ...DELAY, settings: { delay_until_field_path: "data.when" } }],
    rule: "wait",
    at: ["workflow.json", '"settings"'],
  },
  skip_delay: {
    steps: [DELAY, FEED],
    before: ["notify $ -r @ --skip-delay"],
    run: true,
    rule: "wait",
    at: ["workflow.json", '"settings"'],
    sends: true,
  },
  batched: {
    steps: [{ ref: "batch_1", type: "batch", settings: { batch_window: { unit: "hours", value: 1 } } }, FEED],
    before: ["notify $ -r @"],
    rule: "batch",
    at: ["workflow.json", '"settings"'],
    sends: true,
  },
  empty_batch: {
    steps: [{ ref: "batch_1", type: "batch", settings: { batch_window: { unit: "hours", value: 1 } } }, FEED],
    before: ["notify $ -r @", "notify $ -r @ --cancellation-key k", "cancel $ k"],
    rule: "batch",
    at: ["workflow.json", '"settings"'],
    sends: true,
  },
  event_matched: {
    steps: [
      {
        ref: "wait_1",
        type: "wait_for_event",
        settings: {
          event: { event_type: "workflow", source_key: "other", event_key: "completed" },
          match_conditions: [{ operator: "and", conditions: [condition("event.workflow_key", "other")] }],
          expires_after: { unit: "days", value: 1 },
          on_match: "halt",
        },
      },
      FEED,
    ],
    before: ["notify $ -r @", "notify other -r @"],
    run: true,
    rule: "wait",
    at: ["workflow.json", '"settings"'],
  },
  wait_expired: {
    steps: [
      {
        ref: "wait_1",
        type: "wait_for_event",
        settings: {
          event: { event_type: "workflow", source_key: "other", event_key: "completed" },
          match_conditions: [{ operator: "and", conditions: [condition("event.workflow_key", "other")] }],
          expires_after: { unit: "days", value: 1 },
          on_timeout: "halt",
        },
      },
      FEED,
    ],
    rule: "wait",
    at: ["workflow.json", '"settings"'],
  },
  throttled: {
    steps: [
      {
        ref: "throttle_1",
        type: "throttle",
        settings: { throttle_window: { unit: "hours", value: 1 }, throttle_limit: 1 },
      },
      FEED,
    ],
    before: ["notify $ -r @"],
    rule: "throttle",
    at: ["workflow.json", '"throttle_limit"'],
  },
  render_error: {
    steps: [{ ...EMAIL, template: { subject: "Hello", html_body: '{{ "p1" | object }}' } }],
    rule: "template",
    at: ["workflow.json", '"html_body"'],
  },
  "render_error in a file": {
    steps: [{ ...EMAIL, template: { subject: "Hello", "html_body@": "mail.html" } }],
    rule: "template",
    at: ["mail.html", '{{ "p1" | object }}'],
  },
  not_applicable: {
    steps: [
      {
        ref: "update_tenant_1",
        type: "update_tenant",
        settings: { recipient_mode: "current", update_properties: "{}" },
      },
    ],
    rule: "recipient",
    at: ["workflow.json", '"update_tenant"'],
  },
  fetch_error: {
    steps: [
      {
        ref: "fetch_1",
        type: "http_fetch",
        settings: { method: "get", url: "https://example.com/a", halt_on_error: true },
      },
      FEED,
    ],
    rule: "request",
    at: ["workflow.json", '"settings"'],
  },
  agent_error: {
    steps: [
      {
        ref: "agent_1",
        type: "ai_agent",
        settings: { model: "x:y", request_prompt: "Sum up", response_type: "text", halt_on_error: true },
      },
      FEED,
    ],
    rule: "request",
    at: ["workflow.json", '"settings"'],
  },
  delivery_error: {
    steps: [{ ...EMAIL, channel_key: "closed" }],
    before: ["notify $ -r @", "clock advance 7d"],
    run: true,
    rule: "delivery",
    at: ["workflow.json", '"channel_key": "closed"'],
  },
  workflow_unavailable: {
    steps: [DELAY, FEED],
    workflow: { active: false },
    rule: "active",
    at: ["workflow.json", '"active": false'],
  },
  recipient_not_found: { steps: [FEED], recipient: "stranger", rule: "recipient", at: null },
  trigger_depth: {
    steps: [
      FEED,
      { ref: "again_1", type: "trigger_workflow", settings: { workflow_key: "$", recipients: "{{ recipient.id }}" } },
    ],
    before: ["notify $ -r @"],
    run: true,
    rule: "trigger_depth",
    at: ["workflow.json", '"settings"'],
    sends: true,
  },
  cancelled: {
    steps: [DELAY, FEED],
    before: ["notify $ -r @ --cancellation-key k", "cancel $ k"],
    run: true,
    rule: "cancellation",
    at: null,
  },
  recipient_not_allowed: {
    steps: [EMAIL],
    recipient: "outside",
    rule: "guard",
    at: ["knock.json", '"allow"'],
  },
};

/** Reasons that no command can cause in a test, and why. */
const NOT_COVERED: Record<string, string> = {
  recipient_deleted: "a run that continues while its recipient is deleted, with its other runs",
  internal_error: "an error in knock itself",
  worker_crashed: "a process that is killed again and again",
  finished: "a reason of knock cancel, never of a run",
};

let sample: Sample;
beforeAll(() => {
  sample = createInProcessSample("collab");
  const environment = JSON.parse(sample.read("knock/environment.json"));
  const sender = { from_address: "a@example.com" };
  environment.channels.guarded = {
    type: "email",
    provider: "smtp",
    deliver: true,
    settings: { host: "127.0.0.1", port: 9, ...sender },
    conditions: { all: [condition("recipient.beta", "yes")] },
  };
  environment.channels.closed = {
    type: "email",
    provider: "smtp",
    deliver: true,
    settings: { host: "127.0.0.1", port: 9, ...sender },
  };
  environment.channels.ghost = null;
  environment.preferences = { default: { categories: { beta: false } } };
  sample.write("knock/environment.json", `${JSON.stringify(environment, null, 2)}\n`);
  const users = [
    { id: "quiet", email: "quiet@example.com", preferences: { default: { channel_types: { email: false } } } },
    { id: "bare", name: "Bare" },
    { id: "outside", email: "outside@elsewhere.test" },
  ];
  const tenants = [{ id: "initech", settings: { preference_set: { categories: { digests: false } } } }];
  sample.write("knock/recipients/why.json", `${JSON.stringify({ users, tenants }, null, 2)}\n`);
  const project = JSON.parse(sample.read("knock.json"));
  project.settings.recipients = { allow: ["*@example.com"] };
  sample.write("knock.json", `${JSON.stringify(project, null, 2)}\n`);
  const write = (key: string, workflow: JsonObject): void => {
    const text = JSON.stringify({ name: key, ...workflow }, null, 2).replaceAll('"$"', JSON.stringify(key));
    sample.write(`knock/workflows/${key}/workflow.json`, `${text}\n`);
  };
  sample.write(
    `knock/workflows/${toKey("render_error in a file")}/mail.html`,
    '<p>Hello</p>\n<p>{{ "p1" | object }}</p>\n',
  );
  write("other", { steps: [FEED] });
  for (const [name, { steps, workflow = {} }] of Object.entries(CASES)) write(toKey(name), { ...workflow, steps });
});
afterAll(() => sample.remove());

const toKey = (name: string): string => `why-${name.replaceAll(/[ _]/g, "-")}`;

it("covers every reason", () => {
  const covered = new Set(Object.keys(CASES).map((name) => name.split(" ")[0]));
  expect(Object.keys(REASONS).filter((code) => !covered.has(code))).toEqual(Object.keys(NOT_COVERED));
});

it.concurrent.for(Object.entries(CASES))("names the rule and its place for %s", async ([name, found]) => {
  const { before = [], recipient = "grace", args = [], rule, at, sends = false, run = false } = found;
  const key = toKey(name);
  const store = ["--store", `${key}.db`];
  const fill = (text: string): string => text.replaceAll("$", key).replaceAll("@", recipient);
  for (const line of before) await sample.knock([...fill(line).split(" "), ...store]);
  let target = [key, recipient];
  if (run) {
    const { json } = await sample.knock(["runs", "list", "--workflow", key, "--json", ...store]);
    const runs = json.items as { id: string; reason?: { code: string } }[];
    const found = runs.find(({ reason }) => reason?.code === name) ?? runs[0];
    target = ["--run", String(found?.id)];
  }
  const { stdout, stderr, exitCode, json } = await sample.knock(["why", ...target, ...args, "--json", ...store]);
  const report = json as unknown as {
    sends: boolean;
    decision: JsonObject | null;
    steps: { decision: JsonObject | null }[];
  };
  const decision = report.decision ?? report.steps.find((step) => step.decision !== null)?.decision;
  const code = name.split(" ")[0] === "workflow_unavailable" ? "workflow_inactive" : name.split(" ")[0];
  const expected = name === "empty_batch" ? "batched" : code;
  expect({ name, rule: decision?.rule, code: decision?.code, sends: report.sends, exitCode }, stdout + stderr).toEqual({
    name,
    rule,
    code: expected,
    sends,
    exitCode: sends ? 0 : 1,
  });
  const place = decision?.place as { file: string; line: number; column: number } | null;
  if (at === null) expect(place).toBeNull();
  else {
    expect(place?.file).toMatch(new RegExp(`${at[0].replaceAll(".", "\\.")}$`));
    const line = readFileSync(sample.path(String(place?.file)), "utf8").split("\n")[(place?.line ?? 0) - 1];
    expect(line).toContain(at[1]);
  }
  expect(String(decision?.change)).toMatch(/^[A-Z].*\.$/s);
});
