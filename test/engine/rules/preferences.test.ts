import { describe, expect, it } from "vitest";
import type { JsonObject } from "../../../src/util/json.js";
import { step } from "../../helpers/build-steps.js";
import { formatRuns, withHarness } from "../../helpers/engine-case.js";

/** A case with the recipient bo and the workflow `digest` in category `updates` with one email, unless its fields say otherwise. */
interface Row {
  title: string;
  /** The environment's default preferences. */
  environment?: JsonObject;
  /** The recipient's preference sets by ID. */
  sets?: JsonObject;
  /** A stored tenant, which is also the trigger's tenant. */
  tenant?: JsonObject;
  workflow?: JsonObject;
  recipient?: JsonObject;
  data?: JsonObject;
  /** The outcomes of the run's steps. */
  steps: string;
}

const on = (set: JsonObject): JsonObject => ({ default: set });
const SENT = "email_1 sent";
const out = (detail: string, ref = "email_1") => `${ref} skipped preference (${detail})`;

const ana = { id: "ana" };
const acme = (preference_set: JsonObject | null): JsonObject => ({ id: "acme", settings: { preference_set } });
const noEmail: JsonObject = { channel_types: { email: false } };
const replaced: JsonObject = {
  categories: {
    updates: { __strategy__: "replace", channel_types: { email: false } },
    tips: { channel_types: { email: false } },
  },
};
const optedIn: JsonObject = {
  acme: {
    categories: { updates: { channel_types: { email: true } }, tips: { channel_types: { email: true } } },
  },
};
const muted = { variable: "recipient.muted", operator: "not_contains", argument: "data.item" };
const level = { variable: "data.level", operator: "greater_than", argument: "2" };
const levelSet = on({ channel_types: { email: { conditions: [level] } } });

