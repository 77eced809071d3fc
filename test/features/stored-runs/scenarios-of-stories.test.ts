import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { resolveChannelTypes } from "../../../src/domain/project/resolve-channel-types.js";
import { parseWorkflow } from "../../../src/domain/workflow/parse-workflow.js";
import { parseScenarios, type Scenario } from "../../../src/scenarios/parse-scenarios.js";
import type { Json, JsonObject } from "../../../src/util/json.js";
import { buildCondition, step } from "../../helpers/build-steps.js";
import { ScenarioProject } from "../../helpers/scenario-project.js";
import { TemporaryProject } from "../../helpers/temporary-project.js";

const TIME = "2025-06-04T10:00:00Z";
const API_KEY = "s3cret-value";
const HOUR = { unit: "hours", value: 1 };
const ANSWERS = [
  { url: "https://api.test/1", body: { name: "Ship it" } },
  { url: "https://api.test/2", status: 404 },
  { url: `https://api.test/${API_KEY}`, body: { name: "Secret" } },
];
const ENVIRONMENT: JsonObject = {
  name: "development",
  channels: {
    mail: { type: "email", provider: "postmark", settings: { from_address: "a@lark.test" } },
    feed: { type: "in_app_feed" },
    text: { type: "sms", provider: "twilio" },
    ios: { type: "push", provider: "push_apns" },
  },
  variables: { api_key: { value: "$API_KEY", secret: true } },
  preferences: { default: { categories: { muted: { channel_types: { sms: false } } } } },
};
const RECIPIENTS = {
  users: [
    { id: "ana", name: "Ana Lark", email: "ana@lark.test", phone_number: "+15550000001", plan: "pro" },
    { id: "bo", name: "Bo", email: "bo@lark.test", plan: "free" },
    { id: "eli", preferences: { default: { workflows: { "preference-of-workflow": false } } } },
    { id: "fay", preferences: { default: { categories: { news: { channel_types: { in_app_feed: false } } } } } },
  ],
  objects: [{ collection: "projects", id: "p1", name: "Kestrel" }],
  subscriptions: [{ object: { collection: "projects", id: "p1" }, recipient: "bo", properties: { level: "gold" } }],
  tenants: [{ id: "acme", name: "Acme", settings: { preference_set: { channel_types: { sms: false } } } }],
};

const batch = (settings: JsonObject = {}): JsonObject => ({
  ref: "batch_1",
  type: "batch",
  settings: { batch_window: HOUR, ...settings },
});
const BATCHED = step.feed("{{ total_activities }}: {% for item in activities %}{{ item.n }} {% endfor %}");
const wait = (onTimeout = "halt"): JsonObject => ({
  ref: "wait_1",
  type: "wait_for_event",
  settings: {
    event: { event_type: "message", source_type: "workflow", source_key: "wait", event_key: "seen" },
    expires_after: HOUR,
    on_match: "continue",
    on_timeout: onTimeout,
    match_conditions: [
      {
        operator: "and",
        conditions: [{ variable: "event.step_ref", operator: "equal_to", argument: "in_app_feed_1" }],
      },
    ],
  },
});
const LATER = step.feed("Later", {}, "feed_2");
const fetchStep = (url: string): JsonObject => ({
  ref: "fetch_1",
  type: "http_fetch",
  settings: { method: "get", url, response_path: "got" },
});
const FETCHED = step.feed("Got {{ data.got.name }}");
const branch = (operator: string): JsonObject => ({
  ref: "branch_1",
  type: "branch",
  branches: [
    {
      name: "Pro",
      conditions: buildCondition("recipient.plan", operator, "pro"),
      steps: [step.feed("Pro")],
      terminates: false,
    },
    { name: "Default", steps: [LATER], terminates: false },
  ],
});
const cohorts = (...bodies: string[]): JsonObject => ({
  ref: "cohort_1",
  type: "random_cohort",
  cohort_branches: bodies.map((body, at) => ({
    name: `C${at}`,
    percentage: 100 / bodies.length,
    steps: [step.feed(body, {}, `feed_${at}`)],
  })),
});
const throttle = (throttle_limit: number): JsonObject => ({
  ref: "throttle_1",
  type: "throttle",
  settings: { throttle_window: HOUR, throttle_limit },
});
const DAYS = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];
const windows = (from: string): JsonObject => ({
  send_windows: DAYS.map((day) => ({ day, type: "send", from, until: "17:00:00" })),
});
const changing = (type: string, settings: JsonObject): JsonObject => ({
  ref: "update_1",
  type,
  settings: { ...(type === "update_user" ? { recipient_mode: "current" } : {}), ...settings },
});
const UNREAD = buildCondition("refs.in_app_feed_1.engagement_status", "not_contains", "$message.read");
const calling = (workflow_key: string): JsonObject => ({
  ref: "call_1",
  type: "trigger_workflow",
  settings: { workflow_key, recipients: "{{ recipient.id }}" },
});

