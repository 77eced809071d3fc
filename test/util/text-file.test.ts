import { existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { decodeUtf8, readTextFile } from "../../src/util/text-file.js";

const MB = 1_048_576;

describe("decodeUtf8", () => {
  it.each<[string, number[], number]>([
    ["a lone continuation byte", [0x61, 0x80], 1],
    ["a byte that is never UTF-8", [0xff], 0],
    ["Latin-1 in the middle", [0x61, 0xe9, 0x62], 2],
    ["a character cut off at the end", [0x61, 0xc3], 1],
    ["four bytes cut off after three", [0x61, 0x62, 0xf0, 0x9f, 0x98], 2],
    ["an overlong slash", [0x61, 0xc0, 0xaf], 1],
    ["half a surrogate pair", [0xed, 0xa0, 0x80], 1],
    ["UTF-16 with its byte order mark", [0xff, 0xfe, 0x7b, 0x00], 0],
  ])("reports the offset of the first invalid byte: %s", (_what, bytes, offset) => {
    expect(decodeUtf8(Uint8Array.from(bytes))).toEqual({
      error: `is not valid UTF-8 (first bad byte at offset ${offset})`,
    });
  });

  it("returns any text without its byte order mark", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), (text) => {
        fc.pre(!text.startsWith("\ufeff"));
        expect(decodeUtf8(Buffer.from(text))).toEqual({ text });
        expect(decodeUtf8(Buffer.from(`\ufeff${text}`))).toEqual({ text });
      }),
    );
  });

  it("reports an offset within the bytes, after valid text", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
        const decoded = decodeUtf8(bytes);
        if ("text" in decoded) return;
        const offset = Number(/offset (\d+)/.exec(decoded.error)?.[1]);
        expect(offset).toBeLessThan(bytes.length);
        const good = new TextDecoder("utf-8", { fatal: true });
        expect(() => good.decode(bytes.subarray(0, offset), { stream: true })).not.toThrow();
      }),
    );
  });
});

describe("readTextFile", () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "knock-text-"));
    writeFileSync(join(folder, "good.txt"), "\ufeffgrüße\n");
    writeFileSync(join(folder, "bad.txt"), Buffer.from([0x61, 0xff]));
    writeFileSync(join(folder, "two-mb.txt"), Buffer.alloc(2 * MB + 1, 0x61));
    mkdirSync(join(folder, "folder"));
    symlinkSync(join(folder, "nowhere"), join(folder, "dangling"));
    symlinkSync(join(folder, "circle"), join(folder, "circle"));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  it.each([
    ["good.txt", { text: "grüße\n" }],
    ["bad.txt", { error: "is not valid UTF-8 (first bad byte at offset 1)" }],
    ["missing.txt", { error: "does not exist" }],
    ["dangling", { error: "does not exist" }],
    ["folder", { error: "is a directory, not a file" }],
    ["good.txt/x", { error: "does not exist (a part of its path is a file)" }],
    ["circle", { error: "is a cycle of symbolic links" }],
    ["two-mb.txt", { error: "is larger than 2 MB" }],
    ["nul\0byte", { error: "could not be read (ERR_INVALID_ARG_VALUE)" }],
    ["n".repeat(300), { error: "could not be read (ENAMETOOLONG)" }],
  ])("reads or reports %j", (name, expected) => {
    expect(readTextFile(join(folder, name), 2 * MB)).toEqual(expected);
  });

  it("accepts a file of exactly the limit", () => {
    expect(readTextFile(join(folder, "two-mb.txt"), 2 * MB + 1)).toEqual({ text: "a".repeat(2 * MB + 1) });
  });

  it.runIf(existsSync("/dev/zero"))("stops at the limit for a file without a size", () => {
    expect(readTextFile("/dev/zero", 2 * MB)).toEqual({ error: "is larger than 2 MB" });
    expect(readTextFile("/dev/null", MB)).toEqual({ text: "" });
  });
});
