import { simpleParser } from "mailparser";
import { describe, expect, it } from "vitest";
import { renderMime } from "../../src/mime/render-mime.js";
import type { JsonObject } from "../../src/util/json.js";

const CONTENT: JsonObject = {
  __typename: "MessageEmailContent",
  to: "mara@lark.test",
  from: "Lark <hi@lark.test>",
  cc: "c1@lark.test, Cee <c2@lark.test>",
  bcc: "b@lark.test",
  reply_to: "re@lark.test",
  subject_line: "Bücher für Mara",
  html_body: "<p>Grüße, 日本</p>",
  text_body: "Grüße, 日本",
};

const mime = (more: JsonObject = {}): Promise<string> =>
  renderMime({ ...CONTENT, ...more }, { message_id: "msg1", date: new Date("2025-06-04T10:00:00Z") });

describe("renderMime", () => {
  it("renders a message that a mail program reads: headers, text and HTML", async () => {
    const parsed = await simpleParser(await mime());
    expect(parsed.from?.text).toBe('"Lark" <hi@lark.test>');
    expect([parsed.to, parsed.cc].flat().map((address) => address?.text)).toEqual([
      "mara@lark.test",
      'c1@lark.test, "Cee" <c2@lark.test>',
    ]);
    expect(parsed.replyTo?.text).toBe("re@lark.test");
    expect(parsed.subject).toBe("Bücher für Mara");
    expect(parsed.text?.trim()).toBe("Grüße, 日本");
    expect(parsed.html).toContain("<p>Grüße, 日本</p>");
    expect(parsed.messageId).toBe("<msg1@lark.test>");
    expect(parsed.date?.toISOString()).toBe("2025-06-04T10:00:00.000Z");
  });

  it("leaves out blind copies", async () => {
    expect(await mime()).not.toMatch(/^bcc:|b@lark\.test/im);
  });

  it("follows RFC 5322: seven bits, lines of up to 998 characters that end with CRLF, long subjects folded", async () => {
    const text = await mime({ subject_line: `Überlang${" wort".repeat(80)}`, html_body: "ü".repeat(3_000) });
    // biome-ignore lint/suspicious/noControlCharactersInRegex: the assertion is about bytes.
    expect(text).toMatch(/^[\x00-\x7f]*$/);
    expect(text.replaceAll("\r\n", "")).not.toMatch(/[\r\n]/);
    for (const line of text.split("\r\n")) expect(line.length).toBeLessThan(999);
    expect((await simpleParser(text)).subject).toBe(`Überlang${" wort".repeat(80)}`);
  });

  it("renders the same bytes for the same message", async () => {
    expect(await mime()).toBe(await mime());
  });

  it("quotes a sender's name with special characters", async () => {
    const parsed = await simpleParser(await mime({ from: 'Voss, Mara "M" <hi@lark.test>' }));
    expect(parsed.from?.value).toEqual([{ address: "hi@lark.test", name: 'Voss, Mara "M"' }]);
  });

  it("T-131 renders attachments, and inline ones next to the HTML that shows them", async () => {
    const attachments: JsonObject[] = [
      {
        name: "logo.png",
        content_type: "image/png",
        content: "iVBORw0KGgo=",
        content_id: "logo",
        disposition: "inline",
      },
      { name: "Übersicht.pdf", content_type: "application/pdf", content: "JVBERi0=" },
    ];
    const text = await mime({ attachments, html_body: '<img src="cid:logo">' });
    expect(text).toMatch(/^Content-Type: multipart\/mixed;/m);
    expect(text).toMatch(/^Content-Type: multipart\/related;/m);
    const parsed = await simpleParser(text, { skipImageLinks: true });
    expect(
      parsed.attachments.map(({ filename, contentType, content, cid, contentDisposition }) => [
        filename,
        contentType,
        content.toString("base64"),
        cid,
        contentDisposition,
      ]),
    ).toEqual([
      ["logo.png", "image/png", "iVBORw0KGgo=", "logo", "inline"],
      ["Übersicht.pdf", "application/pdf", "JVBERi0=", undefined, "attachment"],
    ]);
  });

  it("T-240 renders additional headers", async () => {
    const headers = {
      "List-Unsubscribe": "<https://unsubscribe.invalid/r-1>",
      "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
      "X-Team": "Grün",
    };
    const parsed = await simpleParser(await mime({ headers }));
    expect(parsed.headerLines.find(({ key }) => key === "list-unsubscribe-post")?.line).toBe(
      "List-Unsubscribe-Post: List-Unsubscribe=One-Click",
    );
    expect(parsed.headers.get("x-team")).toBe("=?UTF-8?Q?Gr=C3=BCn?=");
    expect(parsed.headers.get("list")).toMatchObject({ unsubscribe: { url: "https://unsubscribe.invalid/r-1" } });
  });

  it("keeps line breaks in data from adding a header", async () => {
    const hostile = "x\r\nX-Made: 1";
    for (const field of ["subject_line", "to", "cc", "reply_to", "from"]) {
      const parsed = await simpleParser(await mime({ [field]: hostile }));
      expect([field, parsed.headers.has("x-made")]).toEqual([field, false]);
    }
    const parsed = await simpleParser(await mime({ headers: { "X-Own": hostile } }));
    expect(parsed.headers.has("x-made")).toBe(false);
  });
});
