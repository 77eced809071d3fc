import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";

const lines = readFileSync("CHANGELOG.md", "utf8").split("\n");
const VERSION = /^## \[(?:Unreleased\]|\d+\.\d+\.\d+\] - \d{4}-\d\d-\d\d)$/;
const TYPE = /^### (?:Added|Changed|Deprecated|Removed|Fixed|Security)$/;

describe("the changelog follows Keep a Changelog", () => {
  it("has the unreleased changes first, then versions with their dates", () => {
    const versions = lines.filter((line) => line.startsWith("## "));
    expect(lines[0]).toBe("# Changelog");
    expect(versions[0]).toBe("## [Unreleased]");
    expect(versions.filter((line) => !VERSION.test(line))).toEqual([]);
  });

  it("groups entries by the types of changes", () => {
    expect(lines.filter((line) => line.startsWith("### ") && !TYPE.test(line))).toEqual([]);
  });

  it("has entries that are complete sentences", () => {
    const entries = lines.filter((line) => line.startsWith("- "));
    expect(entries.length).toBeGreaterThan(20);
    expect(entries.filter((line) => !/^- [A-Z`"].*\.$/.test(line))).toEqual([]);
  });
});
