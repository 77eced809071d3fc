import { describe, expect, it } from "vitest";
import { randomBytes } from "../../src/util/random.js";

describe("randomBytes", () => {
  it("never repeats bytes, over many refills of its pool", () => {
    const seen = new Set<string>();
    for (let index = 0; index < 5_000; index++) {
      const bytes = randomBytes(16);
      expect(bytes.length).toBe(16);
      seen.add(Buffer.from(bytes).toString("hex"));
    }
    expect(seen.size).toBe(5_000);
  });

  it("returns the requested number of bytes at every position in the pool, and never changes them later", () => {
    const kept: { bytes: Uint8Array; hex: string }[] = [];
    for (let index = 0; index < 2_000; index++) {
      const count = (index * 7) % 65;
      const bytes = randomBytes(count);
      expect(bytes.length).toBe(count);
      kept.push({ bytes, hex: Buffer.from(bytes).toString("hex") });
    }
    for (const { bytes, hex } of kept) expect(Buffer.from(bytes).toString("hex")).toBe(hex);
  });

  it("sets about half of the bits", () => {
    let set = 0;
    for (let index = 0; index < 1_000; index++)
      for (const byte of randomBytes(32)) set += byte.toString(2).replaceAll("0", "").length;
    expect(set / (1_000 * 32 * 8)).toBeCloseTo(0.5, 1);
  });
});
