import { describe, expect, it } from "vitest";
import { parseContentPath, selectContent } from "../../src/scenarios/content-path.js";
import type { JsonObject } from "../../src/util/json.js";

const CONTENT: JsonObject = {
  "a-b": 1,
  blocks: [
    { type: "text", rendered: "Hello" },
    { type: "buttons", buttons: [{ rendered: "Yes" }, { rendered: "No" }] },
  ],
  "with.dot": { "": 2 },
};

describe("paths into the content of messages", () => {
  it.each<[string, unknown[]]>([
    ["a-b", [1]],
    ["blocks[0].rendered", ["Hello"]],
    ["blocks.1.type", ["buttons"]],
    ["$.blocks[0].rendered", ["Hello"]],
    ["$['blocks'][-1]['type']", ["buttons"]],
    ['$["with.dot"][""]', [2]],
    ["$.blocks[*].type", ["text", "buttons"]],
    ["$.blocks[0].*", ["text", "Hello"]],
    ["blocks[*].buttons[*].rendered", ["Yes", "No"]],
    ["$..rendered", ["Hello", "Yes", "No"]],
    ["$..buttons[0]", [{ rendered: "Yes" }]],
    ["$..[0].type", ["text"]],
    ["blocks[2].type", []],
    ["blocks[-3].type", []],
    ["$.a-b.type", []],
    ["$..nothing", []],
    ["blocks.length", [2]],
    ["$.constructor", []],
  ])("selects with %s", (path, expected) => {
    expect(selectContent(CONTENT, path)).toEqual(expected);
  });

  it.each(["", "$", "$a", ".a", "a.", "a..", "a[", "a[x]", "a[0:1]", "$[?@.a]", "$.a[?(@.b)]", "a[0]b", "a.[0]"])(
    "rejects %j",
    (path) => {
      expect(parseContentPath(path)).toBeNull();
    },
  );
});
