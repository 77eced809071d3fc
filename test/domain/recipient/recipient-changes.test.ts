import { describe, expect, it } from "vitest";
import { mergeRecipients } from "../../../src/domain/recipient/merge-recipient.js";
import { findPreferenceOrigin } from "../../../src/domain/recipient/preference-origins.js";
import type { PreferenceSet } from "../../../src/domain/recipient/preference-set.js";
import { type RecipientParts, toRecipientKey } from "../../../src/domain/recipient/recipient.js";
import { resolveChangeEffects } from "../../../src/domain/recipient/recipient-change.js";
import { writeChannelData, writePreferenceSet } from "../../../src/domain/recipient/write-recipient-part.js";

const EMPTY = { properties: {}, preferences: {}, preference_origins: {}, channel_data: {} };

describe("mergeRecipients", () => {
  it("A-097 prefers the values of the target, and adds those that it lacks", () => {
    const into = {
      properties: { name: "Ada", address: { city: "Bonn" } },
      preferences: { default: { channel_types: { email: false } } },
      channel_data: { a: { tokens: ["1"] } },
    };
    const from = {
      properties: { name: "Old", address: { city: "Köln", zip: "50667" } },
      preferences: { default: { channel_types: { email: true } }, other: {} },
      channel_data: { a: { tokens: ["2"] }, b: { tokens: ["3"] } },
    };
    expect(mergeRecipients(into, from)).toEqual({
      properties: { name: "Ada", address: { city: "Bonn", zip: "50667" } },
      preferences: { default: { channel_types: { email: false } }, other: {} },
      preference_origins: {},
      channel_data: { a: { tokens: ["1"] }, b: { tokens: ["3"] } },
    });
  });
});

describe("writePreferenceSet", () => {
  const before = { ...EMPTY, preferences: { default: { channel_types: { email: false, sms: true } } } };
  const set = { channel_types: { sms: false } };

  it("E-138 replaces a set unless merging was requested", () => {
    expect(writePreferenceSet(before, { id: "default", set, merge: false }).preferences.default).toEqual(set);
    expect(writePreferenceSet(before, { id: "default", set, merge: true }).preferences.default).toEqual({
      channel_types: { email: false, sms: false },
    });
  });

  it("deletes a set for null, and creates a missing recipient", () => {
    expect(writePreferenceSet(before, { id: "default", set: null, merge: false }).preferences).toEqual({});
    expect(writePreferenceSet(null, { id: "other", set, merge: true })).toEqual({
      ...EMPTY,
      preferences: { other: set },
    });
  });

  it("keeps the origin of each preference that stays the same", () => {
    const write = (before: RecipientParts | null, body: PreferenceSet, merge: boolean, by?: string) =>
      writePreferenceSet(before, { id: "default", set: body, merge, ...(by ? { origin: { by, at: 1 } } : {}) });
    const first = write(null, { channel_types: { email: false, sms: true } }, false, "a file");
    const second = write(first, { channel_types: { sms: false } }, true, "a request");
    const find = (parts: RecipientParts, path: string) => findPreferenceOrigin(parts, "default", path)?.by;
    expect(find(second, "channel_types.email")).toBe("a file");
    expect(find(second, "channel_types.sms")).toBe("a request");
    const conditions = [{ variable: "data.a", operator: "equal_to", argument: "1" }] as never;
    const third = write(second, { channel_types: { email: { conditions } } }, true, "a trigger");
    expect(find(third, "channel_types.email")).toBe("a trigger");
    expect(find(write(third, { channel_types: { sms: true } }, false), "channel_types.sms")).toBeUndefined();
    expect(find(write(third, { channel_types: { sms: false } }, false), "channel_types.email")).toBeUndefined();
  });

  it("accepts __proto__ as an ordinary id", () => {
    const { preferences } = writePreferenceSet(null, { id: "__proto__", set, merge: true });
    expect(Object.entries(preferences)).toEqual([["__proto__", set]]);
  });
});

describe("writeChannelData", () => {
  const before = { ...EMPTY, channel_data: { a: { tokens: ["1"], other: true } } };

  it("E-040 replaces a channel's data completely, and deletes it for null", () => {
    const data = { tokens: ["2"] };
    expect(writeChannelData(before, { channel_id: "a", data }).channel_data).toEqual({ a: data });
    expect(writeChannelData(before, { channel_id: "a", data: null }).channel_data).toEqual({});
    expect(writeChannelData(null, { channel_id: "a", data })).toEqual({ ...EMPTY, channel_data: { a: data } });
  });
});

describe("resolveChangeEffects", () => {
  const CHANGED = { isNew: false, propertiesChanged: true, partsChanged: false };

  it("E-334 E-387 notifies audiences of users whose properties changed, and of new users", () => {
    expect(resolveChangeEffects(toRecipientKey("ada"), CHANGED).affectsAudiences).toBe(true);
    expect(
      resolveChangeEffects(toRecipientKey("ada"), { isNew: true, propertiesChanged: true, partsChanged: false })
        .affectsAudiences,
    ).toBe(true);
    expect(
      resolveChangeEffects(toRecipientKey("ada"), { isNew: false, propertiesChanged: false, partsChanged: true })
        .affectsAudiences,
    ).toBe(false);
    expect(resolveChangeEffects(toRecipientKey({ id: "p1", collection: "projects" }), CHANGED).affectsAudiences).toBe(
      false,
    );
  });

  it("E-335 notifies waiting runs of any change, and not of a new recipient", () => {
    expect(resolveChangeEffects(toRecipientKey("ada"), CHANGED).affectsRuns).toBe(true);
    expect(
      resolveChangeEffects(toRecipientKey("ada"), { isNew: false, propertiesChanged: false, partsChanged: true })
        .affectsRuns,
    ).toBe(true);
    expect(
      resolveChangeEffects(toRecipientKey("ada"), { isNew: false, propertiesChanged: false, partsChanged: false })
        .affectsRuns,
    ).toBe(false);
    expect(
      resolveChangeEffects(toRecipientKey("ada"), { isNew: true, propertiesChanged: true, partsChanged: true })
        .affectsRuns,
    ).toBe(false);
  });
});
