import { describe, expect, it } from "vitest";
import { step } from "../../helpers/build-steps.js";
import { formatSteps, getRecipientOutcome, withHarness } from "../../helpers/engine-case.js";
import { renderContent } from "../../helpers/render-step.js";

// Every object inherits these names, so a lookup by a name from a file could find something that no file contains.
describe.each(["constructor", "valueof", "hasownproperty", "toString"])("the name %s of a file", (name) => {
  it("E-019 is that of a workflow which is inactive unless it is active", () =>
    withHarness(async (h) => {
      h.define(name, { active: false, steps: [step.feed()] });
      await expect(h.trigger(name, { recipients: ["ana"] })).rejects.toMatchObject({ code: "workflow_inactive" });
    }));

  it("E-171 is that of a channel group which is not declared", () =>
    withHarness(async (h) => {
      h.define("g", { steps: [{ ...step.feed(), channel_key: null, channel_group_key: name }] });
      const outcome = await h.trigger("g", { recipients: ["ana"] });
      expect(formatSteps(getRecipientOutcome(outcome, "ana"))).toEqual(["in_app_feed_1 sent"]);
    }));

  it("E-171 is that of a channel which is not declared", () =>
    withHarness(async (h) => {
      h.define("c", { steps: [{ ...step.feed(), channel_key: name }] });
      const outcome = await h.trigger("c", { recipients: ["ana"] });
      const [message] = await h.listMessages();
      expect(formatSteps(getRecipientOutcome(outcome, "ana"))).toEqual(["in_app_feed_1 sent"]);
      expect(message?.channel.key).toBe(name);
      await h.markMessage(message as NonNullable<typeof message>, "read");
    }));

  it("T-104 is that of an input which a partial requires", async () => {
    const input_schema = [{ key: name, type: "text", settings: { required: true } }];
    const partials = { p: { type: "text", content: `[{{ ${name} }}]`, input_schema } };
    const render = (text_body: string): Promise<unknown> =>
      renderContent({ type: "sms", template: { text_body }, partials, properties: { phone_number: "+15550000001" } });
    await expect(render("{% render 'p' %}")).rejects.toThrow(`the input "${name}" is required`);
    expect(await render(`{% render 'p', ${name}: 'x' %}`)).toMatchObject({ body: "[x]" });
  });
});