const notify = (data: JsonObject = {}, more: JsonObject = {}): JsonObject => ({
  notify: { recipients: ["ana"], ...(Object.keys(data).length === 0 ? {} : { data }), ...more },
});
const HOUR_LATER = { advance: "1h" };

interface Story {
  workflow: JsonObject[] | JsonObject;
  /** A change of the workflow which its scenario must notice. */
  mutant: JsonObject[] | JsonObject;
  /** Default: one trigger for ana. */
  steps?: JsonObject[];
  given?: JsonObject;
  /** A line of the scenario. */
  contains?: string;
  /** Texts that the scenario must not contain. */
  excludes?: readonly string[];
}

/** Secrets in data, by their form, the names of their properties and their places in texts. */
const SECRETS: Record<string, JsonObject> = {
  sk_live_51H8xyzABCDEF: { note: "Use sk_live_51H8xyzABCDEF." },
  "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl": { note: "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl" },
  c2VjcmV0LWJlYXJlcg: { headers: { "x-forwarded": "Bearer c2VjcmV0LWJlYXJlcg" } },
  "basic-1234": { headers: { Authorization: "basic-1234" } },
  "reset-5678": { link: "https://lark.test/reset?id=1&token=reset-5678#top" },
  "4711": { login: { pin: "4711" } },
  "hunter2-a": { list: [{ password: "hunter2-a" }] },
};
const SECRET_DATA = Object.fromEntries(Object.values(SECRETS).map((data, at) => [`item_${at}`, data]));

