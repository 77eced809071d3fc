import { describe, expect, it } from "vitest";
import { findMjmlParent, prepareMjml } from "../../../../src/engine/render/mjml/prepare-mjml.js";
import type { JsonObject } from "../../../../src/util/json.js";
import { type RenderInput, renderContent } from "../../../helpers/render-step.js";

const inBody = (body: string): string => `<mjml><mj-body>${body}</mj-body></mjml>`;
const inColumn = (content: string): string => inBody(`<mj-section><mj-column>${content}</mj-column></mj-section>`);

async function renderHtml(
  html_body: string,
  more: Partial<RenderInput> = {},
  template: JsonObject = {},
): Promise<string> {
  const whole = { subject: "S", is_mjml: true, html_body, ...template };
  return String((await renderContent({ type: "email", template: whole, ...more })).html_body);
}

const LAYOUT = {
  is_mjml: true,
  html_layout: inBody("{{ content }}<mj-section><mj-column><mj-text>Bye</mj-text></mj-column></mj-section>"),
  text_layout: "{{ content }}\nBye",
};
const inLayout = { settings: { layout_key: "news" } };

describe("MJML (T-128)", () => {
  it("is converted to HTML after its Liquid is rendered", async () => {
    const html = await renderHtml(inColumn("{% for i in data.l %}<mj-text>No. {{ i }}</mj-text>{% endfor %}"), {
      data: { l: [1, 2] },
    });
    expect(html).toMatch(/^<!doctype html>/);
    expect(html).not.toContain("<mj-");
    expect(html).toMatch(/>No\. 1<[\s\S]*>No\. 2</);
  });

  it("keeps HTML inside it unchanged, although it is not XML", async () => {
    const inner = "<table><tr><td nowrap>a<br>b & c<img src=x></table>";
    expect(await renderHtml(inColumn(`<mj-text>${inner}</mj-text>`))).toContain(inner);
    expect(await renderHtml(inColumn('<mj-button href="https://lark.test?a=1&b=2">Go</mj-button>'))).toMatch(
      /href="https:\/\/lark\.test\?a=1&(amp;)?b=2"/,
    );
  });

  it("wraps HTML between components, but not inside components that contain text", () => {
    const { mjml, restore } = prepareMjml(
      inBody("<p>a</p><mj-section><mj-column><b>b</b><mj-text><i>c</i></mj-text></mj-column></mj-section>"),
    );
    expect(restore(mjml)).toBe(
      "<mjml><mj-body><mj-raw><p>a</p></mj-raw><mj-section><mj-column><mj-raw><b>b</b></mj-raw><mj-text><i>c</i></mj-text></mj-column></mj-section></mj-body></mjml>",
    );
    const spelt = prepareMjml(inBody("<mjml-raw><p></mjml-raw>"));
    expect(spelt.restore(spelt.mjml)).toBe(inBody("<mj-raw><p></mj-raw>"));
  });

  it("writes inline styles to their elements and keeps other styles in the head", async () => {
    const head =
      '<mj-head><mj-style inline="inline">.a{color:red}</mj-style><mj-style>.b{color:blue}</mj-style></mj-head>';
    const html = await renderHtml(inColumn('<mj-text><b class="a">x</b></mj-text>').replace("<mjml>", `<mjml>${head}`));
    expect(html).toContain('<b class="a" style="color: red;">x</b>');
    expect(html).toContain(".b{color:blue}");
  });

  it("inserts a fragment into an MJML layout", async () => {
    const fragment = "<mj-section><mj-column><mj-text>Hi {{ recipient.name }}</mj-text></mj-column></mj-section>";
    const layouts = { news: LAYOUT };
    expect(await renderHtml(fragment, { layouts }, inLayout)).toMatch(/>Hi Mara Voss<[\s\S]*>Bye</);
    const built = { settings: { layout_key: "default" } };
    expect(await renderHtml(fragment, {}, built)).toContain(">Hi Mara Voss<");
    const template = { subject: "S", is_mjml: true, html_body: fragment, ...inLayout };
    expect((await renderContent({ type: "email", template, layouts })).text_body).toBe("Hi Mara Voss\nBye");
  });

  it("inserts plain HTML into an MJML layout unchanged", async () => {
    const html = await renderHtml("<p>plain</p>", { layouts: { news: LAYOUT } }, { ...inLayout, is_mjml: false });
    expect(html).toMatch(/<p>plain<\/p>[\s\S]*>Bye</);
  });

  it("T-158 converts visual blocks to components, at the level where the layout prints them", async () => {
    const visual_blocks: JsonObject[] = [
      { type: "markdown", content: "# Hi" },
      { type: "divider" },
      { type: "image", url: "https://lark.test/a.png", alt: "a", style_attrs: { width: "50%" } },
      { type: "button_set", buttons: [{ label: "Go", action: "https://lark.test?a&b", variant: "solid" }] },
      {
        type: "row",
        columns: [{ blocks: [{ type: "html", content: "L" }] }, { blocks: [{ type: "html", content: "R" }] }],
      },
    ];
    const places = [
      "{{ content }}",
      "<mj-section>{{ content }}</mj-section>",
      "<mj-section><mj-column>{{ content }}</mj-column></mj-section>",
      "<mj-section><mj-column><mj-text>{{ content }}</mj-text></mj-column></mj-section>",
    ];
    for (const place of places) {
      const layouts = { news: { ...LAYOUT, html_layout: inBody(place) } };
      const template = { subject: "S", visual_blocks, ...inLayout };
      const scope = { vars: { branding: { primary_color: "#123456" } } };
      const { html_body } = await renderContent({ type: "email", template, layouts, scope });
      const html = String(html_body);
      expect(html).not.toContain("<mj-");
      expect(html).toMatch(/<h1[^>]*>Hi<\/h1>[\s\S]*#dddee1[\s\S]*a\.png[\s\S]*Go[\s\S]*L[\s\S]*R/);
      expect(html).toContain("#123456");
    }
    expect(
      findMjmlParent(
        inColumn("<mj-text>x</mj-text><mj-divider />@"),
        inColumn("<mj-text>x</mj-text><mj-divider />@").indexOf("@"),
      ),
    ).toBe("mj-column");
  });

  it.each([
    [
      "an unknown element",
      inColumn("\n<mj-txt>a</mj-txt>"),
      "MJML: line 2: there is no element <mj-txt>; did you mean <mj-text>?",
    ],
    [
      "an element that is not closed",
      inBody("\n<mj-section>"),
      "MJML: line 2: </mj-body> has no opening tag: <mj-section> of line 2 is open",
    ],
    ["text that is not closed", inColumn("<mj-text>a"), "MJML: line 1: <mj-text> is not closed"],
    [
      "an end tag without a start tag",
      "<mjml><mj-body></mj-section></mj-body></mjml>",
      "MJML: line 1: </mj-section> has no opening tag",
    ],
    ["a missing root", "<p>a</p>", "MJML: line 1: text is not allowed outside <mjml>"],
    ["an empty document", "", "MJML: the root element must be <mjml>"],
    ["an attribute without quotes", inBody("<mj-section padding=1></mj-section>"), "MJML: "],
    [
      "an include element, which would read files",
      inBody('<mj-include path="/etc/hosts" />'),
      "there is no element <mj-include>",
    ],
  ])("%s fails the step with the line", async (_what, source, expected) => {
    await expect(renderHtml(source)).rejects.toThrow(
      `steps[0].template.html_body: ${expected.startsWith("MJML") ? expected : ""}`,
    );
    await expect(renderHtml(source)).rejects.toThrow(expected);
  });
});
