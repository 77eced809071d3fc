import { describe, expect, it } from "vitest";
import { renderMarkdown } from "../../../src/engine/render/markdown.js";

describe("renderMarkdown (CommonMark, TQ-14)", () => {
  it.each([
    ["", ""],
    ["hi **you**", "<p>hi <strong>you</strong></p>"],
    ["# H\n\ntext", "<h1>H</h1>\n<p>text</p>"],
    ["[a](https://lark.test)", '<p><a href="https://lark.test">a</a></p>'],
    ["<b>x</b> & y", "<p><b>x</b> &amp; y</p>"],
    ["1. a\n2. b", "<ol>\n<li>a</li>\n<li>b</li>\n</ol>"],
    ["`a<b`", "<p><code>a&lt;b</code></p>"],
    ["[x](javascript:alert(1))", '<p><a href="">x</a></p>'],
  ])("%j is %j", (source, html) => {
    expect(renderMarkdown(source)).toBe(html);
  });
});
