import { hash } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { hashSha1, hashSha256 } from "../../src/util/hash.js";

const toHex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");

describe("hashes", () => {
  it("equal those of node:crypto, before and after it is loaded", () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.string({ unit: "binary", maxLength: 300 }), fc.uint8Array({ maxLength: 300 })),
        (content) => {
          expect(toHex(hashSha1(content))).toBe(hash("sha1", content));
          expect(toHex(hashSha256(content))).toBe(hash("sha256", content));
        },
      ),
      { numRuns: 700 },
    );
  });
});