/** A story for each behavior of a run, by the key of its workflow. */
const STORIES: Record<string, Story> = {
  "batch-of-many": {
    workflow: [batch(), BATCHED],
    mutant: [batch({ batch_window: { unit: "hours", value: 2 } }), BATCHED],
    steps: [...Array.from({ length: 12 }, (_, n) => notify({ n })), HOUR_LATER],
    contains: 'body: "12: 0 1 2 3 4 5 6 7 8 9"',
  },
  "batch-by-key": {
    workflow: [batch({ batch_key: "data.page" }), BATCHED],
    mutant: [batch({ batch_key: "data.n" }), BATCHED],
    steps: [notify({ n: 1, page: "a" }), notify({ n: 2, page: "b" }), notify({ n: 3, page: "b" }), HOUR_LATER],
    contains: 'body: "2: 2 3"',
  },
  "batch-with-leading-run": {
    workflow: [batch({ batch_execution_mode: "flush_leading" }), BATCHED],
    mutant: [batch(), BATCHED],
    steps: [notify({ n: 1 }), { advance: "1m" }, notify({ n: 2 }), { advance: "1m" }, notify({ n: 3 }), HOUR_LATER],
    contains: 'body: "2: 2 3"',
  },
  "batch-with-limit": {
    workflow: [batch({ batch_items_max_limit: 2 }), BATCHED],
    mutant: [batch({ batch_items_max_limit: 3 }), BATCHED],
    steps: [notify({ n: 1 }), notify({ n: 2 })],
    contains: 'body: "2: 1 2"',
  },
  delay: {
    workflow: [step.delay("hours", 1), LATER],
    mutant: [step.delay("hours", 2), LATER],
    steps: [notify(), HOUR_LATER],
  },
  "delay-until": {
    workflow: [step.delayUntil("data.due"), LATER],
    mutant: [step.delayUntil("data.other"), LATER],
    steps: [notify({ due: "2025-06-04T10:30:00Z", other: "2025-06-04T10:40:00Z" }), HOUR_LATER],
    contains: "until: 2025-06-04T10:30:00Z",
  },
  wait: {
    workflow: [step.feed("Hi"), wait(), LATER],
    mutant: [step.feed("Hi"), wait(), step.feed("Other", {}, "feed_2")],
    steps: [notify(), { advance: "1m" }, { mark: { to: "ana", step: "in_app_feed_1", status: "seen" } }],
    contains: "- mark:",
  },
  "wait-without-event": {
    workflow: [wait("continue"), LATER],
    mutant: [wait("halt"), LATER],
    steps: [notify(), HOUR_LATER],
    contains: "body: Later",
  },
  fetch: {
    workflow: [fetchStep("https://api.test/1"), FETCHED],
    mutant: [fetchStep("https://api.test/2"), FETCHED],
    contains: "body: Got Ship it",
  },
  "failing-fetch": {
    workflow: [fetchStep("https://api.test/2"), FETCHED],
    mutant: [{ ...fetchStep("https://api.test/2"), conditions: buildCondition("data.go", "equal_to", true) }, FETCHED],
    contains: "status: 404",
  },
  "fetch-with-secret": {
    workflow: [fetchStep("https://api.test/{{ vars.api_key }}"), step.feed("{{ vars.api_key }} {{ data.got.name }}")],
    mutant: [fetchStep("https://api.test/{{ vars.api_key }}"), step.feed("{{ vars.api_key }}")],
    contains: "api_key: redacted",
    excludes: [API_KEY],
  },
  branch: { workflow: [branch("equal_to")], mutant: [branch("not_equal_to")], contains: "branch: Pro" },
  experiment: { workflow: [cohorts("A", "B")], mutant: [cohorts("C", "D")], contains: "branch: C" },
  throttle: {
    workflow: [throttle(1), step.feed("{{ data.n }}")],
    mutant: [throttle(2), step.feed("{{ data.n }}")],
    steps: [notify({ n: 1 }), { advance: "1m" }, notify({ n: 2 })],
    contains: "reason: throttled",
  },
  "preference-of-workflow": {
    workflow: [step.feed("Hi")],
    mutant: { steps: [step.feed("Hi")], settings: { override_preferences: true } },
    steps: [notify({}, { recipients: ["eli"] })],
    contains: "reason: preference",
  },
  "preference-of-category": {
    workflow: { categories: ["news"], steps: [step.feed("Hi")] },
    mutant: [step.feed("Hi")],
    steps: [notify({}, { recipients: ["fay"] })],
    contains: "reason: preference",
  },
  "preference-of-environment": {
    workflow: { categories: ["muted"], steps: [step.sms("Hi")] },
    mutant: [step.sms("Hi")],
    contains: "reason: preference",
  },
  "preference-of-tenant": {
    workflow: [step.sms("Hi")],
    mutant: [step.feed("Hi", {}, "sms_1")],
    steps: [notify({}, { tenant: "acme" })],
    contains: "reason: preference",
  },
  condition: {
    workflow: [step.feed("Hi", { conditions: buildCondition("data.n", "greater_than", 1) })],
    mutant: [step.feed("Hi", { conditions: buildCondition("data.n", "greater_than", 0) })],
    steps: [notify({ n: 1 })],
    contains: "reason: condition",
  },
  tenant: {
    workflow: [step.feed("At {{ tenant.name }}")],
    mutant: [step.feed("At {{ tenant.id }}!")],
    steps: [notify({}, { tenant: "acme" })],
    contains: "body: At Acme",
  },
  subscribers: {
    workflow: [step.feed("{{ recipient.subscription.level }} {{ recipient.subscription.object.name }}")],
    mutant: [step.feed("{{ recipient.subscription.level }}")],
    steps: [notify({}, { recipients: [{ collection: "projects", id: "p1" }] })],
    contains: "body: gold Kestrel",
  },
  "inline-identify": {
    workflow: [step.email("For {{ recipient.plan }}")],
    mutant: [step.email("For {{ recipient.role }}")],
    steps: [notify({}, { recipients: [{ id: "gil", email: "gil@lark.test", plan: "team" }] })],
    contains: "subject: For team",
  },
  actor: {
    workflow: [step.feed("By {{ actor.plan }}")],
    mutant: [step.feed("By {{ recipient.plan }}")],
    steps: [notify({}, { actor: "bo" })],
    contains: "body: By free",
  },
  cancellation: {
    workflow: [step.delay("hours", 1), LATER],
    mutant: [LATER],
    steps: [notify({}, { cancellation_key: "k1" }), { advance: "1m" }, { cancel: { cancellation_key: "k1" } }],
    contains: "cancelled: 1",
  },
  "send-window": {
    workflow: [step.feed("Hi", windows("12:00:00"))],
    mutant: [step.feed("Hi", windows("13:00:00"))],
    steps: [notify(), { advance: "3h" }],
    contains: "until: 2025-06-04T12:00:00Z",
  },
  "trigger-frequency": {
    workflow: { trigger_frequency: "once_per_recipient", steps: [step.feed("Hi")] },
    mutant: [step.feed("Hi")],
    steps: [notify(), { advance: "1m" }, notify()],
    contains: "in_app_feed_1: not_reached",
  },
  "missing-channel-data": {
    workflow: [step.sms("Hi")],
    mutant: [step.feed("Hi", {}, "sms_1")],
    steps: [notify({}, { recipients: ["bo"] })],
    contains: "reason: missing_recipient_data",
  },
  "failing-delivery": {
    workflow: [step.email()],
    mutant: [step.feed("B", {}, "email_1")],
    given: { failures: [{ channel: "mail", error: "bounced" }] },
    contains: "reason: delivery_error",
  },
  attachments: {
    workflow: [
      step.email("S", "B", { template: { subject: "S", html_body: "B", settings: { attachment_key: "file" } } }),
    ],
    mutant: [step.email()],
    steps: [notify({ file: [{ name: "a.txt", content_type: "text/plain", content: "aGk=" }] })],
  },
  secrets: {
    workflow: [step.feed("{{ data.item_1.note }} {{ data.item_5.link }} {{ data.item_0.login.pin }}")],
    mutant: [step.feed("{{ data.item_1.note }}")],
    steps: [notify(SECRET_DATA)],
    contains: "&token=token-",
    excludes: Object.keys(SECRETS),
  },
  "changed-data": {
    workflow: [changing("update_data", { data: '{"total": {{ data.n | plus: 1 }}}' }), step.feed("{{ data.total }}")],
    mutant: [changing("update_data", { data: '{"total": {{ data.n | plus: 2 }}}' }), step.feed("{{ data.total }}")],
    steps: [notify({ n: 1 })],
    contains: 'body: "2"',
  },
  "changed-user": {
    workflow: [changing("update_user", { update_properties: '{"plan": "team"}' }), step.feed("{{ recipient.plan }}")],
    mutant: [changing("update_user", { update_properties: '{"plan": "solo"}' }), step.feed("{{ recipient.plan }}")],
    contains: "body: team",
  },
  "message-status": {
    workflow: [step.feed("Hi"), step.delay("hours", 1), step.sms("Unread", { conditions: UNREAD })],
    mutant: [step.feed("Hi"), step.delay("hours", 1), step.sms("Unread")],
    steps: [notify(), { mark: { to: "ana", status: "read" } }, HOUR_LATER],
    contains: "reason: condition",
  },
  "nested-trigger": { workflow: [calling("child")], mutant: [calling("other-child")], contains: "body: From child" },
};

