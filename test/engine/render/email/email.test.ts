import { describe, expect, it } from "vitest";
import { RenderError } from "../../../../src/engine/liquid/liquid.js";
import type { JsonObject } from "../../../../src/util/json.js";
import { MARA, renderContent, renderStep } from "../../../helpers/render-step.js";

const email = (template: JsonObject, more: object = {}) => ({
  type: "email" as const,
  template: { subject: "S", html_body: "<p>B</p>", ...template },
  ...more,
});

describe("the content of an email (A-474, section 8)", () => {
  it("has the API's format", async () => {
    const template = {
      subject: "Hi {{ recipient.name }}",
      html_body: "<p>{{ data.page }}</p>",
      text_body: "{{ page }}",
    };
    const channel = { settings: { from_address: "hi@lark.test" } };
    expect(await renderContent(email(template, { data: { page: "Home" }, channel }))).toEqual({
      __typename: "MessageEmailContent",
      to: "mara@lark.test",
      from: "hi@lark.test",
      cc: null,
      bcc: null,
      reply_to: null,
      subject_line: "Hi Mara Voss",
      html_body: "<p>Home</p>",
      text_body: "Home",
    });
  });

  it("E-178 T-134 overrides are templates and take precedence over the channel's settings unless they are blank", async () => {
    const overrides = {
      to_address: "{{ data.to }}",
      from_address: "{{ data.from }}",
      from_name: "{{ data.who }}",
      cc_address: "a@lark.test, {{ data.to }}",
      bcc_address: " ",
      reply_to_address: "re@lark.test",
    };
    const channel = { settings: { from_address: "hi@lark.test", from_name: "Lark", bcc_address: "audit@lark.test" } };
    const data = { to: "other@lark.test", from: "", who: "Ops" };
    expect(await renderContent(email({}, { overrides, channel, data }))).toMatchObject({
      to: "other@lark.test",
      from: "Ops <hi@lark.test>",
      cc: "a@lark.test, other@lark.test",
      bcc: "audit@lark.test",
      reply_to: "re@lark.test",
    });
  });

  it("EQ-29 T-220 falls back to the recipient's address, and creates no message without one", async () => {
    const overrides = { to_address: "{{ data.nope }}" };
    expect(await renderContent(email({}, { overrides }))).toMatchObject({ to: "mara@lark.test" });
    for (const properties of [
      {},
      { email: "" },
      { email: "  " },
      { email: null },
      { email: 42 },
      { email: ["a@b.test"] },
    ])
      expect((await renderStep(email({}, { overrides, properties }))).destinations).toEqual([]);
    expect(
      (await renderStep(email({}, { overrides: { to_address: "x@lark.test" }, properties: {} }))).destinations,
    ).toHaveLength(1);
  });

  it("E-220 records the message's destination", async () => {
    const { destinations } = await renderStep(email({}));
    expect(destinations).toEqual([
      { address: "mara@lark.test", snapshot: { email: "mara@lark.test", name: "Mara Voss" } },
    ]);
  });

  it("EQ-68 T-124 the layout `default` adds a document around the body; without a layout only the body is sent", async () => {
    const html = async (settings: JsonObject) => (await renderContent(email({ settings }))).html_body as string;
    expect(await html({ layout_key: "default" })).toMatch(/^<!doctype html>[\s\S]*<body[^>]*>\n<p>B<\/p>\n<\/body>/);
    expect(await html({ layout_key: null })).toBe("<p>B</p>");
    expect(await html({})).toBe("<p>B</p>");
  });

  it("T-121 the text is created from the HTML if the template has none, and an empty text is kept", async () => {
    const html_body = '<h1>Hi</h1><p>See <a href="https://lark.test">the page</a></p>';
    expect(await renderContent(email({ html_body }))).toMatchObject({
      text_body: "Hi\n\nSee the page (https://lark.test)",
    });
    expect(await renderContent(email({ html_body, text_body: "" }))).toMatchObject({ text_body: "" });
    // The layout's own markup is not in the text.
    expect(await renderContent(email({ settings: { layout_key: "default" } }))).toMatchObject({ text_body: "B" });
  });

  it("T-007 escapes nothing by default", async () => {
    const data = { x: "<b>&\"'</b>" };
    expect(
      await renderContent(
        email({ subject: "{{ data.x }}", html_body: "{{ data.x }}|{{ data.x | escape }}" }, { data }),
      ),
    ).toMatchObject({
      subject_line: "<b>&\"'</b>",
      html_body: "<b>&\"'</b>|&lt;b&gt;&amp;&#34;&#39;&lt;/b&gt;",
    });
  });

  it.each<[string, object]>([
    ["subject", email({ subject: "{{ 1 | divided_by: 0 }}" })],
    ["html_body", email({ html_body: "{{ 1 | divided_by: 0 }}" })],
    ["text_body", email({ text_body: "{{ 1 | divided_by: 0 }}" })],
    ["settings.pre_content", email({ settings: { pre_content: "{{ 1 | divided_by: 0 }}" } })],
    ["channel_overrides.cc_address", email({}, { overrides: { cc_address: "{{ 1 | divided_by: 0 }}" } })],
  ])("T-091 F-055 an error in %s names its location", async (place, rendering) => {
    const failed = renderStep(rendering as Parameters<typeof renderStep>[0]);
    await expect(failed).rejects.toThrow(RenderError);
    await expect(failed).rejects.toThrow(place);
  });

  it("does not change its input", async () => {
    const before = JSON.stringify(MARA);
    await renderContent(email({ html_body: "{% assign recipient = 1 %}{% assign x = recipient %}{{ x }}" }));
    expect(JSON.stringify(MARA)).toBe(before);
  });
});
