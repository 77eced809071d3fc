import { describe, expect, it } from "vitest";
import { computeChecksum } from "../../src/util/checksum.js";

describe("computeChecksum", () => {
  it("returns 16 digits that depend on each bit and on the length of the text", () => {
    const text = '{"steps":[{"ref":"email_1","type":"channel"}]}';
    const texts = new Set<string>([text, "", "\0", "\0\0", "\0\0\0\0", `${text}\0`, `\0${text}`]);
    for (let at = 0; at < text.length; at++)
      for (let bit = 0; bit < 7; bit++) {
        const changed = String.fromCharCode(text.charCodeAt(at) ^ (1 << bit));
        texts.add(text.slice(0, at) + changed + text.slice(at + 1));
      }
    const checksums = [...texts].map(computeChecksum);
    expect(new Set(checksums).size).toBe(texts.size);
    expect(checksums.filter((checksum) => !/^[0-9a-f]{16}$/.test(checksum))).toEqual([]);
  });

  it("spreads similar texts over both halves", () => {
    const checksums = Array.from({ length: 20_000 }, (_, n) => computeChecksum(`recipients file\n{"id":"user-${n}"}`));
    // Of 20,000 numbers of 32 bits, about 0.05 pairs are equal by chance.
    for (const [start, end] of [
      [0, 8],
      [8, 16],
    ])
      expect(new Set(checksums.map((checksum) => checksum.slice(start, end))).size).toBeGreaterThan(19_990);
  });

  it("distinguishes texts in which two blocks are swapped", () => {
    expect(computeChecksum("aaaabbbb")).not.toBe(computeChecksum("bbbbaaaa"));
    expect(computeChecksum("é")).not.toBe(computeChecksum("e"));
  });
});
