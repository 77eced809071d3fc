import { describe, expect, it } from "vitest";
import type { Condition } from "../../../src/domain/condition/condition.js";
import type { ChannelType } from "../../../src/domain/message/channel-types.js";
import {
  decidePreferences,
  mergePreferenceSets,
  type PreferenceDecision,
  type PreferenceRequest,
  resolvePreferenceSet,
} from "../../../src/domain/preferences/decide-preferences.js";
import type { PreferenceSet, PreferenceSets } from "../../../src/domain/recipient/preference-set.js";

const MAIL = { id: "c-mail", key: "mail", type: "email" as ChannelType };
const PROMO = { id: "c-promo", key: "promo", type: "email" as ChannelType };
const TEXT = { id: "c-text", key: "text", type: "sms" as ChannelType };
const HOOK = { id: "c-hook", key: "hook", type: "http" as ChannelType };
const DIGEST = { key: "digest", categories: ["updates"], is_commercial: false, override_preferences: false };
const COMMERCIAL = { ...DIGEST, is_commercial: true };

const SENT: PreferenceDecision = { allowed: true };
type Level = Extract<PreferenceDecision, { allowed: false }>["level"];
type Refusal = Extract<PreferenceDecision, { allowed: false }>;
const out = (level: Level, detail: string): PreferenceDecision =>
  expect.objectContaining({ allowed: false, level, detail }) as Refusal;

type DecideOptions = Partial<Pick<PreferenceRequest, "workflow" | "channel" | "evaluate">>;

function decide(set: PreferenceSet, options: DecideOptions = {}): PreferenceDecision {
  return decidePreferences({ set, workflow: DIGEST, channel: MAIL, evaluate: () => true, ...options });
}

const CONDITION: Condition = { variable: "data.level", operator: "greater_than", argument: "2" };
const CONDITIONAL = { conditions: [CONDITION] };

describe("values that are not set", () => {
  const off = { channel_types: { email: false } };

  it.each<[id: string, base: PreferenceSet, over: PreferenceSet, expected: PreferenceSet]>([
    ["E-142 a null section", off, { channel_types: null, categories: {} }, { ...off, categories: {} }],
    [
      "E-142 a null value",
      off,
      { channel_types: { email: undefined, sms: true } },
      { channel_types: { email: false, sms: true } },
    ],
    ["E-142 over a null section", { channel_types: null }, off, off],
    ["E-142 only nulls", off, { channel_types: null, workflows: null }, off],
  ])("leave the base unchanged: %s", (_id, base, over, expected) => {
    expect(mergePreferenceSets(base, over)).toEqual(expected);
  });

  it("do not make the defaults of a tenant empty (E-140)", () => {
    const sources = { recipient: {}, tenant: "acme", environment: {} };
    const set = resolvePreferenceSet({ ...sources, tenantDefaults: { categories: null, ...off } });
    expect(set.channel_types).toEqual(off.channel_types);
  });

  it("have no set of a tenant (E-140)", () => {
    const recipient = { null: off };
    expect(resolvePreferenceSet({ recipient, tenant: null, tenantDefaults: off, environment: {} })).toEqual({});
  });
});

