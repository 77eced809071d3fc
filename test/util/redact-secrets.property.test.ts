import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createRedact } from "../../src/remote/create-redact.js";
import { redactText } from "../../src/util/redact-secrets.js";
import { getPropertyRuns } from "../helpers/get-property-runs.js";

const KEY = "sk_test_0123456789abcdefghij";

describe("a secret", () => {
  it("is removed from base64, base64url and hex of a text that contains it", () => {
    fc.assert(
      fc.property(
        fc.string({ minLength: 8, maxLength: 40 }),
        fc.string(),
        fc.string(),
        fc.constantFrom<BufferEncoding>("base64", "base64url", "hex"),
        fc.constantFrom<(text: string) => string>(
          (text) => text,
          encodeURIComponent,
          (text) => text.replaceAll("/", "\\/"),
          (text) => `{"echo":"${text}"}`,
        ),
        (secret, before, after, encoding, embed) => {
          const encoded = embed(Buffer.from(before + secret + after).toString(encoding));
          const redacted = redactText(encoded, [secret]);
          expect(redacted).toContain("[redacted]");
          // One character at each end belongs also to the text around it.
          const length = Buffer.from(secret).toString(encoding).replaceAll("=", "").length;
          expect(encoded.length - redacted.length + "[redacted]".length).toBeGreaterThanOrEqual(length - 3);
        },
      ),
      getPropertyRuns(2_000),
    );
  });

  it.each<[name: string, echo: string, shown: string]>([
    ["a Bearer header in base64", Buffer.from(`Bearer ${KEY}`).toString("base64"), "QmVhcmVyIH[redacted]"],
    ["a header in hex", Buffer.from(`Bearer ${KEY}`).toString("hex").toUpperCase(), "42656172657220[redacted]"],
    ["credentials in base64", Buffer.from(`${KEY}:`).toString("base64"), "[redacted]"],
  ])("is not shown if a server repeats %s", (_name, echo, shown) => {
    expect(createRedact(KEY)(`bad key ${echo}`)).toContain(`bad key ${shown}`);
  });

  const encodings: [name: string, encoded: string][] = [
    ["base64", Buffer.from(KEY).toString("base64")],
    ["base64url", Buffer.from(KEY).toString("base64url")],
    ["base64 in a URL", encodeURIComponent(Buffer.from(KEY).toString("base64"))],
    ["hex", Buffer.from(KEY).toString("hex")],
  ];
  it.each(encodings)("in %s is removed with the words around it kept", (_name, encoded) => {
    expect(redactText(`the key ${encoded} is unknown`, [KEY])).toBe("the key [redacted] is unknown");
    expect(redactText(`{"key":"${encoded}","code":1}`, [KEY])).toBe('{"key":"[redacted]","code":1}');
  });

  it("of few characters is only removed as it is", () => {
    expect(redactText("cafe 63616665 Y2FmZQ==", ["cafe"])).toBe("[redacted] 63616665 Y2FmZQ==");
  });
});
