import { describe, expect, it } from "vitest";
import { compareResources, type ResourceVersions } from "../../../src/domain/resource/compare-resources.js";
import { findCaseCollision, parseResourceName } from "../../../src/domain/resource/resource-name.js";
import type { JsonObject } from "../../../src/util/json.js";

const A = { name: "a" };
const B = { name: "b" };
const C = { name: "c" };

function findState(
  here: JsonObject | null,
  there: JsonObject | null,
  base: JsonObject | { here: JsonObject; there: JsonObject } | null,
): string | undefined {
  const seen = base === null || "here" in base ? base : { here: base, there: base };
  const versions = { type: "workflow", id: "x", here, there, committed: there, base: seen } as ResourceVersions;
  return compareResources([versions])[0]?.state;
}

describe("comparing resources", () => {
  it.each([
    [A, A, null, "unchanged"],
    [A, null, null, "new_here"],
    [null, A, null, "new_there"],
    [A, B, null, "both"],
    [B, A, A, "changed_here"],
    [A, B, A, "changed_there"],
    [B, C, A, "both"],
    [B, B, A, "unchanged"],
    [null, A, A, "deleted_here"],
    [A, null, A, "deleted_there"],
    [null, B, A, "both"],
    [B, null, A, "both"],
    [null, null, A, undefined],
  ])("%j here and %j there with the base %j: %s", (here, there, base, state) => {
    expect(findState(here, there, base)).toBe(state);
  });

  it("takes what the account made of a pushed file as unchanged", () => {
    const completed = { ...A, settings: {} };
    expect(findState(A, completed, { here: A, there: completed })).toBe("unchanged");
    expect(findState(B, completed, { here: A, there: completed })).toBe("changed_here");
    expect(findState(A, { ...completed, x: 1 }, { here: A, there: completed })).toBe("changed_there");
  });

  it("compares the texts of translations, not their JSON", () => {
    const translation = (content: string): JsonObject => ({ format: "json", content });
    const versions: ResourceVersions = {
      type: "translation",
      id: "en",
      here: translation('{"a":"1","b":"2"}'),
      there: translation('{ "b": "2", "a": "1" }'),
      committed: null,
      base: null,
    };
    expect(compareResources([versions])[0]).toMatchObject({ state: "unchanged", hasUncommitted: true });
  });

  it("ignores what the service computes from other fields of a guide", () => {
    const versions = { type: "guide", id: "x", here: A, committed: null, base: null } as const;
    const [guide] = compareResources([{ ...versions, there: { ...A, type: "banner", semver: "0.0.1" } }]);
    expect(guide?.state).toBe("unchanged");
  });

  it("orders resources so that each follows those that it names", () => {
    const versions = (type: string, id: string, here: JsonObject = A): ResourceVersions =>
      ({ type, id, here, there: null, committed: null, base: null }) as ResourceVersions;
    const sorted = compareResources([
      versions("workflow", "a", { steps: [{ type: "trigger_workflow", settings: { workflow_key: "z" } }] }),
      versions("workflow", "z", { steps: [{ type: "trigger_workflow", settings: { workflow_key: "a" } }] }),
      versions("partial", "card", { content: '{% render "logo" %}' }),
      versions("partial", "logo"),
      versions("email_layout", "default"),
      versions("translation", "en"),
    ]);
    expect(sorted.map(({ id }) => id)).toEqual(["en", "logo", "card", "default", "z", "a"]);
  });
});

describe("names of resources", () => {
  it("parses names, folders and paths of files", () => {
    expect(parseResourceName("workflows/hello/steps/a.md")).toEqual({ type: "workflow", id: "hello" });
    expect(parseResourceName("translations/en/acme~email.en.json")).toEqual({
      type: "translation",
      id: "acme~email.en",
    });
    expect(parseResourceName("translations/email.en")).toEqual({ type: "translation", id: "email.en" });
    expect(parseResourceName("schemas/objects/projects.json")).toEqual({ type: "schema", id: "objects/projects" });
    expect(parseResourceName("layouts/")).toEqual({ type: "email_layout", id: null });
    expect(parseResourceName("recipients/people.json")).toBeNull();
  });

  it("finds names that differ only in case", () => {
    const collision = findCaseCollision([
      { type: "translation", id: "en-US" },
      { type: "translation", id: "en-us" },
    ]);
    expect(collision).toEqual(["translations/en-US", "translations/en-us"]);
  });
});
