import { describe, expect, it } from "vitest";
import { type FieldFilter, filterFields } from "../../../src/domain/environment/response-filter.js";
import { parseEnvironment } from "../../../src/project/environment/parse-environment.js";
import { catchThrown } from "../../helpers/catch-error.js";

const MAP = { a: 1, b: { c: 2, d: { e: 3 } }, f: [1] };

const CASES: [name: string, filter: FieldFilter | undefined, left: object][] = [
  ["none", undefined, MAP],
  ["true", true, MAP],
  ["false", false, {}],
  ["only, dotted, and what is not there", { only: ["a", "b.d.e", "b.x", "y"] }, { a: 1, b: { d: { e: 3 } } }],
  ["except, dotted, and what is not there", { except: ["a", "b.d", "f.0", "y.z"] }, { b: { c: 2 }, f: [1] }],
  ["except nothing", { except: [] }, MAP],
  ["only nothing", { only: [] }, {}],
];

describe("a feed channel's response filter (A-105, CH-221)", () => {
  it.each(CASES)("accepts %s", (_name, filter, left) => {
    const before = structuredClone(MAP);
    expect(filterFields(MAP, filter)).toEqual(left);
    expect(MAP).toEqual(before);
  });

  it.each([
    [{ var: true }, "/channels/feed/settings/response_filter/var"],
    [{ vars: "all" }, "/channels/feed/settings/response_filter/vars"],
    [{ data: { only: ["a"], except: ["b"] } }, "/channels/feed/settings/response_filter/data"],
    [{ data: { only: "a" } }, "/channels/feed/settings/response_filter/data/only"],
    [true, "/channels/feed/settings/response_filter"],
  ])("rejects %j with its location", (response_filter, pointer) => {
    const raw = { channels: { feed: { type: "in_app_feed", settings: { response_filter } } } };
    expect(catchThrown(() => parseEnvironment(raw, "environment.json"))).toMatchObject({ details: [{ pointer }] });
  });
});