const rows: Row[] = [
  { title: "C-103 E-136 an email is sent without preferences", steps: SENT },
  {
    title: "C-104 E-147 E-159 a channel type that is off skips the step",
    sets: on(noEmail),
    steps: out("channel_types.email = false"),
  },
  {
    title: "C-105 E-150 a channel that is on overrides its type that is off",
    sets: on({ ...noEmail, channels: { "c-mail": true } }),
    steps: SENT,
  },
  {
    title: "C-106 E-150 another channel of the type does not override it",
    sets: on({ ...noEmail, channels: { "c-mail": true } }),
    workflow: { steps: [step.email("S", "B", {}, "promo")] },
    steps: out("channel_types.email = false"),
  },
  {
    title: "C-107 E-150 a channel that is off skips the step although its type is on",
    sets: on({ channels: { "c-mail": false }, channel_types: { email: true } }),
    steps: out("channels.mail = false"),
  },
  {
    title: "C-108 E-149 a category that is off skips the step",
    sets: on({ categories: { updates: false }, channels: { "c-mail": true } }),
    steps: out("categories.updates = false"),
  },
  {
    title: "C-109 E-148 one of two categories that is off skips the step",
    sets: on({ categories: { updates: true, ops: false } }),
    workflow: { categories: ["updates", "ops"] },
    steps: out("categories.ops = false"),
  },
  {
    title: "C-110 E-148 categories are case-sensitive",
    sets: on({ categories: { Updates: false } }),
    steps: SENT,
  },
  {
    title: "C-111 E-147 a channel type that is off skips the step although the workflow is on",
    sets: on({ workflows: { digest: true }, ...noEmail }),
    steps: out("channel_types.email = false"),
  },
  {
    title: "C-112 E-147 a workflow may have channel types",
    recipient: ana,
    sets: on({ workflows: { digest: { channel_types: { email: false, sms: true } } } }),
    workflow: { steps: [step.email(), step.sms()] },
    steps: `${out("workflows.digest.channel_types.email = false")}, sms_1 sent`,
  },
  {
    title: "C-113 E-151 a channel in one level does not override a type in another",
    sets: on({ workflows: { digest: { channels: { "c-mail": true } } }, ...noEmail }),
    steps: out("channel_types.email = false"),
  },
  {
    title: "C-114 E-150 a channel overrides its type within one level",
    sets: on({ workflows: { digest: { ...noEmail, channels: { "c-mail": true } } } }),
    steps: SENT,
  },
  {
    title: "C-115 E-139 E-142 the recipient's value overrides the environment's",
    recipient: ana,
    environment: { channel_types: { sms: false }, categories: { updates: true } },
    sets: on({ channel_types: { sms: true } }),
    workflow: { steps: [step.sms()] },
    steps: "sms_1 sent",
  },
  {
    title: "C-116 E-142 the environment's value is used for settings that the recipient leaves out",
    environment: { categories: { updates: false } },
    sets: on({ channel_types: { email: true } }),
    steps: out("categories.updates = false in the environment's defaults"),
  },
  {
    title: "C-117 E-140 tenant defaults override the recipient's default set",
    tenant: acme({ categories: { updates: true } }),
    sets: on(noEmail),
    steps: SENT,
  },
  {
    title: "C-118 E-141 the default set is used for a tenant without preferences",
    tenant: { id: "acme" },
    sets: on(noEmail),
    steps: out("channel_types.email = false"),
  },
  {
    title: "C-119 E-140 the recipient's set for the tenant overrides the tenant's defaults",
    tenant: acme(noEmail),
    sets: { acme: { channel_types: { email: true } } },
    steps: SENT,
  },
  {
    title: "C-120 E-144 E-145 tenant defaults with __strategy__ replace override the recipient's set",
    tenant: acme({ channel_types: { __strategy__: "replace", email: false } }),
    sets: { acme: { channel_types: { email: true } } },
    steps: out("channel_types.email = false in the defaults of tenant acme"),
  },
  {
    title: "C-121 E-144 the strategy replace of one category does not affect another",
    tenant: acme(replaced),
    sets: optedIn,
    workflow: { categories: ["tips"] },
    steps: SENT,
  },
  {
    title: "C-121 E-144 the strategy replace of a category overrides the recipient's set",
    tenant: acme(replaced),
    sets: optedIn,
    steps: out("categories.updates.channel_types.email = false in the defaults of tenant acme"),
  },
  {
    title: "C-123 E-152 a false condition of the workflow's entry skips the step",
    recipient: { id: "bo", muted: ["i1"] },
    sets: on({ workflows: { digest: { conditions: [muted] } } }),
    data: { item: "i1" },
    steps: out('workflows.digest conditions not met: recipient.muted not_contains "i1" (was ["i1"])'),
  },
  {
    title: "C-123 E-152 a true condition of the workflow's entry sends the message",
    recipient: { id: "bo", muted: ["i1"] },
    sets: on({ workflows: { digest: { conditions: [muted] } } }),
    data: { item: "i2" },
    steps: SENT,
  },
  {
    title: "C-124 E-152 one of two conditions that is false skips the step",
    recipient: { id: "bo", muted: ["i1"] },
    sets: on({
      workflows: {
        digest: { conditions: [muted, { variable: "recipient.plan", operator: "equal_to", argument: "pro" }] },
      },
    }),
    data: { item: "i2" },
    steps: out('workflows.digest conditions not met: recipient.plan equal_to "pro" (was "free")'),
  },
  {
    title: "C-127 E-156 override_preferences ignores preferences",
    sets: on({
      workflows: { digest: false },
      categories: { updates: false },
      channels: { "c-mail": false },
      ...noEmail,
    }),
    workflow: { settings: { override_preferences: true } },
    steps: SENT,
  },
  {
    title: "C-128 E-157 a commercial workflow skips an unsubscribed recipient",
    recipient: ana,
    sets: on({ commercial_subscribed: false }),
    workflow: { settings: { is_commercial: true }, steps: [step.email(), step.sms()] },
    steps: `${out("commercial_subscribed = false")}, ${out("commercial_subscribed = false", "sms_1")}`,
  },
  {
    title: "C-129 E-157 a workflow that is not commercial ignores unsubscribing",
    recipient: ana,
    sets: on({ commercial_subscribed: false }),
    workflow: { steps: [step.email(), step.sms()] },
    steps: `${SENT}, sms_1 sent`,
  },
  {
    title: "C-130 E-146 commercial_subscribed is read from the default set, with or without a tenant set",
    tenant: { id: "acme" },
    sets: { default: { commercial_subscribed: false }, acme: { channel_types: { email: true } } },
    workflow: { settings: { is_commercial: true } },
    steps: out("commercial_subscribed = false"),
  },
  {
    title: "C-133 E-137 E-135 an object has its own preference set",
    recipient: { collection: "projects", id: "p1" },
    sets: on({ channel_types: { http: false } }),
    workflow: { steps: [step.webhook()] },
    steps: out("channel_types.http = false", "hook_1"),
  },
  {
    title: "C-135 E-143 an object replaces a boolean",
    environment: { categories: { updates: false } },
    sets: on({ categories: { updates: { channel_types: { email: true } } } }),
    steps: SENT,
  },
  {
    title: "C-136 E-134 E-152 a condition on a channel type is true for 3",
    sets: levelSet,
    data: { level: 3 },
    steps: SENT,
  },
  {
    title: "C-136 E-134 E-152 a condition on a channel type is false for 2",
    sets: levelSet,
    data: { level: 2 },
    steps: out("channel_types.email conditions not met: data.level greater_than 2 (was 2)"),
  },
  {
    title: "C-136 E-134 E-152 a condition on a channel type is false for an absent value",
    sets: levelSet,
    steps: out("channel_types.email conditions not met: data.level greater_than 2 (was missing)"),
  },
  {
    title: "C-137 E-148 a category that the workflow does not have is ignored",
    sets: on({ categories: { other: false } }),
    steps: SENT,
  },
  {
    title: "C-139 E-138 E-141 tenant defaults of null are ignored",
    tenant: acme(null),
    sets: on(noEmail),
    steps: out("channel_types.email = false"),
  },
];

