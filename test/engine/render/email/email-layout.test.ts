import { describe, expect, it } from "vitest";
import { RenderError } from "../../../../src/engine/liquid/liquid.js";
import type { JsonObject } from "../../../../src/util/json.js";
import { type RenderInput, renderContent, renderStep } from "../../../helpers/render-step.js";

const page = (body: string, head = ""): string => `<html><head>${head}</head><body>${body}</body></html>`;

const layout = (html_layout: string, more: JsonObject = {}): JsonObject => ({
  html_layout,
  text_layout: "{{ content }}",
  ...more,
});

/** Renders an email in the layout `news`. */
function inLayout(one: JsonObject, template: JsonObject, more: Partial<RenderInput> = {}): RenderInput {
  const settings = { layout_key: "news", ...((template.settings as JsonObject | undefined) ?? {}) };
  return {
    type: "email",
    template: {
      subject: "S",
      ...("visual_blocks" in template ? {} : { html_body: "<p>B</p>" }),
      ...template,
      settings,
    },
    layouts: { news: one },
    ...more,
  };
}

const renderHtml = async (rendering: RenderInput): Promise<string> =>
  String((await renderContent(rendering)).html_body);
const renderText = async (rendering: RenderInput): Promise<string> =>
  String((await renderContent(rendering)).text_body);

