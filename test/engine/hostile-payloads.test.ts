import { describe, expect, it } from "vitest";
import { toZone } from "../../src/engine/liquid/filters/date-filters.js";
import { inlineCss } from "../../src/engine/render/mjml/inline-css.js";
import type { JsonObject } from "../../src/util/json.js";
import { step } from "../helpers/build-steps.js";
import { collectGarbage } from "../helpers/collect-garbage.js";
import { formatRuns, withHarness } from "../helpers/engine-case.js";
import type { EngineHarness } from "../helpers/engine-harness.js";
import { HOSTILE_TEXTS } from "../helpers/hostile-inputs.js";

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

describe("payloads that took long are rendered, or end their step", () => {
  for (const [name, rendered] of STEPS)
    it.each(HOSTILE_TEXTS)(`in ${name}: %s`, { timeout: 150_000 }, (_what, text) =>
      withHarness(async (h) => {
        await identify(h);
        h.define("digest", { steps: [rendered] });
        const outcome = await h.trigger("digest", { recipients: ["ana"], data: { text } });
        expect(formatRuns(outcome).ana).toMatch(/^completed: \w+ (?:sent|skipped condition|failed render_error)$/);
        const detail = outcome.recipients?.[0]?.steps[0]?.reason?.detail ?? "";
        expect(detail).not.toContain("time limit");
      }),
    );
});

describe("caches of texts in payloads", () => {
  const SIZE = 400_000;
  const moment = { at: 0, offsetMinutes: 0, zone: "UTC" };
  const findUnknownZone = (name: string) => expect(() => toZone(moment, name, "f")).toThrow("is not a time zone");

  // Without a limit in bytes, each needs more than 100 and 50 MB. The limits are 50 and 10 MB.
  it.each<[string, number, number, (index: number) => unknown]>([
    ["inlined CSS", 131, 75, (index) => inlineCss(`<style>p{}</style><p title=${index}${"x".repeat(SIZE)}>a</p>`)],
    ["unknown time zones", 129, 40, (index) => findUnknownZone(`Z${"x".repeat(SIZE)}${index}`)],
  ])("need little memory: %s", (_what, count, maxMegabytes, use) => {
    const measure = (): number => {
      collectGarbage();
      return process.memoryUsage().heapUsed / 1_000_000;
    };
    use(-1);
    const before = measure();
    for (let index = 0; index < count; index++) use(index);
    expect(measure() - before).toBeLessThan(maxMegabytes);
  });
});
