import { describe, expect, it } from "vitest";
import { PersonalDataFilter } from "../../src/comparison/personal-data-filter.js";
import { parseMoment } from "../../src/engine/liquid/filters/parse-moment.js";
import { strftime } from "../../src/engine/liquid/filters/strftime.js";
import { insertIntoHead, insertPreheader, removeTrackingMarks } from "../../src/engine/render/email/email-html.js";
import { htmlToText } from "../../src/engine/render/email/html-to-text.js";
import { markdownToLiquidHtml } from "../../src/engine/render/email/markdown-to-liquid-html.js";
import { inlineCss } from "../../src/engine/render/mjml/inline-css.js";
import { prepareMjml } from "../../src/engine/render/mjml/prepare-mjml.js";
import { LinkList } from "../../src/engine/tracking/link-list.js";
import { wrapHtml } from "../../src/engine/tracking/wrap-html.js";
import { wrapMarkdown, wrapMrkdwn } from "../../src/engine/tracking/wrap-text.js";
import { summarizeMessage } from "../../src/features/dev/emulator/page/summarize-message.js";
import { toSlackMrkdwn } from "../../src/providers/chat/slack/to-slack-mrkdwn.js";
import { parseEmail } from "../../src/providers/email/parse-email.js";
import { runWithTimeLimit, TimeLimitExceeded } from "../../src/util/time-limit.js";
import { buildEmailMessage } from "../helpers/provider-harness.js";

const links = () => new LinkList({ base_url: "https://go.test", message_id: "m", link_key: null, isShort: false });

/** Text that data may put into a rendered message, repeated so often that quadratic patterns would take many minutes. */
const PUMPS = [
  "<",
  "<!--",
  "<style",
  "<style>",
  '<a href="',
  "<a x\t\t",
  "[",
  "![",
  "`",
  "(",
  "\t",
  " ",
  '"',
  "https://a",
  "a",
  "0",
  "#",
  "@",
  "**",
  "{{",
  "{{x}}",
  "<%",
  "<p>",
  "<a ",
  "<head ",
  "<mj-a",
  "\uE000",
];
const SIZE = 600_000;

const WORK: Record<string, (text: string) => unknown> = {
  wrapHtml: (text) => wrapHtml(`<a ${text}>`, links()),
  wrapMarkdown: (text) => wrapMarkdown(text, links()),
  wrapMrkdwn: (text) => wrapMrkdwn(text, links()),
  inlineCss: (text) => inlineCss(`<style>p{color:red}</style><p>${text}</p><style></style>`),
  prepareMjml: (text) => prepareMjml(`<mjml><mj-body><mj-text>x</mj-text></mj-body></mjml>${text}`),
  messageSummary: (text) =>
    summarizeMessage({ channel: { type: "in_app_feed" }, content: { data: { blocks: [{ rendered: text }] } } }),
  emailOf: (text) => parseEmail(buildEmailMessage({ subject_line: text, cc: text })),
  removeTrackingMarks: (text) => removeTrackingMarks(`<p><a${text}x</p>`),
  insertIntoHead: (text) => insertIntoHead(text, "<style></style>"),
  insertPreheader: (text) => insertPreheader(text, "preview"),
  htmlToText: (text) => htmlToText(`<p>${text}</p>`),
  toSlackMrkdwn: (text) => toSlackMrkdwn(`# a${text}b`),
  markdownToLiquidHtml: (text) => markdownToLiquidHtml(text, (markdown) => markdown),
  strftime: (text) => strftime({ at: 0, offsetMinutes: 0, zone: "UTC" }, `%${text}!`),
  parseMoment: (text) => parseMoment(`1 March 2024 10:00${text}x`, () => 0, "date"),
  personalData: (text) => new PersonalDataFilter([], new Uint8Array(32)).filterText(text),
};

it.each(["a", '"a'])("an address list of 12 MB does not overflow the stack of regular expressions: %j", (pump) => {
  expect(() => parseEmail(buildEmailMessage({ cc: `${pump}${"a".repeat(12_000_000)}` }))).not.toThrow(RangeError);
});

describe("patterns over text that could match from each character", () => {
  for (const [name, work] of Object.entries(WORK))
    it.each(PUMPS)(`${name} takes linear time for %j`, (pump) => {
      const text = `${pump.repeat(SIZE / pump.length)}x`;
      try {
        runWithTimeLimit(60_000, () => work(text));
      } catch (error) {
        // Rejecting the text is also a valid result.
        expect(error).not.toBeInstanceOf(TimeLimitExceeded);
      }
    });
});
