import { describe, expect, it } from "vitest";
import type { JsonObject } from "../../src/util/json.js";
import { formatRuns, withHarness } from "../helpers/engine-case.js";
import { type EngineHarness, step } from "../helpers/engine-harness.js";

const SPACES = " ".repeat(300_000);

/** The text for which a pattern of the Markdown package takes quadratic time. Only the limit of a rendering ends it. */
const UNLIMITED_BY_US = "links with open brackets";

/** Texts in trigger data that took seconds to minutes. */
const TEXTS: readonly [name: string, text: string][] = [
  ["spaces in a tag that is not closed", `<a${SPACES}x`],
  ["spaces in a heading", `# a${SPACES}b`],
  ["twenty thousand paragraphs", "<p>x</p>".repeat(20_000)],
  ["tags that are not closed", "<head ".repeat(50_000)],
  ["templates", "{{x}}".repeat(20_000)],
  ["placeholders", `\uE000${"{{x}}".repeat(20_000)}`],
  ["a tag of MJML that is not closed", `<mj-${"a".repeat(300_000)}`],
  ["a word that placeholders could have", `KEPT${"T".repeat(300_000)}`],
  ["marks of emphasis", "**".repeat(150_000)],
  [UNLIMITED_BY_US, "http://a.b/(".repeat(25_000)],
];

const email = (html_body: string, more: JsonObject = {}): JsonObject => ({
  ...step.email("S"),
  template: { subject: "{{ data.text | slice: 0, 20 }}", html_body, settings: { ...more } },
});
const mjml = (content: string): JsonObject => ({
  ...step.email("S"),
  template: { subject: "S", is_mjml: true, html_body: `<mjml><mj-body>${content}</mj-body></mjml>`, settings: {} },
});
const blocks = [{ type: "markdown", id: "b1", content: "{{ data.text }}" }];

/** Steps that print the text, by what renders it. */
const STEPS: readonly [name: string, step: JsonObject][] = [
  ["HTML", email("<p>{{ data.text }}</p>")],
  ["HTML in the default layout", email("<p>{{ data.text }}</p>", { layout_key: "default" })],
  ["HTML with CSS", email("<style>p,b{color:red} p:last-child{margin:0}</style><p>{{ data.text }}</p>")],
  ["MJML", mjml("<mj-section><mj-column><mj-text>{{ data.text }}</mj-text></mj-column></mj-section>")],
  ["MJML outside of texts", mjml("{{ data.text }}")],
  ["visual blocks", { ...step.email("S"), template: { subject: "S", visual_blocks: blocks, settings: {} } }],
  ["a feed", step.feed("{{ data.text }}")],
  ["an SMS", step.sms("{{ data.text }}")],
  ["a push", step.push("{{ data.text }}")],
  ["Slack", step.chat("{{ data.text }}")],
  ["a webhook", step.webhook("https://hook.test/", {}, "hook_1")],
  [
    "a condition",
    step.sms("M", { conditions: { all: [{ variable: "data.text", operator: "contains", argument: "y" }] } }),
  ],
];

async function identify(h: EngineHarness): Promise<void> {
  const channel_data = {
    ios: { tokens: ["device-1"] },
    chatty: { connections: [{ incoming_webhook: { url: "https://hooks.slack.test/1" } }] },
  };
  await h.identify({ id: "ana", email: "ana@lark.test", phone_number: "+15550000001", channel_data });
}

describe("payloads that took long are rendered, or end their step", { timeout: 120_000 }, () => {
  for (const [name, rendered] of STEPS)
    it.each(TEXTS)(`in ${name}: %s`, { timeout: 30_000 }, (what, text) =>
      withHarness(async (h) => {
        await identify(h);
        h.define("digest", { steps: [rendered] });
        const outcome = await h.trigger("digest", { recipients: ["ana"], data: { text } });
        expect(formatRuns(outcome).ana).toMatch(/^completed: \w+ (?:sent|skipped condition|failed render_error)$/);
        const detail = outcome.recipients?.[0]?.steps[0]?.reason?.detail ?? "";
        if (what !== UNLIMITED_BY_US) expect(detail).not.toContain("time limit");
      }),
    );
});
