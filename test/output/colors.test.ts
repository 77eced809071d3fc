import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { escapeJson, escapeToOneLine } from "../../src/output/escape-controls.js";
import { Output } from "../../src/output/output.js";

/** Texts with many control characters and escape sequences. */
const hostile = fc
  .array(
    fc.oneof(
      fc.string({ unit: "binary" }),
      fc.constantFrom(
        "\u001b[31m",
        "\u001b]52;c;aGk=\u0007",
        "\u009b2J",
        "\u202e",
        "\r\n",
        "\n",
        "\ue000",
        "31m",
        "\u001b",
      ),
      fc.integer({ min: 0, max: 0x9f }).map((code) => String.fromCharCode(code)),
    ),
  )
  .map((parts) => parts.join(""));

async function opened(env: Record<string, string>) {
  let written = "";
  const stream = { write: (text: string) => (written += text) };
  const output = await Output.open({ stdout: stream, stderr: stream, env });
  const take = (): string => {
    const taken = written;
    written = "";
    return taken;
  };
  return { output, take };
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: the test searches for control characters
const CONTROLS = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/;

describe("printed text", () => {
  it("contains the program's styles as escape sequences and no other control character, for any data", async () => {
    const { output, take } = await opened({ FORCE_COLOR: "1" });
    fc.assert(
      fc.property(hostile, hostile, (a, b) => {
        output.line(`${a}${output.colors.green(`|${b}`)}${output.colors.bold("x")}`);
        const text = take();
        const green = text.indexOf("\u001b[32m");
        const end = text.indexOf("\u001b[39m");
        expect(green).toBeGreaterThanOrEqual(0);
        expect(text.slice(0, green)).not.toMatch(CONTROLS);
        expect(text.slice(green + 5, end)).not.toMatch(CONTROLS);
        expect(text.slice(end + 5)).toBe("\u001b[1mx\u001b[22m\n");
      }),
    );
  });

  it("contains no escape sequence without color", async () => {
    const { output, take } = await opened({});
    fc.assert(
      fc.property(hostile, (text) => {
        output.warn(output.colors.red(text));
        output.errorLine(text);
        output.note(text);
        output.text(text);
        expect(take()).not.toMatch(CONTROLS);
      }),
    );
  });

  it("keeps line breaks, tabs and everything that is not a control character", async () => {
    const { output, take } = await opened({});
    output.line("ä\t漢字\n👩‍👩‍👧 ‮");
    expect(take()).toBe("ä\t漢字\n👩‍👩‍👧 \\u202e\n");
    expect(escapeToOneLine("a\nb\tc")).toBe("a\\u000ab\\u0009c");
  });

  it("has the same value in JSON", () => {
    fc.assert(
      fc.property(hostile, (text) => {
        const json = escapeJson(JSON.stringify({ [text]: text }));
        expect(json).not.toMatch(CONTROLS);
        expect(JSON.parse(json)).toEqual({ [text]: text });
      }),
    );
  });
});
