import { describe, expect, it } from "vitest";
import { htmlToText } from "../../../../src/engine/render/email/html-to-text.js";

describe("htmlToText (T-121, TQ-15)", () => {
  it.each([
    ["", ""],
    ["plain", "plain"],
    ["<p>One</p><p>Two</p>", "One\n\nTwo"],
    ["<div>One<br>two<br/>three</div>", "One\ntwo\nthree"],
    ["a\n   b\t c", "a b c"],
    ["<ul><li>a</li><li>b</li></ul>", "- a\n\n- b"],
    ['<a href="https://lark.test/?a=1&amp;b=2">page</a>', "page (https://lark.test/?a=1&b=2)"],
    ["<a class=x href='https://lark.test'><b>the</b> page</a>", "the page (https://lark.test)"],
    ['<a href="https://lark.test">https://lark.test</a>', "https://lark.test"],
    ['<a href="https://lark.test"><img src="x"></a>', "https://lark.test"],
    ["<head><title>T</title><style>p{}</style></head><p>B</p>", "B"],
    ["<STYLE>p { content: '<p>' }</STYLE>x<script>alert('<p>')</script>", "x"],
    ["<header>H</header>", "H"],
    ["a<!-- <p>no</p> -->b", "ab"],
    ["&lt;b&gt; &amp;amp; &quot;&apos;&nbsp;&#233;&#xE9;&#x1F600;", "<b> &amp; \"' éé😀"],
    ["&bogus; &#xFFFFFFF; &#99999999; & &;", "&bogus; &#xFFFFFFF; &#99999999; & &;"],
    ["<table><tr><td>a</td></tr><tr><td>b</td></tr></table>", "a\nb"],
    ["<table><tr><th>Item</th><th>Price</th></tr><tr><td>Tea</td><td>5</td></tr></table>", "Item Price\nTea 5"],
    ["<p></p><p></p><p></p><p>x</p>", "x"],
    ["1 < 2", "1 < 2"],
    ["<p>1 < 2 and 3 > 2</p>", "1 < 2 and 3 > 2"],
    ['<a href="https://lark.test/?a=1>2">Go</a> on', "Go (https://lark.test/?a=1>2) on"],
    [`<img src="x" alt="a > b" width=1><b title='>'>c</b>`, "a > bc"],
    ['<p title="open>x</p>', "x"],
    ["&hellip;&mdash;&copy;&rarr;&Uuml;&frac12;", "…—©→Ü½"],
  ])("converts %j to %j", (html, text) => {
    expect(htmlToText(html)).toBe(text);
  });
});
