import { describe, expect, it } from "vitest";
import { diffDocuments, formatChangePath } from "../../../src/domain/resource/diff-documents.js";
import type { Json, JsonObject } from "../../../src/util/json.js";

/** Returns each change as one line. */
const diff = (before: JsonObject, after: JsonObject): string[] =>
  diffDocuments(before, after).map(({ kind, step, path, before: old, after: now }) => {
    const where = [step, formatChangePath(path)].filter((part) => part !== null && part !== "").join(" ");
    const values = kind === "changed" ? ` ${JSON.stringify(old)} → ${JSON.stringify(now)}` : "";
    return `${kind} ${where}${values}`;
  });

const step = (ref: string, more: JsonObject = {}): JsonObject => ({ ref, type: "delay", ...more });
const steps = (...items: Json[]): JsonObject => ({ steps: items });

describe("differences of documents", () => {
  it("compares steps by ref: added, removed, changed and moved", () => {
    const before = steps(step("a"), step("b", { settings: { delay_for: { value: 1 } } }), step("c"), step("d"));
    const after = steps(step("d"), step("a"), step("new"), step("b", { settings: { delay_for: { value: 2 } } }));
    expect(diff(before, after)).toEqual([
      "removed c",
      "moved d",
      "added new",
      "changed b settings.delay_for.value 1 → 2",
    ]);
  });

  it("reports a step that moves into a branch as moved, with what changed in it", () => {
    const branch = (...items: Json[]): JsonObject =>
      step("branch_1", {
        branches: [
          { name: "Pro", steps: items },
          { name: "Default", steps: [] },
        ],
      });
    expect(diff(steps(step("a"), branch()), steps(branch(step("a", { name: "A" }))))).toEqual([
      "moved a",
      "added a name",
    ]);
    expect(diff(steps(step("a")), steps(branch(step("b"), step("a", { name: "A" }))))).toEqual([
      "added branch_1",
      "moved a",
      "added a name",
    ]);
    expect(diff(steps(branch(step("a"), step("b"))), steps(step("a")))).toEqual(["removed branch_1", "moved a"]);
  });

  it("compares conditions and blocks by place, with equal ones before and after left out", () => {
    const all = (...variables: string[]): JsonObject => ({
      conditions: { all: variables.map((variable) => ({ variable, operator: "exists" })) },
    });
    expect(diff(all("a", "b", "c"), all("a", "x", "b", "c"))).toEqual(["added conditions.all[2]"]);
    expect(diff(all("a", "b"), all("a", "c"))).toEqual(['changed conditions.all[2].variable "b" → "c"']);
  });

  it("reports lists of values as one setting, and ignores line ends, null and the order of keys", () => {
    expect(diff({ categories: ["a"] }, { categories: ["a", "b"] })).toEqual(['changed categories ["a"] → ["a","b"]']);
    expect(diff({ a: "x\r\ny", b: null, c: { d: 1, e: 2 } }, { c: { e: 2, d: 1 }, a: "x\ny" })).toEqual([]);
  });

  it("compares items by index if two have the same name", () => {
    const items = (...names: string[]): JsonObject => ({ items: names.map((name, n) => ({ name, n })) });
    expect(diff(items("a", "a"), items("a"))).toEqual(["removed items[2]"]);
  });
});
