import { describe, expect, it } from "vitest";
import type { PreferenceSources } from "../../../src/domain/preferences/decide-preferences.js";
import {
  findPreferenceOrigin,
  formatPreferenceOrigin,
  type PreferenceOrigin,
} from "../../../src/domain/preferences/preference-origin.js";

const OWN: PreferenceOrigin = { set: "recipient", id: "default" };
const FOR_ACME: PreferenceOrigin = { set: "recipient", id: "acme" };
const ACME: PreferenceOrigin = { set: "tenant_default", id: "acme" };
const ENVIRONMENT: PreferenceOrigin = { set: "environment_default", id: null };

const none: PreferenceSources = { recipient: {}, tenant: null, tenantDefaults: null, environment: {} };
const EMAIL = ["channel_types", "email"];
const off = { channel_types: { email: false } };
const on = { channel_types: { email: true } };
const locked = { channel_types: { __strategy__: "replace", email: false } };
const condition = { variable: "data.n", operator: "equal_to" as const, argument: "1" };
const conditional = { channel_types: { email: { conditions: [condition] } } };

describe("findPreferenceOrigin (E-139 to E-146, E-159)", () => {
  it.each<[title: string, sources: Partial<PreferenceSources>, path: string[], origin: PreferenceOrigin | null]>([
    ["nobody's", {}, EMAIL, null],
    ["the recipient's value over the environment's", { recipient: { default: off }, environment: on }, EMAIL, OWN],
    [
      "the environment's value if the recipient set another",
      { recipient: { default: { channel_types: { sms: true } } }, environment: off },
      EMAIL,
      ENVIRONMENT,
    ],
    [
      "null in the recipient's set as unset",
      { recipient: { default: { channel_types: null } }, environment: off },
      EMAIL,
      ENVIRONMENT,
    ],
    [
      "null as the recipient's value as unset",
      { recipient: { default: { channel_types: { email: null as unknown as undefined } } }, environment: off },
      EMAIL,
      ENVIRONMENT,
    ],
    ["the higher one of equal values", { recipient: { default: off }, environment: off }, EMAIL, OWN],
    ["a tenant without a set", { recipient: { default: off }, tenant: "acme" }, EMAIL, OWN],
    [
      "the recipient's set for the tenant",
      { recipient: { acme: off, default: on }, tenant: "acme", tenantDefaults: on },
      EMAIL,
      FOR_ACME,
    ],
    [
      "the tenant's set, without the recipient's default set",
      { recipient: { default: on }, tenant: "acme", tenantDefaults: off },
      EMAIL,
      ACME,
    ],
    [
      "a tenant's default set that replaces",
      { recipient: { acme: on }, tenant: "acme", tenantDefaults: locked },
      EMAIL,
      ACME,
    ],
    [
      "commercial_subscribed of the default set",
      { recipient: { default: { commercial_subscribed: false }, acme: on }, tenant: "acme" },
      ["commercial_subscribed"],
      OWN,
    ],
    ["conditions", { recipient: { default: conditional }, environment: off }, [...EMAIL, "conditions"], OWN],
    [
      "a category with dots in its name",
      { environment: { categories: { "a.b": false } } },
      ["categories", "a.b"],
      ENVIRONMENT,
    ],
  ])("finds %s", (_title, sources, path, origin) => {
    const given = { ...none, ...sources };
    const before = structuredClone(given);
    expect(findPreferenceOrigin(given, path)).toEqual(origin);
    expect(given).toEqual(before);
  });

  it("is formatted as text, and omitted for the recipient's own entry", () => {
    expect([OWN, FOR_ACME, ACME, ENVIRONMENT, null].map(formatPreferenceOrigin)).toEqual([
      "",
      "in the recipient's set for tenant acme",
      "in the defaults of tenant acme",
      "in the environment's defaults",
      "",
    ]);
  });
});