describe("decidePreferences", () => {
  it.each<[id: string, set: PreferenceSet, options: DecideOptions | undefined, expected: PreferenceDecision]>([
    ["C-103 E-136", {}, {}, SENT],
    ["E-136 nulls are not set", { channel_types: null, channels: null, categories: null, workflows: null }, {}, SENT],
    ["C-104 E-147", { channel_types: { email: false } }, {}, out("channel_type", "channel_types.email = false")],
    ["C-105 E-150", { channel_types: { email: false }, channels: { "c-mail": true } }, {}, SENT],
    ["C-105 by key", { channel_types: { email: false }, channels: { mail: true } }, {}, SENT],
    [
      "C-106",
      { channel_types: { email: false }, channels: { "c-mail": true } },
      { channel: PROMO },
      out("channel_type", "channel_types.email = false"),
    ],
    [
      "C-107 E-150",
      { channels: { "c-mail": false }, channel_types: { email: true } },
      {},
      out("channel", "channels.mail = false"),
    ],
    ["id before key", { channels: { "c-mail": true, mail: false } }, {}, SENT],
    [
      "C-108 E-149",
      { categories: { updates: false }, channels: { "c-mail": true } },
      {},
      out("category", "categories.updates = false"),
    ],
    [
      "C-109 E-148",
      { categories: { updates: true, ops: false } },
      { workflow: { ...DIGEST, categories: ["updates", "ops"] } },
      out("category", "categories.ops = false"),
    ],
    ["C-110 EQ-66", { categories: { Updates: false } }, {}, SENT],
    [
      "C-111 E-147",
      { workflows: { digest: true }, channel_types: { email: false } },
      {},
      out("channel_type", "channel_types.email = false"),
    ],
    [
      "C-112 email",
      { workflows: { digest: { channel_types: { email: false, sms: true } } } },
      {},
      out("workflow", "workflows.digest.channel_types.email = false"),
    ],
    ["C-112 sms", { workflows: { digest: { channel_types: { email: false, sms: true } } } }, { channel: TEXT }, SENT],
    [
      "C-113 E-151 EQ-23",
      { workflows: { digest: { channels: { "c-mail": true } } }, channel_types: { email: false } },
      {},
      out("channel_type", "channel_types.email = false"),
    ],
    ["C-114", { workflows: { digest: { channel_types: { email: false }, channels: { "c-mail": true } } } }, {}, SENT],
    ["another workflow", { workflows: { other: false } }, {}, SENT],
    [
      "C-133 E-137",
      { channel_types: { http: false } },
      { channel: HOOK },
      out("channel_type", "channel_types.http = false"),
    ],
    ["C-137 EQ-66", { categories: { other: false } }, {}, SENT],
    [
      "E-148 a property name of every object",
      {},
      { workflow: { ...DIGEST, key: "constructor", categories: ["toString"] } },
      SENT,
    ],
    [
      "C-127 E-156",
      { workflows: { digest: false }, categories: { updates: false }, channel_types: { email: false } },
      { workflow: { ...DIGEST, override_preferences: true } },
      SENT,
    ],
    [
      "C-128 E-157 email",
      { commercial_subscribed: false },
      { workflow: COMMERCIAL },
      out("commercial", "commercial_subscribed = false"),
    ],
    [
      "C-128 E-157 sms",
      { commercial_subscribed: false },
      { workflow: COMMERCIAL, channel: TEXT },
      out("commercial", "commercial_subscribed = false"),
    ],
    ["C-129 E-157", { commercial_subscribed: false }, {}, SENT],
    ["E-157", { commercial_subscribed: true }, { workflow: COMMERCIAL }, SENT],
    ["EQ-24", { commercial_subscribed: false }, { workflow: { ...COMMERCIAL, override_preferences: true } }, SENT],
  ])("decides %s: %j", (_id, set, options, expected) => {
    expect(decide(set, options)).toEqual(expected);
  });

  it.each<[PreferenceSet, Level, string]>([
    [{ workflows: { digest: CONDITIONAL } }, "workflow", "workflows.digest conditions not met"],
    [{ categories: { updates: CONDITIONAL } }, "category", "categories.updates conditions not met"],
    [{ channel_types: { email: CONDITIONAL } }, "channel_type", "channel_types.email conditions not met"],
    [{ channels: { "c-mail": CONDITIONAL } }, "channel", "channels.mail conditions not met"],
    [
      { workflows: { digest: { channels: { mail: CONDITIONAL } } } },
      "workflow",
      "workflows.digest.channels.mail conditions not met",
    ],
    [
      { categories: { updates: { channel_types: { email: CONDITIONAL } } } },
      "category",
      "categories.updates.channel_types.email conditions not met",
    ],
    [{ commercial_subscribed: CONDITIONAL }, "commercial", "commercial_subscribed conditions not met"],
  ])("E-134 E-152 E-153 C-123 C-136 evaluates conditions in %j", (set, level, detail) => {
    const evaluated: Condition[][] = [];
    const evaluate = (answer: boolean) => (conditions: Condition[]) => {
      evaluated.push(conditions);
      return answer;
    };
    expect(decide(set, { workflow: COMMERCIAL, evaluate: evaluate(true) })).toEqual(SENT);
    expect(decide(set, { workflow: COMMERCIAL, evaluate: evaluate(false) })).toEqual(out(level, detail));
    expect(evaluated).toEqual([[CONDITION], [CONDITION]]);
  });

  it("needs both a level's conditions and its channel entry (E-147)", () => {
    const set: PreferenceSet = { workflows: { digest: { ...CONDITIONAL, channel_types: { email: false } } } };
    expect(decide(set)).toEqual(out("workflow", "workflows.digest.channel_types.email = false"));
  });

  it("names the first entry that is false: workflow, category, channel, channel type, commercial (EQ-25)", () => {
    const workflow = { ...COMMERCIAL, categories: ["b", "a"] };
    const details: string[] = [];
    const set: PreferenceSet = {
      commercial_subscribed: false,
      channel_types: { email: false },
      channels: { mail: false },
      categories: { a: false, b: false },
      workflows: { digest: false },
    };
    for (const drop of ["workflows", "categories", "channels", "channel_types", "commercial_subscribed"] as const) {
      const decision = decide(set, { workflow });
      if (!decision.allowed) details.push(decision.detail);
      delete set[drop];
    }
    expect(decide(set, { workflow })).toEqual(SENT);
    expect(details).toEqual([
      "workflows.digest = false",
      "categories.b = false",
      "channels.mail = false",
      "channel_types.email = false",
      "commercial_subscribed = false",
    ]);
  });
});

