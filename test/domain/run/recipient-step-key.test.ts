import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { toRecipientKey } from "../../../src/domain/recipient/recipient.js";
import {
  buildRecipientStepKey,
  getStepKeyRange,
  parseStepKeyValue,
} from "../../../src/domain/run/recipient-step-key.js";

const id = fc.oneof(fc.constantFrom("a", "ab", 'a"', "a,", "a-", 'a","b', "a\\", "é", "\u{10ffff}"), fc.string());
const collection = fc.constantFrom("$users", "$tenants", "projects", "projects,");
const recipient = fc.oneof(
  id,
  fc.record({ id, collection }).filter(({ collection: name }) => name !== "$users"),
);

/** Compares texts like SQLite. */
const isWithin = (key: string, { from, below }: { from: string; below: string }): boolean =>
  Buffer.compare(Buffer.from(key), Buffer.from(from)) >= 0 && Buffer.compare(Buffer.from(key), Buffer.from(below)) < 0;

describe("the key of a step's data for a recipient", () => {
  it("E-053 is within the bounds of its recipient's keys, and of no other's", () => {
    fc.assert(
      fc.property(recipient, recipient, fc.array(fc.string()), fc.string(), (first, other, step, value) => {
        const key = buildRecipientStepKey(toRecipientKey(first), step, undefined, value);
        expect(isWithin(key, getStepKeyRange(toRecipientKey(first)))).toBe(true);
        expect(isWithin(key, getStepKeyRange(toRecipientKey(other)))).toBe(
          toRecipientKey(first) === toRecipientKey(other),
        );
      }),
    );
  });

  it("E-243 A-055 differs by step, branch and value, and contains the value", () => {
    const ana = toRecipientKey("ana");
    const keys = [
      buildRecipientStepKey(ana, ["digest", "batch_1"], undefined, "v"),
      buildRecipientStepKey(ana, ["digest", "batch_2"], undefined, "v"),
      buildRecipientStepKey(ana, ["digest", "batch_1"], "rework", "v"),
      buildRecipientStepKey(ana, ["digest", "batch_1"], undefined, "w"),
    ];
    expect(new Set(keys).size).toBe(4);
    expect(keys.map(parseStepKeyValue)).toEqual(["v", "v", "v", "w"]);
    expect(parseStepKeyValue("no key")).toBeNull();
  });
});
