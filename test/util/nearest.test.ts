import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { didYouMean, findNearest, findOnlyNearest, toHintText } from "../../src/util/find-nearest.js";

describe("findNearest", () => {
  it.each<[string, string[], string | undefined]>([
    ["recipient", ["actor", "recipients", "data"], "recipients"],
    ["new-coment", ["new-comment", "invite"], "new-comment"],
    ["NEW-COMMENT", ["new-comment"], "new-comment"],
    ["nofity", ["notify", "cancel"], "notify"],
    ["emial", ["sms", "email"], "email"],
    ["zzz", ["actor", "recipients"], undefined],
    ["a", ["b"], undefined],
    ["x", ["xy"], undefined],
    ["ab", ["ac"], "ac"],
    ["", ["a"], undefined],
    ["exact", ["exact", "exaxt"], "exact"],
    ["anything", [], undefined],
  ])("finds for %j among %j: %j", (typed, candidates, expected) => {
    expect(findNearest(typed, candidates)).toBe(expected);
  });

  it("returns a candidate or undefined, and an exact match if there is one", () => {
    fc.assert(
      fc.property(fc.string(), fc.array(fc.string({ minLength: 1 })), (typed, candidates) => {
        const near = findNearest(typed, candidates);
        expect(near === undefined || candidates.includes(near)).toBe(true);
        if (typed !== "" && candidates.includes(typed)) expect(near?.toLowerCase()).toBe(typed.toLowerCase());
      }),
    );
  });
});

describe("didYouMean", () => {
  it("suggests the nearest name, or else lists up to twelve names in order", () => {
    expect(toHintText(didYouMean("invit", ["invite", "welcome"], "Workflows"))).toBe('Did you mean "invite"?');
    expect(didYouMean("zzz", ["welcome", "invite"], "Workflows")).toBe("Workflows: invite, welcome.");
    expect(didYouMean("zzz", [], "Workflows")).toBeUndefined();
    const many = Array.from({ length: 20 }, (_, index) => `workflow-${String(index).padStart(2, "0")}`);
    const hint = didYouMean("zzz", many, "Workflows") as string;
    expect(hint.endsWith("workflow-11, …")).toBe(true);
  });
});

describe("findOnlyNearest", () => {
  it.each<[string, string[], string | undefined]>([
    ["setings", ["settings", "steps"], "settings"],
    ["fieldz", ["fields", "fielda"], undefined],
    ["field", ["fields", "fieldset"], "fields"],
    ["zzz", ["fields"], undefined],
  ])("finds for %j among %j: %j", (typed, candidates, expected) => {
    expect(findOnlyNearest(typed, candidates)).toBe(expected);
  });
});
