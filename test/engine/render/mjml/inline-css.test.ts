import fc from "fast-check";
import juice from "juice/client.js";
import { describe, expect, it } from "vitest";
import { inlineCss } from "../../../../src/engine/render/mjml/inline-css.js";
import { getPropertyRuns } from "../../../helpers/get-property-runs.js";

const page = (body: string, css = ".a{color:red} p:first-child{margin:0} .b:hover{color:blue}"): string =>
  `<!doctype html><html><head><title>T & t</title><style>${css}</style></head><body>${body}</body></html>`;

describe("inlineCss (T-126)", () => {
  it.each([
    ["plain HTML", page('<p class="a">x</p>')],
    ["attributes in rules", page('<a href="https://lark.test">x</a><a href="/y">y</a>', 'a[href^="https"]{color:red}')],
    [
      "conditional comments for Outlook",
      page('<!--[if mso]><p class="a"><![endif]--><p class="a">x > y</p><!--[if mso]></p><![endif]-->'),
    ],
    ["attributes that contain tags", page('<img alt="a > b" src="x.png?a=1&b=2"><p class="a" title="<b>">x</p>')],
    ["entities", page("<p class='a'>&lt;b&gt; &amp; &nbsp;ü 日</p>")],
    ["elements that are not closed", page('<p class="a">x<br><p>y')],
    ["stray brackets", page('<p class="a">1 < 2 and 3 > 2</p>')],
    ["raw text", page('<script>"<p>"</script><textarea><p class="a"></textarea>')],
    ["malformed tags", page('<p class="a" <b class="a">x</b><i class="a>y</i>')],
    ["an empty document", ""],
  ])("inlines %s as juice does, the first time and from the cache", (_what, html) => {
    expect(inlineCss(html)).toBe(juice(html));
    expect(inlineCss(html)).toBe(juice(html));
  });

  it("inserts any text into a cached document", () => {
    const text = fc.string({ unit: "grapheme" }).map((value) => value.replaceAll(/[<>]/g, "").trim() || "x");
    const address = fc.webUrl().map((value) => value.replaceAll('"', ""));
    fc.assert(
      fc.property(text, text, address, (first, second, url) => {
        const html = page(`<p class="a">${first}</p><a class="b" href="${url}">${second}</a>`);
        expect(inlineCss(html)).toBe(juice(html));
      }),
      getPropertyRuns(1_000),
    );
  });

  it.each(["<div>", "<b>", "<i/>", "<svg><title><path/>", "<table><tr><td>", "<svg>"])(
    "rejects fifty thousand nested %s before a parser runs",
    (tag) => {
      for (const extra of [null, ".a{color:red}"])
        expect(() => inlineCss(page(tag.repeat(50_000)), extra)).toThrow("its elements are nested too deep");
    },
  );

  it("accepts many elements that are not nested, closed or not", () => {
    const shapes = `<svg><g>${'<path d="M0 0"/>'.repeat(3_000)}</g></svg>`;
    for (const body of [shapes, "<p>x".repeat(3_000), "<div>x</div>".repeat(3_000), "<br>".repeat(3_000)])
      expect(inlineCss(page(body))).toBe(juice(page(body)));
  });

  it.each([
    ["color:", "color: red;"],
    ["color", "color: red;"],
    ["&quot;", "color: red;"],
    ["/*", "color: red;"],
    ["margin: 0; color:", "color: red; margin: 0;"],
    ["font-family: &quot;A B&quot;, x; margin: 0", "color: red; font-family: 'A B', x; margin: 0;"],
    ["background: url(data:image/png;base64,x); top:", "color: red; background: url(data:image/png;base64,x);"],
    ["font: 'a; margin: 0", "color: red; margin: 0;"],
  ])("ignores invalid declarations of style attributes as browsers do: %s", (style, expected) => {
    expect(inlineCss(page(`<p class="a" style="${style}">x</p>`, ".a{color:red}"))).toContain(
      `<p class="a" style="${expected}">x</p>`,
    );
  });

  it("distinguishes documents that differ only in a class", () => {
    expect(inlineCss(page('<i class="a">x</i>'))).toContain('<i class="a" style="color: red;">x</i>');
    expect(inlineCss(page('<i class="c">x</i>'))).toContain('<i class="c">x</i>');
  });
});
