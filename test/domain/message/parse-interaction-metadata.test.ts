import { describe, expect, it } from "vitest";
import { ENGAGEMENT_ACTIONS } from "../../../src/domain/message/message.js";
import { parseInteractionMetadata } from "../../../src/domain/message/parse-interaction-metadata.js";
import type { Json } from "../../../src/util/json.js";
import { catchThrown } from "../../helpers/catch-error.js";

describe("parseInteractionMetadata (E-226, A-487)", () => {
  it("accepts five flat pairs of any scalar type", () => {
    const metadata = { a: 1, b: "two", c: true, d: null, e: 0.5 };
    expect(parseInteractionMetadata("interacted", metadata)).toEqual(metadata);
  });

  it.each([undefined, null, {}])("returns null for %j, for every action", (value) => {
    for (const action of ENGAGEMENT_ACTIONS) expect(parseInteractionMetadata(action, value)).toBeNull();
  });

  it.each<[title: string, value: Json, pointer: string, message: string]>([
    ["six pairs", { a: 1, b: 2, c: 3, d: 4, e: 5, f: 6 }, "/metadata", "must have at most 5 pairs, found 6"],
    ["a nested object", { a: 1, "b/c": { d: 1 } }, "/metadata/b~1c", "must be text, a number, true, false or null"],
    ["a list inside", { a: [] }, "/metadata/a", "must be text, a number, true, false or null"],
    ["a list", ["a"], "/metadata", "must be an object"],
    ["text", "a", "/metadata", "must be an object"],
  ])("rejects %s", (_title, value, pointer, message) => {
    expect(catchThrown(() => parseInteractionMetadata("interacted", value))).toMatchObject({
      code: "invalid_params",
      details: [{ pointer, message: expect.stringContaining(message) }],
    });
  });

  it("rejects metadata of every other action", () => {
    expect(catchThrown(() => parseInteractionMetadata("seen", { a: 1 }))).toMatchObject({
      code: "invalid_params",
      message: "metadata is only allowed with the status interacted, not with seen",
    });
  });
});
