import { describe, expect, it } from "vitest";
import { parsePreferenceSet } from "../../../src/domain/preferences/parse-preference-set.js";
import { preferenceSetSchema } from "../../../src/domain/preferences/preference-set-schema.js";
import { checkClosedDocument } from "../../../src/domain/schema/check-document.js";

function collectFindings(value: unknown): string[] {
  const faults: string[] = [];
  checkClosedDocument(preferenceSetSchema(), value, (path, message) =>
    faults.push(`${["set", ...path].join(".")} ${message}`),
  );
  return faults;
}

const exists = { variable: "lark.x", operator: "exists" };

describe("preferenceSetSchema", () => {
  it("E-133 E-134 accepts every type of entry, and null for an empty section", () => {
    const set = {
      id: "default",
      channel_types: { email: true, sms: { conditions: [exists], note: "kept" }, __strategy__: "replace" },
      channels: null,
      categories: { news: false, deals: { channel_types: null, channels: { a: true }, conditions: null } },
      workflows: { invite: { __strategy__: "replace" }, __strategy__: "replace" },
      commercial_subscribed: null,
    };
    expect(collectFindings(set)).toEqual([]);
    expect(parsePreferenceSet({ ...set, __persistence_strategy__: "merge" })).toMatchObject({ merge: true });
    expect(Object.keys(parsePreferenceSet(set).set)).toEqual(Object.keys(set).filter((key) => key !== "id"));
  });

  it.each<[unknown, string[]]>([
    [[], ["set must be an object, found a list"]],
    [{ channel_type: {} }, ['set.channel_type unknown key "channel_type"; did you mean "channel_types"?']],
    [
      { colour: 1 },
      [
        'set.colour unknown key "colour"; valid keys are channel_types, channels, categories, workflows, commercial_subscribed, id, __persistence_strategy__',
      ],
    ],
    [{ channel_types: { emial: 1 } }, ['set.channel_types.emial unknown key "emial"; did you mean "email"?']],
    [
      { channel_types: { in_app_guide: true } },
      [expect.stringContaining('set.channel_types.in_app_guide unknown key "in_app_guide"')],
    ],
    [
      { channel_types: { email: "no", sms: null } },
      [
        "set.channel_types.email must be true, false or an object with conditions, found a string",
        "set.channel_types.sms must be true, false or an object with conditions, found null",
      ],
    ],
    [{ channels: { a: {} } }, ["set.channels.a.conditions is required (a list of conditions)"]],
    [{ channels: { a: { conditions: {} } } }, ["set.channels.a.conditions must be a list of conditions"]],
    [
      { workflows: { a: 1, b: { conditions: [{ ...exists, operator: "exist" }], when: [] } } },
      [
        "set.workflows.a must be true, false or an object with channel_types, channels or conditions, found a number",
        'set.workflows.b.conditions.0.operator is not a known operator: "exist"; did you mean "exists"?',
        'set.workflows.b.when unknown key "when"; valid keys are channel_types, channels, conditions, __strategy__',
      ],
    ],
    [{ categories: [] }, ["set.categories must be an object, found a list"]],
    [{ __persistence_strategy__: null }, ['set.__persistence_strategy__ must be "merge" or "replace", found null']],
  ])("reports %j", (value, faults) => {
    expect(collectFindings(value)).toEqual(faults);
  });
});