const HELPERS: Record<string, JsonObject[]> = { child: [step.feed("From child")], "other-child": [step.feed("Other")] };
/** The only differences from a run that its scenario may state: none. */
const HEAD = /^# Reproduces a run of \S+\. Run it with `knock test`\.\nworkflow:/;

const toDefinition = (name: string, workflow: Story["workflow"]): JsonObject => ({
  name,
  ...(Array.isArray(workflow) ? { steps: workflow } : workflow),
});

describe("knock runs show --as-scenario", () => {
  let files: TemporaryProject;
  let project: ScenarioProject;

  beforeAll(async () => {
    const workflows: [string, Json][] = [
      ...Object.entries(STORIES).map(([key, { workflow }]): [string, Json] => [key, toDefinition(key, workflow)]),
      ...Object.entries(HELPERS).map(([key, steps]): [string, Json] => [key, toDefinition(key, steps)]),
    ];
    files = new TemporaryProject({
      "knock.json": { knockDir: "./knock" },
      "knock/environment.json": { ...ENVIRONMENT, fetch: { answers: ANSWERS } },
      ...Object.fromEntries(workflows.map(([key, value]) => [`knock/workflows/${key}/workflow.json`, value])),
    });
    project = await ScenarioProject.open(files.root, { API_KEY });
  });
  afterAll(async () => {
    await project.targets.close();
    files.remove();
  });

  it.each(Object.keys(STORIES))(
    "turns a run with %s into a scenario that passes, and fails with a mutant",
    async (key) => {
      const { steps = [notify()], given = {}, contains = "", excludes = [], mutant } = STORIES[key] as Story;
      const state = { time: TIME, recipients: RECIPIENTS, ...given };
      const story = { name: key, path: [], workflow: key, given: state, steps, skip: null, problems: [] };
      const scenario = story as unknown as Scenario;
      const [newest = ""] = await project.convertRuns(scenario, ({ run }) => run.workflow === key);
      expect(newest).toMatch(HEAD);
      expect(newest).toContain(contains);
      for (const secret of excludes) expect(newest).not.toContain(secret);
      const [converted] = parseScenarios(parse(newest), "made.test.yaml") as [Scenario];
      expect(await project.run(converted), newest).toMatchObject({ status: "passed" });
      const changed = resolveChannelTypes(
        parseWorkflow(key, toDefinition(key, mutant)),
        await project.project.environment(),
      );
      const { status } = await project.run(converted, { ...changed, version_id: crypto.randomUUID() });
      expect(status, newest).not.toBe("passed");
    },
  );
});
