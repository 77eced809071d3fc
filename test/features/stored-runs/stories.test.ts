import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { parseWorkflow } from "../../../src/domain/workflow/parse-workflow.js";
import { parseScenarios, type Scenario } from "../../../src/scenarios/parse-scenarios.js";
import type { Json, JsonObject } from "../../../src/util/json.js";
import { buildCondition, step } from "../../helpers/build-steps.js";
import { ScenarioProject } from "../../helpers/scenario-project.js";
import { type Files, TemporaryProject } from "../../helpers/temporary-project.js";

/** A behavior of the engine: a workflow, the steps of a scenario that starts runs of it, and a change that a scenario must notice. */
interface Story {
  steps: Json[];
  /** Further fields of the workflow. */
  workflow?: JsonObject;
  scenario: Json[];
  given?: JsonObject;
  /** A text of the workflow's JSON and its replacement. */
  mutant: [from: string, to: string];
}

const ANA = { recipients: ["ana"] };
const window = (value: number): JsonObject => ({ batch_window: { unit: "hours", value } });
const notify = (data: JsonObject = {}, more: JsonObject = {}): Json => ({ notify: { ...ANA, data, ...more } });
const advance = (by: string): Json => ({ advance: by });
const batch = (settings: JsonObject = {}): JsonObject => ({
  ref: "batch_1",
  type: "batch",
  settings: { ...window(1), ...settings },
});
const digest = step.feed("{{ total_activities }}: {% for a in activities %}{{ a.data.n }},{% endfor %}");
const fetch = { ref: "fetch_1", type: "http_fetch", settings: { method: "get", url: "http://127.0.0.1:3000/x" } };
const answer = (body: JsonObject, status = 200): JsonObject => ({
  fetch: { answers: [{ url: fetch.settings.url, status, body }] },
});
const PAID = { event_type: "integration_source", integration_source_key: "shop", event_key: "paid" };
const wait = {
  ref: "wait_1",
  type: "wait_for_event",
  settings: { event: PAID, expires_after: { unit: "hours", value: 2 }, on_timeout: "continue" },
};
const waited = step.feed("{{ refs.wait_1.matched }} {{ refs.wait_1.signal_variables.data.n }}");
const NIGHT = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"].map((day) => ({
  day,
  type: "send",
  from: "18:00",
  until: "20:00",
}));