describe("G. Preferences: one decision per row", () => {
  it.each(rows.map((row) => [row.title, row] as const))("%s", (_title, row) =>
    withHarness(async (h) => {
      h.environment.preferences = row.environment ?? {};
      const recipient: JsonObject = row.recipient ?? { id: "bo" };
      await h.identify({ ...recipient, preferences: row.sets ?? {} });
      if (row.tenant) await h.identify({ collection: "$tenants", ...row.tenant });
      h.define("digest", { categories: ["updates"], steps: [step.email()], ...row.workflow });

      const { collection, id } = recipient;
      const outcome = await h.trigger("digest", {
        recipients: [collection === undefined ? (id as string) : { collection, id: id as string }],
        data: row.data ?? {},
        tenant: (row.tenant?.id as string | undefined) ?? null,
      });

      const name = collection === undefined ? String(id) : `${collection}/${id}`;
      expect(formatRuns(outcome)).toEqual({ [name]: `completed: ${row.steps}` });
      const sent = row.steps.split(", ").filter((words) => words.endsWith(" sent")).length;
      expect(await h.listMessages()).toHaveLength(sent);
      expect(h.deliveredMessages).toHaveLength(sent);
      expect(outcome.summary).toMatchObject({ sent, skipped: row.steps.split(", ").length - sent, failed: 0 });
    }),
  );
});

describe("E-159 the step's event shows the preference set, its path and the conditions that decided", () => {
  const conditions = [level];
  const acmeOwn = { acme: { channels: { mail: false } } };
  it.each<[title: string, row: Partial<Row>, data: JsonObject]>([
    [
      "shows the recipient's own set",
      { sets: on(noEmail) },
      {
        level: "channel_type",
        preference: { set: "recipient", id: "default", path: "channel_types.email", value: false },
      },
    ],
    [
      "shows the recipient's set for the tenant",
      { tenant: { id: "acme" }, sets: acmeOwn },
      { level: "channel", preference: { set: "recipient", id: "acme", path: "channels.mail", value: false } },
    ],
    [
      "shows the tenant's defaults",
      { tenant: acme({ categories: { updates: false } }), sets: on({ categories: { updates: true } }) },
      {
        level: "category",
        preference: { set: "tenant_default", id: "acme", path: "categories.updates", value: false },
      },
    ],
    [
      "shows the environment's defaults with their conditions",
      { environment: { workflows: { digest: { conditions } } }, data: { level: 1 } },
      {
        level: "workflow",
        preference: {
          set: "environment_default",
          id: null,
          path: "workflows.digest.conditions",
          conditions: [{ ...level, argument: 2, value: 1, result: false }],
        },
      },
    ],
  ])("%s", (_title, row, data) =>
    withHarness(async (h) => {
      h.environment.preferences = row.environment ?? {};
      await h.identify({ id: "bo", preferences: row.sets ?? {} });
      if (row.tenant) await h.identify({ collection: "$tenants", ...row.tenant });
      h.define("digest", { categories: ["updates"], steps: [step.email()] });
      const tenant = (row.tenant?.id as string | undefined) ?? null;
      const outcome = await h.trigger("digest", { recipients: ["bo"], data: row.data ?? {}, tenant });
      const run = await h.engine.readRecipientRun(outcome.recipients?.[0]?.recipient_run_id as string);
      const skipped = ((run?.events ?? []) as JsonObject[]).find(({ event }) => event === "step_skipped");
      const detail = outcome.recipients?.[0]?.steps[0]?.reason?.detail;
      expect(skipped?.data).toEqual({ reason: "recipient_opted_out", detail, ...data });
    }),
  );
});