describe("resolvePreferenceSet", () => {
  interface Given {
    recipient?: PreferenceSets;
    tenant?: string;
    tenantDefaults?: PreferenceSet | null;
    environment?: PreferenceSet;
  }
  const resolve = ({ recipient = {}, tenant, tenantDefaults = null, environment = {} }: Given): PreferenceSet =>
    resolvePreferenceSet({ recipient, tenant: tenant ?? null, tenantDefaults, environment });
  const decideAs = (given: Given, options?: DecideOptions | undefined) => decide(resolve(given), options).allowed;
  const NO_EMAIL = { channel_types: { email: false } };

  const REPLACED = {
    tenant: "acme",
    tenantDefaults: {
      categories: {
        updates: { __strategy__: "replace", channel_types: { email: false } },
        tips: { channel_types: { email: false } },
      },
    },
    recipient: {
      acme: { categories: { updates: { channel_types: { email: true } }, tips: { channel_types: { email: true } } } },
    },
  };
  const TIPS = { workflow: { ...DIGEST, categories: ["tips"] } };

  it.each<[id: string, given: Given, options: DecideOptions | undefined, sent: boolean]>([
    [
      "C-115 E-139 E-142",
      {
        environment: { channel_types: { sms: false }, categories: { updates: true } },
        recipient: { default: { channel_types: { sms: true } } },
      },
      { channel: TEXT },
      true,
    ],
    [
      "C-116 E-142",
      { environment: { categories: { updates: false } }, recipient: { default: { channel_types: { email: true } } } },
      {},
      false,
    ],
    [
      "C-117 E-140",
      { tenant: "acme", recipient: { default: NO_EMAIL }, tenantDefaults: { categories: { updates: true } } },
      {},
      true,
    ],
    ["C-118 E-141", { tenant: "acme", recipient: { default: NO_EMAIL } }, {}, false],
    ["E-140 the tenant's own set", { tenant: "acme", recipient: { default: NO_EMAIL, acme: {} } }, {}, true],
    [
      "E-139 no tenant",
      {
        recipient: { default: NO_EMAIL, acme: { channel_types: { email: true } } },
        tenantDefaults: { categories: {} },
      },
      {},
      false,
    ],
    [
      "C-119 E-140",
      { tenant: "acme", recipient: { acme: { channel_types: { email: true } } }, tenantDefaults: NO_EMAIL },
      {},
      true,
    ],
    [
      "E-140 environment at the bottom",
      { tenant: "acme", recipient: { acme: { channel_types: { sms: true } } }, environment: NO_EMAIL },
      {},
      false,
    ],
    [
      "C-120 E-144",
      {
        tenant: "acme",
        recipient: { acme: { channel_types: { email: true } } },
        tenantDefaults: { channel_types: { __strategy__: "replace", email: false } },
      },
      {},
      false,
    ],
    ["C-121 E-144 updates", REPLACED, {}, false],
    ["C-121 tips", REPLACED, TIPS, true],
    ["E-144 over a boolean", { ...REPLACED, recipient: { acme: { categories: { updates: true } } } }, {}, false],
    [
      "E-145 merge",
      {
        ...REPLACED,
        tenantDefaults: { categories: { updates: { __strategy__: "merge", channel_types: { email: false } } } },
      },
      {},
      true,
    ],
    [
      "C-135 E-143 EQ-21",
      {
        environment: { categories: { updates: false } },
        recipient: { default: { categories: { updates: { channel_types: { email: true } } } } },
      },
      {},
      true,
    ],
    ["C-139", { tenant: "acme", recipient: { default: NO_EMAIL }, tenantDefaults: null }, {}, false],
    [
      "C-139 defaults of nulls",
      { tenant: "acme", recipient: { default: NO_EMAIL }, tenantDefaults: { channel_types: null } },
      {},
      false,
    ],
    [
      "C-130 E-146",
      { tenant: "acme", recipient: { acme: {}, default: { commercial_subscribed: false } } },
      { workflow: COMMERCIAL },
      false,
    ],
    [
      "E-146 default beats the tenant's",
      {
        tenant: "acme",
        recipient: { acme: { commercial_subscribed: false }, default: { commercial_subscribed: true } },
      },
      { workflow: COMMERCIAL },
      true,
    ],
    [
      "EQ-22 tenant chain",
      { tenant: "acme", recipient: { default: {} }, tenantDefaults: { commercial_subscribed: false } },
      { workflow: COMMERCIAL },
      false,
    ],
    ["EQ-22 environment", { environment: { commercial_subscribed: false } }, { workflow: COMMERCIAL }, false],
    ["EQ-22 nowhere", {}, { workflow: COMMERCIAL }, true],
  ])("resolves %s", (_id, given, options, sent) => {
    expect(decideAs(given, options)).toBe(sent);
  });

  it("C-120 shows the replaced entry with its __strategy__ in the resolved set (E-145)", () => {
    const tenantDefaults = { channel_types: { __strategy__: "replace", email: false } };
    expect(
      resolve({ tenant: "acme", recipient: { acme: { channel_types: { email: true, sms: true } } }, tenantDefaults }),
    ).toEqual(tenantDefaults);
  });

  it("changes none of its input sets", () => {
    const given = structuredClone(REPLACED);
    resolve(given);
    expect(given).toEqual(REPLACED);
  });
});

