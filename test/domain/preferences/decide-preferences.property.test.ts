import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decidePreferences, mergePreferenceSets } from "../../../src/domain/preferences/decide-preferences.js";
import type {
  ChannelPreferences,
  LevelPreference,
  PreferenceSet,
} from "../../../src/domain/recipient/preference-set.js";

const TYPES = ["email", "sms", "push"];
const NAMES = ["a", "b", "__proto__"];

function dictionary<T>(keys: string[], value: fc.Arbitrary<T>): fc.Arbitrary<Record<string, T>> {
  return fc
    .uniqueArray(fc.tuple(fc.constantFrom(...keys), value), { selector: ([key]) => key })
    .map((entries) => Object.fromEntries(entries));
}

const channelTypes = dictionary(TYPES, fc.boolean()) as fc.Arbitrary<ChannelPreferences>;
const detailed = fc.record({ channel_types: channelTypes, channels: channelTypes }, { requiredKeys: [] });
/**
 * Sets in which a category is always a boolean and a workflow always an object, so that types never replace each other.
 */
const oneKind: fc.Arbitrary<PreferenceSet> = fc.record(
  {
    channel_types: channelTypes,
    channels: channelTypes,
    categories: dictionary(NAMES, fc.boolean()),
    workflows: dictionary(NAMES, detailed),
    commercial_subscribed: fc.boolean(),
  },
  { requiredKeys: [] },
);
const level: fc.Arbitrary<LevelPreference> = fc.oneof(fc.boolean(), detailed);
const anySet: fc.Arbitrary<PreferenceSet> = fc.record(
  {
    channel_types: channelTypes,
    channels: channelTypes,
    categories: dictionary(NAMES, level),
    workflows: dictionary(NAMES, level),
    commercial_subscribed: fc.boolean(),
  },
  { requiredKeys: [] },
);

const canonical = (set: PreferenceSet) => JSON.parse(JSON.stringify(set)) as unknown;

/** Returns every path to a boolean. */
function leaves(value: unknown, path: string[] = []): [string[], boolean][] {
  if (typeof value === "boolean") return [[path, value]];
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => leaves(inner, [...path, key]));
}

function decide(set: PreferenceSet): boolean {
  const workflow = { key: "a", categories: ["a", "b"], is_commercial: true, override_preferences: false };
  return decidePreferences({
    set,
    workflow,
    channel: { id: "sms", key: "sms-key", type: "email" },
    evaluate: () => true,
  }).allowed;
}

describe("merging preference sets (E-142)", () => {
  it("ignores the empty set on both sides", () => {
    fc.assert(
      fc.property(anySet, (set) => {
        expect(canonical(mergePreferenceSets(set, {}))).toEqual(canonical(set));
        expect(canonical(mergePreferenceSets({}, set))).toEqual(canonical(set));
        expect(canonical(mergePreferenceSets(set, null))).toEqual(canonical(set));
      }),
    );
  });

  it("returns a set merged with itself unchanged", () => {
    fc.assert(
      fc.property(anySet, (set) => {
        expect(canonical(mergePreferenceSets(set, set))).toEqual(canonical(set));
      }),
    );
  });

  it("changes nothing when the same set is merged again", () => {
    fc.assert(
      fc.property(anySet, anySet, (base, over) => {
        const once = mergePreferenceSets(base, over);
        expect(canonical(mergePreferenceSets(once, over))).toEqual(canonical(once));
      }),
    );
  });

  it("contains every value of the higher set, and otherwise the values of the lower one", () => {
    fc.assert(
      fc.property(anySet, anySet, (base, over) => {
        const asText = ([path, value]: [string[], boolean]) => `${JSON.stringify(path)}=${value}`;
        const [lower, higher] = [base, over].map((set) => new Set(leaves(set).map(asText)));
        const merged = leaves(mergePreferenceSets(base, over)).map(asText);
        for (const leaf of higher as Set<string>) expect(merged).toContain(leaf);
        for (const leaf of merged) expect(higher?.has(leaf) || lower?.has(leaf)).toBe(true);
      }),
    );
  });

  it("is associative if each key has the same type in all sets", () => {
    fc.assert(
      fc.property(oneKind, oneKind, oneKind, (a, b, c) => {
        const left = mergePreferenceSets(mergePreferenceSets(a, b), c);
        const right = mergePreferenceSets(a, mergePreferenceSets(b, c));
        expect(canonical(left)).toEqual(canonical(right));
      }),
    );
  });

  it("keeps an entry marked replace with any recipient set (E-144)", () => {
    fc.assert(
      fc.property(anySet, detailed, (recipient, entry) => {
        const locked = { ...entry, __strategy__: "replace" };
        const tenant = {
          channel_types: { __strategy__: "replace", email: false },
          categories: { a: locked },
          workflows: { a: locked },
        };
        const merged = mergePreferenceSets(tenant, recipient);
        expect([merged.channel_types, merged.categories?.a, merged.workflows?.a]).toEqual([
          tenant.channel_types,
          locked,
          locked,
        ]);
      }),
    );
  });
});

describe("decidePreferences", () => {
  it("sends if no entry is false, and always blocks if a whole workflow or category is false (E-136, E-147, E-149)", () => {
    fc.assert(
      fc.property(anySet, (set) => {
        if (leaves(set).every(([, value]) => value)) expect(decide(set)).toBe(true);
        if (set.commercial_subscribed === false || set.workflows?.a === false) expect(decide(set)).toBe(false);
        if (set.categories?.a === false || set.categories?.b === false) expect(decide(set)).toBe(false);
      }),
    );
  });

  it("never throws for a malformed set", () => {
    fc.assert(
      fc.property(
        fc.dictionary(fc.constantFrom("channel_types", "channels", "categories", "workflows"), fc.jsonValue()),
        (set) => {
          expect(typeof decide(set as PreferenceSet)).toBe("boolean");
        },
      ),
    );
  });
});
