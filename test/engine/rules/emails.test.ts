import { describe, expect, it } from "vitest";
import { parseEmailLayout } from "../../../src/domain/template/parse-email-layout.js";
import { parseTemplatePartial } from "../../../src/domain/template/parse-template-partial.js";
import type { JsonObject } from "../../../src/util/json.js";
import { step } from "../../helpers/build-steps.js";
import { HOUR, MINUTE } from "../../helpers/case-times.js";
import { describeEngineCases, formatRuns, getBodyText, withHarness } from "../../helpers/engine-case.js";
import type { EngineHarness } from "../../helpers/engine-harness.js";

const FILE = { name: "a.txt", content_type: "text/plain", content: "aGk=" };

async function attached(h: EngineHarness): Promise<unknown[]> {
  return (await h.listMessages()).map(({ content }) =>
    ((content.attachments ?? []) as JsonObject[]).map(({ name }) => name),
  );
}

/** Returns an email step whose template has these settings. */
function email(settings: JsonObject, body = "B", overrides: JsonObject = {}): JsonObject {
  const made = step.email("S", body, { channel_overrides: overrides });
  return { ...made, template: { ...(made.template as JsonObject), settings } };
}

function putLayout(h: EngineHarness, key: string, html: string): void {
  const raw = { html_layout: `<html><body>${html}</body></html>`, text_layout: "{{ content }}" };
  h.layouts.set(key, parseEmailLayout(key, raw, `layouts/${key}/layout.json`));
}

describeEngineCases("attachments of emails", [
  {
    title: "C-153 E-191 an object under the template's own key is one attachment",
    workflow: [email({ attachment_key: "file" })],
    payload: { data: { file: FILE } },
    check: async (h) => expect(await attached(h)).toEqual([["a.txt"]]),
  },
  {
    title: "E-191 an email after a batch has the attachments of the activity that opened it",
    workflow: [{ ref: "batch_1", type: "batch", settings: { batch_window: { unit: "hours", value: 1 } } }, email({})],
    payload: { data: { attachments: [{ ...FILE, name: "first.txt" }] } },
    moments: [
      {
        at: MINUTE,
        action: (h) =>
          h.trigger("digest", { recipients: ["ana"], data: { attachments: [{ ...FILE, name: "second.txt" }] } }),
      },
      { at: HOUR, check: async (h) => expect(await attached(h)).toEqual([["first.txt"]]) },
    ],
  },
  {
    title: "E-192 T-091 an invalid attachment fails the step of each recipient",
    workflow: [email({ attachment_key: "f" }, "B", { to_address: "{{ recipient.email }}" })],
    payload: { recipients: ["ana", "bo"], data: { f: "x" } },
    runs: {
      ana: "completed: email_1 failed render_error",
      bo: "completed: email_1 failed render_error",
    },
  },
]);

describe("layouts and partials, which are not part of a run's version", () => {
  it("T-101 a waiting run uses the layout and partials of the time it is sent", () =>
    withHarness(async (h) => {
      putLayout(h, "news", "old {{ content }}");
      const partial = (content: string) =>
        parseTemplatePartial("p", { type: "text", content }, "partials/p/partial.json");
      h.partials.set("p", partial("one"));
      h.define("digest", {
        steps: [step.delay("minutes", 5), email({ layout_key: "news" }, "{% render 'p' %}")],
      });
      await h.trigger("digest", { recipients: ["ana"] });
      putLayout(h, "news", "new {{ content }}");
      h.partials.set("p", partial("two"));
      await h.at(5 * MINUTE);
      expect((await h.listMessages()).map(getBodyText)).toEqual(["<html><body>new two</body></html>"]);
    }));

  it("EQ-68 a layout that no longer exists fails the step", () =>
    withHarness(async (h) => {
      putLayout(h, "news", "{{ content }}");
      h.define("digest", { steps: [step.delay("minutes", 5), email({ layout_key: "news" })] });
      const started = await h.trigger("digest", { recipients: ["ana"] });
      h.layouts.clear();
      await h.at(5 * MINUTE);
      const { recipients } = await h.readOutcome(started);
      expect(recipients?.[0]?.steps.at(-1)).toMatchObject({
        outcome: "failed",
        reason: {
          code: "render_error",
          detail: 'step email_1: steps[1].template.settings.layout_key: there is no layout "news"',
        },
      });
    }));

  it("a trigger is rejected if a layout or partial of its workflow cannot be parsed", () =>
    withHarness(async (h) => {
      putLayout(h, "news", "{{ content }}{% if %}");
      h.define("digest", { steps: [email({ layout_key: "news" })] });
      await expect(h.trigger("digest", { recipients: ["ana"] })).rejects.toMatchObject({
        code: "template_invalid",
        message: expect.stringContaining('layout "news": html_layout, line 1'),
      });
    }));

  it("E-192 an address with a line break fails only its own run", () =>
    withHarness(async (h) => {
      await h.identify({ id: "ana", reply: "x@lark.test\r\nBcc: y@lark.test" }, { id: "bo", reply: "r@lark.test" });
      h.define("digest", { steps: [email({}, "B", { reply_to_address: "{{ recipient.reply }}" })] });
      const outcome = await h.trigger("digest", { recipients: ["ana", "bo"] });
      expect(formatRuns(outcome)).toMatchObject({ bo: "completed: email_1 sent" });
      expect(formatRuns(outcome).ana).toContain("email_1 failed render_error");
    }));

  it("E-178 T-230 the step's event warns that tracking is on", () =>
    withHarness(async (h) => {
      h.define("digest", { steps: [email({}, "B", { open_tracking: true })] });
      const outcome = await h.trigger("digest", { recipients: ["ana"] });
      const run = await h.engine.readRecipientRun(outcome.recipients?.[0]?.recipient_run_id ?? "");
      expect(JSON.stringify(run)).toContain("no tracking pixel was added");
    }));

  it("T-240 an email of a commercial workflow has unsubscribe headers", () =>
    withHarness(async (h) => {
      h.define("digest", { steps: [email({})], settings: { is_commercial: true } });
      await h.trigger("digest", { recipients: ["ana"] });
      const [message] = await h.listMessages();
      expect(message?.content.headers).toEqual({
        "List-Unsubscribe": expect.stringMatching(/^<https:\/\/unsubscribe\.invalid\/[\w-]+>$/),
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
      });
    }));
});