describe("email layouts (T-122 to T-127)", () => {
  it("T-123 variables of the template are defined after the content and undefined before it", async () => {
    const html_body = '{% assign who = "ops" %}<p>Hi {{ recipient.name }}</p>';
    expect(await renderHtml(inLayout(layout(page("[{{ who }}]{{ content }}<i>{{ who }}</i>")), { html_body }))).toBe(
      page("[]<p>Hi Mara Voss</p><i>ops</i>"),
    );
  });

  it("T-123 variables of pre_content are defined everywhere, in HTML and in text", async () => {
    const template = {
      html_body: "<p>{{ who }}</p>",
      settings: { pre_content: '{% assign who = "ops" %}' },
    };
    const one = layout(page("[{{ who }}]{{ content }}"), { text_layout: "{{ who }}: {{ content }}" });
    expect(await renderHtml(inLayout(one, template))).toBe(page("[ops]<p>ops</p>"));
    expect(await renderText(inLayout(one, template))).toBe("ops: ops");
  });

  it("T-123 a text layout prints a `content` variable that pre_content assigns", async () => {
    const settings = { pre_content: '{% assign content = "mine" %}' };
    expect(await renderText(inLayout(layout(page("{{ content }}")), { settings }))).toBe("mine");
    expect(await renderText(inLayout(layout(page("{{ content }}")), {}))).toBe("B");
    expect(await renderText(inLayout(layout(page("{{ content }}")), { text_body: "T" }))).toBe("T");
  });

  it("T-027 content, footer_links and preview_text are defined in the layout only; the template sees data of these names", async () => {
    const one = layout(page("{{ preview_text }}|{{ content }}|{{ footer_links[0].text }}"), {
      footer_links: [{ text: "Help", url: "https://lark.test" }],
    });
    const html_body = "<p>{{ content }}, {{ preview_text }}, {{ footer_links }}</p>";
    const data = { content: "c", preview_text: "p", footer_links: "f" };
    const template = { html_body, settings: { preview_text: "Soon" } };
    expect(await renderHtml(inLayout(one, template, { data }))).toBe(page("Soon|<p>c, p, f</p>|Help"));
  });

  it("the content is printed each time the layout prints it", async () => {
    const html_body = "{% increment n %}";
    expect(await renderHtml(inLayout(layout(page("{{ content }}{{ content }}")), { html_body }))).toBe(page("00"));
  });

  it("T-122 T-135 footer links are templates, and `label` is an alias", async () => {
    const one = layout(
      page("{{ content }}{% for l in footer_links %}<a href='{{ l.url }}'>{{ l.text }}</a>{% endfor %}"),
      {
        text_layout: "{{ content }}\n{% for l in footer_links %}{{ l.text }} {{ l.url }}{% endfor %}",
        footer_links: [{ label: "Help {{ recipient.name }}", url: "https://lark.test/{{ recipient.id }}" }],
      },
    );
    expect(await renderHtml(inLayout(one, {}))).toContain("<a href='https://lark.test/u-42'>Help Mara Voss</a>");
    expect(await renderText(inLayout(one, {}))).toBe("B\nHelp Mara Voss https://lark.test/u-42");
  });

  it("T-121 the text layout wraps the template's own text or the text of its HTML", async () => {
    const one = layout(page("{{ content }}<p>not in the text</p>"), { text_layout: "{{ content }}\n-- {{ who }}" });
    const html_body = '{% assign who = "ops" %}<p>Hello</p>';
    expect(await renderText(inLayout(one, { html_body }))).toBe("Hello\n-- ops");
    expect(await renderText(inLayout(one, { html_body, text_body: '{% assign who = "t" %}Own' }))).toBe("Own\n-- t");
  });

  it("T-125 the preview text is hidden at the top if the layout does not print it", async () => {
    const template = { settings: { preview_text: "For {{ recipient.name }} <3" } };
    const shown = await renderHtml(inLayout(layout(page("{{ preview_text }}{{ content }}")), template));
    expect(shown).toBe(page("For Mara Voss <3<p>B</p>"));
    const hidden = await renderHtml(inLayout(layout(page("{{ content }}")), template));
    expect(hidden).toMatch(
      /<body><div style="display:none;[^"]*">For Mara Voss &lt;3&#847;[^<]*<\/div><p>B<\/p><\/body>/,
    );
    expect(await renderText(inLayout(layout(page("{{ content }}")), template))).toBe("B");
    const old = { type: "email" as const, template: { subject: "S", html_body: "<p>B</p>", preview_text: "Old" } };
    expect(await renderHtml(old)).toContain(">Old&#847;");
  });

  it("T-126 CSS is inlined; media queries and states stay in the head", async () => {
    const head = "<style>.a{color:red} .a:hover{color:blue} @media (max-width:480px){.a{color:green}}</style>";
    const html = await renderHtml(inLayout(layout(page('<p class="a">{{ content }}</p>', head)), { html_body: "x" }));
    expect(html).toContain('<p class="a" style="color: red;">x</p>');
    expect(html).toMatch(/<style>\s*\.a:hover[\s\S]*@media \(max-width:480px\)[\s\S]*<\/style>/);
    expect(html).not.toContain("color:red");
  });

  it("T-133 TQ-10 the layout's branding overrides the account's, and the tenant's overrides both", async () => {
    const one = layout(page("{{ vars.branding.primary_color }} {{ vars.branding.dark_logo_url }} {{ content }}"), {
      branding_overrides: { primary_color: "#222222", logo_url: "https://lark.test/l.png" },
    });
    const account = {
      primary_color: "#111111",
      logo_url: "https://lark.test/a.png",
      dark_logo_url: "https://lark.test/a.png",
    };
    const scope = { vars: { branding: account } };
    expect(await renderHtml(inLayout(one, {}, { scope }))).toContain("#222222 https://lark.test/l.png");
    const branding = { primary_color: "#333333" };
    expect(await renderHtml(inLayout(one, {}, { scope, branding }))).toContain("#333333 https://lark.test/l.png");
    expect(scope.vars.branding.primary_color).toBe("#111111");
  });

  it("EQ-68 a missing or broken layout fails its messages with the reason", async () => {
    const template = { subject: "S", html_body: "B", settings: { layout_key: "news" } };
    await expect(renderStep({ type: "email", template })).rejects.toThrow('there is no layout "news"');
    const broken = layout(page("{{ content }}{% if %}"));
    await expect(renderContent(inLayout(broken, {}))).rejects.toThrow('layout "news": html_layout, line 1');
    await expect(renderContent(inLayout(broken, {}))).rejects.toThrow(RenderError);
  });

  it("an error in the template names the template, and an error in the layout names the layout", async () => {
    const fails = renderContent(inLayout(layout(page("\n{{ content }}")), { html_body: "a\n{{ 1 | nope }}" }));
    await expect(fails).rejects.toThrow("steps[0].template.html_body, line 2, column 8: unknown filter: nope");
    await expect(renderContent(inLayout(layout(page("\n{{ content | nope }}")), {}))).rejects.toThrow(
      "html_layout, line 2, column 14: unknown filter: nope",
    );
  });

  it("an email that no server would accept is rejected", async () => {
    const data = { big: "x".repeat(1_000_000) };
    const html_body = "{{ big }}".repeat(50);
    await expect(renderContent(inLayout(layout(page("{{ content }}")), { html_body }, { data }))).rejects.toThrow(
      /html_body.*longer than the limit of 10000000 characters/,
    );
  });
});
