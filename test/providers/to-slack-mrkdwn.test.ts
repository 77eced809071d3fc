import { expect, it } from "vitest";
import { toSlackMrkdwn } from "../../src/providers/chat/slack/to-slack-mrkdwn.js";

it.each([
  ["plain", "plain"],
  ["**bold** and __bold__", "*bold* and *bold*"],
  ["*italic* and _italic_", "_italic_ and _italic_"],
  ["**bold *and italic***", "*bold _and italic_*"],
  ["~~gone~~", "~gone~"],
  ["[a page](https://lark.test/p?a=1&b=2)", "<https://lark.test/p?a=1&amp;b=2|a page>"],
  ["![logo](https://lark.test/l.png)", "<https://lark.test/l.png|logo>"],
  ["[](https://lark.test)", "<https://lark.test|https://lark.test>"],
  ["[a|b](https://lark.test)", "<https://lark.test|a¦b>"],
  ["# Title\ntext", "*Title*\ntext"],
  ["## A **b** title ##", "*A b title*"],
  ["- one\n* two\n  + three", "• one\n• two\n  • three"],
  ["> said\nnot", "> said\nnot"],
  ["1 < 2 & 3 > 2", "1 &lt; 2 &amp; 3 &gt; 2"],
  ["<@U1> and <!here> and <https://lark.test|x>", "<@U1> and <!here> and <https://lark.test|x>"],
  ["<script>", "&lt;script&gt;"],
  ["`**not bold** <`", "`**not bold** &lt;`"],
  ["```\n# not a title\n- no item\n```\n# title", "```\n# not a title\n- no item\n```\n*title*"],
  ["2 * 3 * 4 and a*b*c", "2 * 3 * 4 and a*b*c"],
  ["**open", "**open"],
])("CH-174 toSlackMrkdwn converts %j", (markdown, mrkdwn) => {
  expect(toSlackMrkdwn(markdown)).toBe(mrkdwn);
});