const STORIES: Readonly<Record<string, Story>> = {
  "data in a message": {
    steps: [step.feed("{{ data.n }}")],
    scenario: [notify({ n: 1 })],
    mutant: ["{{ data.n }}", "{{ data.m }}"],
  },
  "a batch with several activities": {
    steps: [batch(), digest],
    scenario: [notify({ n: 1 }), notify({ n: 2 }), notify({ n: 3 }), advance("1h")],
    mutant: ['"value":1', '"value":2'],
  },
  "a batch by key": {
    steps: [batch({ batch_key: "data.k" }), digest],
    scenario: [notify({ n: 1, k: "a" }), notify({ n: 2, k: "b" }), advance("1h")],
    mutant: ['"value":1', '"value":3'],
  },
  "a batch that sends at once": {
    steps: [batch({ batch_until_field_path: "data.until", batch_window: null, batch_window_type: "fixed" }), digest],
    scenario: [notify({ n: 1, until: "2025-06-04T12:00:00Z" }), advance("3h")],
    mutant: ["data.until", "data.other"],
  },
  "a delay": {
    steps: [step.delay("hours", 2), step.feed("Hi")],
    scenario: [notify(), advance("2h")],
    mutant: ['"value":2', '"value":3'],
  },
  "a delay until a time in the data": {
    steps: [step.delayUntil("data.at"), step.feed("Hi")],
    scenario: [notify({ at: "2025-06-04T13:00:00Z" }), advance("3h")],
    mutant: ["data.at", "data.none"],
  },
  "an event that a run waits for": {
    steps: [wait, waited],
    scenario: [notify(), advance("1h"), { event: { source: "shop", event: "paid", user: "ana", data: { n: 7 } } }],
    mutant: ["signal_variables.data.n", "signal_variables.data.m"],
  },
  "an event that does not come": {
    steps: [wait, waited],
    scenario: [notify(), advance("2h")],
    mutant: ['"value":2', '"value":1'],
  },
  "a response": {
    steps: [fetch, step.feed("{{ data.title }}")],
    scenario: [notify()],
    given: answer({ title: "Test" }),
    mutant: ["data.title", "data.titel"],
  },
  "a response that is an error": {
    steps: [fetch, step.feed("Hi")],
    scenario: [notify(), advance("5m")],
    given: answer({}, 404),
    mutant: ['"method":"get"', '"method":"post"'],
  },
  "a branch": {
    steps: [
      {
        ref: "branch_1",
        type: "branch",
        branches: [
          { name: "pro", conditions: buildCondition("recipient.plan", "equal_to", "pro"), steps: [step.feed("Pro")] },
          { name: "default", steps: [step.feed("Free", {}, "in_app_feed_2")] },
        ],
      },
    ],
    scenario: [notify({}, { recipients: ["ana", "eli"] })],
    mutant: ['"argument":"pro"', '"argument":"team"'],
  },
  "an experiment": {
    steps: [
      {
        ref: "experiment_1",
        type: "random_cohort",
        cohort_branches: [
          { name: "A", percentage: 50, steps: [step.feed("A")] },
          { name: "B", percentage: 50, steps: [step.feed("B", {}, "in_app_feed_2")] },
        ],
      },
    ],
    scenario: [notify({}, { recipients: ["ana", "eli"] })],
    mutant: ['"markdown_body":"A"', '"markdown_body":"C"'],
  },
  "a throttle": {
    steps: [
      {
        ref: "throttle_1",
        type: "throttle",
        settings: { throttle_window: { unit: "hours", value: 1 }, throttle_limit: 1 },
      },
      step.feed("Hi"),
    ],
    scenario: [notify(), notify()],
    mutant: ['"throttle_limit":1', '"throttle_limit":2'],
  },
  "a condition of a step": {
    steps: [step.feed("Hi", { conditions: buildCondition("data.n", "greater_than", 5) })],
    scenario: [notify({ n: 3 }), notify({ n: 8 })],
    mutant: ['"argument":5', '"argument":2'],
  },
  "a preference for a channel type": {
    steps: [step.email(), step.feed("Hi")],
    scenario: [notify()],
    given: { preferences: { ana: { channel_types: { email: false } } } },
    mutant: ['"ref":"email_1"', '"ref":"email_9"'],
  },
  "a preference for a category": {
    workflow: { categories: ["news"] },
    steps: [step.feed("Hi")],
    scenario: [notify()],
    given: { preferences: { ana: { categories: { news: false } } } },
    mutant: ['"categories":["news"]', '"categories":[]'],
  },
  "a preference for a workflow with conditions": {
    steps: [step.feed("Hi")],
    scenario: [notify({ n: 1 }), notify({ n: 2 })],
    given: {
      preferences: {
        ana: { workflows: { story: { conditions: [{ variable: "data.n", operator: "equal_to", argument: "2" }] } } },
      },
    },
    mutant: ["Hi", "Ho"],
  },
  "overridden preferences": {
    workflow: { settings: { override_preferences: true } },
    steps: [step.feed("Hi")],
    scenario: [notify()],
    given: { preferences: { ana: { channel_types: { in_app_feed: false } } } },
    mutant: ['"override_preferences":true', '"override_preferences":false'],
  },
  "a tenant": {
    steps: [step.feed("{{ tenant.name }}")],
    scenario: [notify({}, { tenant: { id: "acme", name: "Acme" } })],
    mutant: ["tenant.name", "tenant.id"],
  },
  "an actor": {
    steps: [step.feed("{{ actor.name }}")],
    scenario: [notify({}, { actor: "eli" })],
    mutant: ["actor.name", "actor.email"],
  },
  "subscribers of an object": {
    steps: [step.feed("{{ recipient.id }} {{ recipient.subscription.role }}")],
    scenario: [notify({}, { recipients: [{ id: "p1", collection: "projects" }] })],
    given: {
      recipients: {
        objects: [{ id: "p1", collection: "projects", name: "One" }],
        subscriptions: [
          { object: { id: "p1", collection: "projects" }, recipient: "ana", properties: { role: "owner" } },
        ],
      },
    },
    mutant: ["recipient.subscription.role", "recipient.plan"],
  },
  "a recipient identified by the trigger": {
    steps: [step.feed("{{ recipient.name }}")],
    scenario: [notify({}, { recipients: [{ id: "new", name: "Newt" }] })],
    mutant: ["recipient.name", "recipient.id"],
  },
  "a cancellation": {
    steps: [step.delay("hours", 2), step.feed("Hi")],
    scenario: [notify({}, { cancellation_key: "k1" }), advance("1h"), { cancel: "k1" }, advance("2h")],
    mutant: ['"unit":"hours","value":2', '"unit":"minutes","value":2'],
  },
  "a frequency": {
    workflow: { trigger_frequency: "once_per_recipient" },
    steps: [step.feed("Hi")],
    scenario: [notify(), notify()],
    mutant: ['"trigger_frequency":"once_per_recipient"', '"trigger_frequency":"every_trigger"'],
  },
  "a send window": {
    steps: [step.email("S", "B", { send_windows: NIGHT })],
    scenario: [notify(), advance("10h")],
    mutant: ['"wednesday","type":"send","from":"18:00"', '"wednesday","type":"send","from":"19:00"'],
  },
  "missing data of a recipient": {
    steps: [step.sms("Hi"), step.feed("Hi")],
    scenario: [notify({}, { recipients: ["eli"] })],
    mutant: ['"ref":"sms_1"', '"ref":"sms_9"'],
  },
  "changed data and a changed user": {
    steps: [
      { ref: "update_1", type: "update_data", settings: { data: '{"total": {{ data.n | plus: 1 }}}' } },
      {
        ref: "user_1",
        type: "update_user",
        settings: { recipient_mode: "current", update_properties: '{"seen": {{ data.total }}}' },
      },
      step.feed("{{ data.total }} {{ recipient.seen }}"),
    ],
    scenario: [notify({ n: 1 })],
    mutant: ["plus: 1", "plus: 2"],
  },
  "the status of a message": {
    steps: [
      step.feed("Hi"),
      step.delay("hours", 1),
      step.sms("Unread", {
        conditions: buildCondition("refs.in_app_feed_1.engagement_status", "not_contains", "$message.read"),
      }),
    ],
    scenario: [notify(), { mark: { to: "ana", status: "read" } }, advance("1h")],
    mutant: ["$message.read", "$message.archived"],
  },
  "a workflow that triggers another": {
    steps: [
      { ref: "call_1", type: "trigger_workflow", settings: { workflow_key: "child" } },
      step.feed("{{ data.n }}"),
    ],
    scenario: [notify({ n: 1 })],
    mutant: ["{{ data.n }}", "{{ data.m }}"],
  },
};