describe("mergePreferenceSets", () => {
  it.each<[id: string, base: PreferenceSet, over: PreferenceSet | null, expected: PreferenceSet]>([
    [
      "E-142 deep",
      { workflows: { a: { channel_types: { email: false, sms: true } }, b: true } },
      { workflows: { a: { channel_types: { email: true } } } },
      { workflows: { a: { channel_types: { email: true, sms: true } }, b: true } },
    ],
    [
      "E-143 boolean over object",
      { categories: { a: { channel_types: { email: true } } } },
      { categories: { a: false } },
      { categories: { a: false } },
    ],
    [
      "EQ-21 conditions are replaced",
      { channel_types: { email: { conditions: [CONDITION, CONDITION] } } },
      { channel_types: { email: { conditions: [CONDITION] } } },
      { channel_types: { email: { conditions: [CONDITION] } } },
    ],
    [
      "E-142 null is not set",
      { categories: { a: false } },
      { categories: null, channels: null },
      { categories: { a: false } },
    ],
    [
      "E-144 a workflow",
      { workflows: { a: { __strategy__: "replace", channel_types: { email: false } } } },
      { workflows: { a: { channel_types: { sms: true } } } },
      { workflows: { a: { __strategy__: "replace", channel_types: { email: false } } } },
    ],
    [
      "E-144 not for the whole set",
      { __strategy__: "replace", categories: { a: false } } as PreferenceSet,
      { categories: { a: true } },
      { __strategy__: "replace", categories: { a: true } } as PreferenceSet,
    ],
    [
      "E-144 not deeper than an entry",
      { workflows: { a: { channel_types: { __strategy__: "replace", email: false } } } },
      { workflows: { a: { channel_types: { email: true } } } },
      { workflows: { a: { channel_types: { __strategy__: "replace", email: true } } } },
    ],
  ])("merges %s", (_id, base, over, expected) => {
    expect(mergePreferenceSets(base, over)).toEqual(expected);
  });

  it("keeps a key named __proto__ as an ordinary key", () => {
    const over = JSON.parse('{"categories":{"__proto__":false}}') as PreferenceSet;
    const merged = mergePreferenceSets({ categories: { a: true } }, over);
    expect(JSON.stringify(merged)).toBe('{"categories":{"a":true,"__proto__":false}}');
  });
});
