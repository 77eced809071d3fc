import { createHash } from "node:crypto";
import fc from "fast-check";
import { expect, test } from "vitest";
import { sha1 } from "../../src/util/sha1.js";

const expected = (bytes: Uint8Array): string => createHash("sha1").update(bytes).digest("hex");

test("a digest is node:crypto's, for any bytes", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
      expect(sha1(bytes).toString("hex")).toBe(expected(bytes));
    }),
  );
});

test.each([0, 1, 54, 55, 56, 57, 63, 64, 65, 119, 120, 1_000_003])("padding is right at %i bytes", (length) => {
  const bytes = Buffer.alloc(length, "knock");
  expect(sha1(bytes).toString("hex")).toBe(expected(bytes));
});