const toKey = (title: string): string => `story-${Object.keys(STORIES).indexOf(title) + 1}`;
const toWorkflow = ({ steps, workflow }: Story): JsonObject => ({ name: "Story", ...workflow, steps });

const FILES: Files = {
  "knock.json": { knockDir: "./knock" },
  "knock/environment.json": {
    channels: { feed: { type: "in_app_feed" }, mail: { type: "email" }, text: { type: "sms" } },
    private_addresses: ["127.0.0.1"],
  },
  "knock/sources/shop/source.json": { name: "Shop", settings: { event_type_path: "type" } },
  "knock/recipients/people.json": {
    users: [
      { id: "ana", name: "Ana", email: "ana@lark.test", phone_number: "+15550000001", plan: "pro" },
      { id: "eli", name: "Eli", email: "eli@lark.test", plan: "free" },
    ],
  },
  "knock/workflows/child/workflow.json": { name: "Child", steps: [step.feed("child")] },
  ...Object.fromEntries(
    Object.entries(STORIES).map(([title, story]) => [
      `knock/workflows/${toKey(title)}/workflow.json`,
      toWorkflow(story),
    ]),
  ),
};

describe("a run becomes a scenario that passes, and that notices a change of its outcome", () => {
  let files: TemporaryProject;
  let project: ScenarioProject;
  beforeAll(async () => {
    files = new TemporaryProject(FILES);
    project = await ScenarioProject.open(files.root);
  });
  afterAll(async () => {
    await project.targets.close();
    files.remove();
  });

  it.each(Object.entries(STORIES))("%s", async (title, story) => {
    const key = toKey(title);
    const { scenario: steps, given = {} } = JSON.parse(
      JSON.stringify(story).replaceAll('"story"', `"${key}"`),
    ) as Story;
    // A scenario must be able to fail; the converted ones expect everything that happened.
    steps.push({ expect: { no_messages: [{ to: "eli", channel: "text" }] } });
    const source = {
      workflow: key,
      given: { time: "2025-06-04T10:00:00Z", ...given },
      scenarios: { [title]: { steps } },
    };
    const [scenario] = parseScenarios(source as never, "story.test.yaml") as [Scenario];
    expect((await project.run(scenario)).error?.message).toBeUndefined();
    const texts = (await project.convertRuns(scenario)).filter((text) => text.includes(`workflow: ${key}`));
    expect(texts.length).toBeGreaterThan(0);
    const [from, to] = story.mutant;
    const original = JSON.stringify(toWorkflow(story));
    const changed = original.replace(from, () => to);
    expect(changed).not.toBe(original);
    const mutant = parseWorkflow(key, JSON.parse(changed));
    const noticed: boolean[] = [];
    for (const text of texts) {
      const [converted] = parseScenarios(parse(text), "made.test.yaml") as [Scenario];
      const result = await project.run(converted);
      expect(result.status, `${JSON.stringify(result.failures)}${result.error?.message ?? ""}\n${text}`).toBe("passed");
      noticed.push((await project.run(converted, mutant)).status !== "passed");
    }
    expect(noticed, texts.join("\n")).toContain(true);
  });
});
