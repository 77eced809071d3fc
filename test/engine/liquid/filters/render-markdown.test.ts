import { describe, expect, it } from "vitest";
import { renderMarkdown } from "../../../../src/engine/liquid/filters/render-markdown.js";

describe("renderMarkdown (CommonMark with GFM's extensions, TQ-14)", () => {
  it.each([
    ["", ""],
    ["hi **you**", "<p>hi <strong>you</strong></p>"],
    ["# H\n\ntext", "<h1>H</h1>\n<p>text</p>"],
    ["[a](https://lark.test)", '<p><a href="https://lark.test">a</a></p>'],
    ["<b>x</b> & y", "<p><b>x</b> &amp; y</p>"],
    ["1. a\n2. b", "<ol>\n<li>a</li>\n<li>b</li>\n</ol>"],
    ["`a<b`", "<p><code>a&lt;b</code></p>"],
    ["[x](javascript:alert(1))", "<p>[x](javascript:alert(1))</p>"], // not rendered as a link
    ["a\n\nb\n", "<p>a</p>\n<p>b</p>"],
    ["~~old~~", "<p><del>old</del></p>"],
    ["see https://lark.test/a", '<p>see <a href="https://lark.test/a">https://lark.test/a</a></p>'],
    [
      "https://lark.test/(a)/[b]?c='d'",
      `<p><a href="https://lark.test/(a)/%5Bb%5D?c='d'">https://lark.test/(a)/[b]?c='d'</a></p>`,
    ],
    ["(https://lark.test/(a)/b)", '<p>(<a href="https://lark.test/(a)/b">https://lark.test/(a)/b</a>)</p>'],
    ["ada@example.com", '<p><a href="mailto:ada@example.com">ada@example.com</a></p>'],
    ["//lark.test/a and // b", "<p>//lark.test/a and // b</p>"],
    ["app.py and lark.test", "<p>app.py and lark.test</p>"],
    ["&copy; &eacute;", "<p>© é</p>"],
    ["| a | b |\n|---|---|\n| 1 | 2 |", /^<table>[\s\S]*<td>2<\/td>[\s\S]*<\/table>$/],
  ])("renders %j as %j", (source, html) => {
    expect(renderMarkdown(source)).toEqual(typeof html === "string" ? html : expect.stringMatching(html));
  });
});
