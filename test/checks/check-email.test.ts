import { describe, expect, it } from "vitest";
import { checkEmail } from "../../src/checks/check-email.js";

const VALID = {
  html: '<html><head><title>News</title></head><body><a href="https://knock.app/a">A</a><img src="https://knock.app/a.png" alt=""></body></html>',
  previewText: "What is new",
  headers: ["List-Unsubscribe"],
  isCommercial: true,
  isOwnDocument: true,
  sampleData: "",
  isDataComplete: true,
};

const listCodes = (changes: Partial<typeof VALID>): string[] =>
  checkEmail({ ...VALID, ...changes }).map(({ code }) => code);
const withLink = (href: string): string => VALID.html.replace("https://knock.app/a", href);

describe("checkEmail", () => {
  it("accepts an email without problems", () => {
    expect(checkEmail(VALID)).toEqual([]);
  });

  it("reports HTML above 102 kB in UTF-8", () => {
    const addText = (length: number): string => VALID.html.replace("A</a>", `${"ä".repeat(length)}</a>`);
    expect(listCodes({ html: addText(51_000) })).toEqual([]);
    expect(listCodes({ html: addText(53_000) })).toEqual(["email_clipped"]);
  });

  it("names the images without alt", () => {
    const html = VALID.html.replace(' alt=""', "");
    expect(checkEmail({ ...VALID, html })).toMatchObject([
      { code: "email_missing_alt", message: expect.stringMatching(/a\.png$/) },
    ]);
  });

  it("reports a missing title of a layout of the project only", () => {
    const html = VALID.html.replace("News", " ");
    expect(listCodes({ html })).toEqual(["email_missing_title"]);
    expect(listCodes({ html, isOwnDocument: false })).toEqual([]);
  });

  it("accepts a hidden preheader in place of a preview text", () => {
    expect(listCodes({ previewText: " " })).toEqual(["email_missing_preheader"]);
    const html = VALID.html.replace("<body>", '<body><div style="display: none">New</div>');
    expect(listCodes({ previewText: "", html })).toEqual([]);
  });

  it.each([
    "#",
    "javascript:void(0)",
    "",
    "https://",
    "https://www.example.com/a",
    "www.knock.app",
    "/relative",
    "orders/1",
    "mailto:",
    "mailto:?subject=Hello",
    "tel:",
    "http://localhost:3000/",
    "http://127.0.0.1/",
    "https://exa mple.com",
    "//example.com/a",
  ])("reports the link and the image %j", (target) => {
    expect(listCodes({ html: withLink(target) })).toEqual(["email_placeholder_link"]);
    expect(listCodes({ html: VALID.html.replace("https://knock.app/a.png", target) })).toEqual([
      "email_placeholder_link",
    ]);
  });

  it.each([
    "mailto:a@knock.app",
    "#top",
    "https://example.io",
    "//knock.app/a",
    "cid:logo",
    "data:image/gif;base64,R0",
  ])("accepts the link %j", (href) => {
    expect(listCodes({ html: withLink(href) })).toEqual([]);
  });

  it("reports a link without href, but not the target of an anchor", () => {
    const withTag = (tag: string): string => VALID.html.replace('<a href="https://knock.app/a">', tag);
    expect(listCodes({ html: withTag("<a>") })).toEqual(["email_placeholder_link"]);
    expect(listCodes({ html: withTag('<a name="top">') })).toEqual([]);
  });

  it("accepts links that the sample data has, and empty ones if data is missing", () => {
    expect(listCodes({ html: withLink("https://example.com/a"), sampleData: '"https://example.com/a"' })).toEqual([]);
    expect(listCodes({ html: withLink("https://example.com/a"), sampleData: '"ada@example.com"' })).toEqual([
      "email_placeholder_link",
    ]);
    for (const href of ["", "/orders", "https://", "mailto:"])
      expect(listCodes({ html: withLink(href), isDataComplete: false })).toEqual([]);
  });

  it("reports a commercial email without List-Unsubscribe", () => {
    expect(listCodes({ headers: ["list-unsubscribe"] })).toEqual([]);
    expect(listCodes({ headers: [] })).toEqual(["email_missing_unsubscribe"]);
    expect(listCodes({ headers: [], isCommercial: false })).toEqual([]);
  });
});
