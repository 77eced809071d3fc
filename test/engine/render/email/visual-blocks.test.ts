import { describe, expect, it } from "vitest";
import { renderMarkdown } from "../../../../src/engine/liquid/filters/render-markdown.js";
import { markdownToLiquidHtml } from "../../../../src/engine/render/email/markdown-to-liquid-html.js";
import type { JsonObject } from "../../../../src/util/json.js";
import { type RenderInput, renderContent } from "../../../helpers/render-step.js";

const BRANDING = { vars: { branding: { primary_color: "#123456", primary_color_contrast: "#fefefe" } } };

/** Renders the email of these blocks without a layout; the rules of the head are already inlined. */
async function blocks(visual_blocks: JsonObject[], more: Partial<RenderInput> = {}): Promise<string> {
  const template = { subject: "S", visual_blocks };
  return String((await renderContent({ type: "email", template, scope: BRANDING, ...more })).html_body);
}

const row = (type: string, inside: string, more = ""): string =>
  `<div class="block-row block-row--${type}-v1" style="padding:8px 4px 8px 4px${more}">${inside}</div>`;

const button = (more: JsonObject): JsonObject => ({
  type: "button_set",
  buttons: [{ label: "Go", action: "https://lark.test", variant: "solid", ...more }],
});

describe("visual blocks as HTML (section 9)", () => {
  it("T-150 renders Markdown without its outer margins", async () => {
    expect(await blocks([{ type: "markdown", content: "Hi *{{ recipient.name }}*" }])).toContain(
      row(
        "markdown",
        '<div class="block-markdown" style="word-break: break-word;"><p style="margin-top: 0; margin-bottom: 0;">Hi <em>Mara Voss</em></p></div>',
      ),
    );
  });

  it("T-151 keeps HTML unchanged", async () => {
    expect(await blocks([{ type: "html", content: "<b>{{ data.x }}</b>" }], { data: { x: "<i>&</i>" } })).toContain(
      row("html", "<b><i>&</i></b>"),
    );
  });

  it("T-152 renders an image with alignment, width and link", async () => {
    const image = {
      type: "image",
      url: "https://lark.test/{{ data.x }}.png",
      alt: 'A "x"',
      action: "{{ data.to }}",
      style_attrs: { width: "50%" },
      layout_attrs: {
        horizontal_align: "center",
        padding_top: 1,
        padding_right: 2,
        padding_bottom: 3,
        padding_left: 4,
      },
    };
    const html = await blocks([image], { data: { x: "a", to: "https://lark.test/p" } });
    expect(html).toContain(
      'style="padding:1px 2px 3px 4px;text-align:center"><a href="https://lark.test/p" target="_blank"',
    );
    expect(html).toContain('<img src="https://lark.test/a.png" alt="A &quot;x&quot;" width="50%"');
    expect(html).toContain("margin:0 auto;width:50%");
    expect(await blocks([{ ...image, action: "" }])).not.toContain("<a ");
  });

  it("T-153 T-159 renders a divider of one pixel", async () => {
    expect(await blocks([{ type: "divider" }])).toContain(
      row("divider", '<div class="block-divider" style="border-bottom: 1px solid #dddee1;"></div>'),
    );
  });

  it("T-154 T-159 renders buttons with a gap between them", async () => {
    const set = {
      type: "button_set",
      buttons: [
        { label: "Yes {{ data.x }}", action: "{{ data.to }}", variant: "solid", size_attrs: { size: "sm" } },
        { label: "No", action: "#", variant: "outline", size_attrs: { size: "lg" } },
      ],
      layout_attrs: {
        column_gap: 12,
        horizontal_align: "right",
        padding_top: 0,
        padding_right: 0,
        padding_bottom: 0,
        padding_left: 0,
      },
    };
    const html = await blocks([set], { data: { x: "1", to: 'https://lark.test/"q' } });
    const [first = "", second = ""] = html.match(/<a [^>]*>[^<]*<\/a>/g) ?? [];
    expect(html).toContain("padding:0px 0px 0px 0px;text-align:right");
    expect(first).toContain(
      'class="block-button block-button--solid block-button--sm" href="https://lark.test/&quot;q"',
    );
    for (const rule of [
      "min-width: 32px",
      "padding: 4px 8px",
      "font-size: 14px",
      "line-height: 20px",
      "margin-right: 12px",
    ])
      expect(first).toContain(rule);
    for (const rule of [
      "background-color: #123456",
      "color: #fefefe",
      "display: inline-block",
      "text-decoration: none",
    ])
      expect(first).toContain(rule);
    expect(first).toMatch(/>Yes 1<\/a>$/);
    expect(second).toContain('class="block-button block-button--outline block-button--lg"');
    expect(second).toContain("background-color: transparent; border-color: #123456; color: #123456");
    expect(second).not.toContain("margin-right");
  });

  it("T-155 applies a button's own attributes; colors are hex values or branding tokens", async () => {
    const style_attrs = {
      background_color: "{{ data.c }}",
      text_color: "primary_color",
      border_color: "#abcdef",
      border_width: 2,
      border_radius: 9,
    };
    const set = button({ style_attrs, size_attrs: { size: "md", is_fullwidth: true } });
    const html = await blocks([set], { data: { c: "primary_color_contrast" } });
    for (const rule of ["background-color: #fefefe", "color: #123456", "border-color: #abcdef", "border-width: 2px"])
      expect(html).toContain(rule);
    for (const rule of ["border-radius: 9px", "width: 100%", "display: block"]) expect(html).toContain(rule);
  });

  it("T-155 ignores a color that would end the style attribute", async () => {
    const set = button({ style_attrs: { background_color: "{{ data.c }}" } });
    expect(await blocks([set], { data: { c: "red;position:fixed" } })).not.toContain("position");
  });

  /** Returns an image field of a schema with the defaults of its sub-fields. */
  const image = (key: string, url: string, alt: string, required = true): JsonObject => ({
    type: "image",
    key,
    label: key,
    settings: { required, description: "A picture" },
    url: { type: "url", key: "url", label: "URL", settings: { default: url, placeholder: url, required } },
    alt: { type: "text", key: "alt", label: "Alt", settings: { default: alt, required: false } },
    action: { type: "text", key: "action", label: "Action", settings: { default: "", required: false } },
  });
  const field = (type: string, key: string, preset: string, required = true): JsonObject => ({
    type,
    key,
    label: key,
    settings: { default: preset, required, placeholder: preset },
  });

  it.each<[string, string, JsonObject[], string]>([
    [
      "two columns",
      '{%- assign head = a_head | default: "H" -%}{{ a_pic.url }} {{ a_pic.alt | default: head }} {{ head }} {% if a_link and a_link != "" %}{{ a_link }}{% endif %} {{ b_pic.url }}',
      [
        image("a_pic", "a.png", ""),
        field("text", "a_head", "Left"),
        field("textarea", "a_body", "Body"),
        field("url", "a_link", "https://lark.test/a"),
        image("b_pic", "b.png", "B"),
      ],
      "a.png Left Left https://lark.test/a b.png",
    ],
    [
      "an author with an optional picture",
      "{% if photo.url %}{{ photo.url }} {{ photo.alt | default: author | default: 'Author' }}{% endif %} {% if signoff %}{{ signoff }}{% endif %}",
      [
        image("photo", "me.webp", "", false),
        field("text", "author", "Mara", false),
        field("text", "signoff", "Best,", false),
      ],
      "me.webp Mara Best,",
    ],
    [
      "a testimonial",
      "{{ avatar.url }} [{{ avatar.alt }}] {{ quote }} {{ role }}",
      [image("avatar", "big.jpg", ""), field("textarea", "quote", "Fine work."), field("text", "role", "CEO", false)],
      "big.jpg [] Fine work. CEO",
    ],
    [
      "a video's cover",
      "{%- assign to = cover.action | default: link -%}{% if to and to != '' %}<a href='{{ to }}'>{% endif %}{{ cover.url }} {{ cover.alt }}{% if to and to != '' %}</a>{% endif %}",
      [image("cover", "cover.jpg", "Video"), field("url", "link", "", false)],
      "cover.jpg Video",
    ],
  ])("T-104 T-106 %s without attributes renders its schema's defaults", async (_title, content, input_schema, text) => {
    const partials = { p: { type: "html", content, input_schema, visual_block_enabled: true } };
    const html = await blocks([{ type: "partial", key: "p", name: "P", attrs: {} }], { partials });
    expect(html).toContain(row("partial", text));
  });

  it("T-109 T-104 an attribute that is a single output passes its value unchanged, as the render tag does", async () => {
    const input_schema = [
      { key: "items", type: "list" },
      { key: "who", type: "json" },
      { key: "on", type: "boolean" },
      { key: "n", type: "number" },
    ];
    const content =
      "{% for item in items %}{{ item.name }},{% endfor %}{{ who.team.name }}{% if on %}Y{% endif %}{{ n | plus: 1 }}|{{ raw }}|{{ mixed }}|{{ none }}";
    const partials = { rows: { type: "html", content, input_schema } };
    const attrs = {
      items: " {{ data.items_list }}\n",
      who: "{{ recipient }}",
      on: "{{ data.on }}",
      n: "{{ data.items_list | size }}",
      raw: "{{ data.words }}",
      mixed: "{{ data.on }}{{ data.on }}",
      none: "{{ data.nothing }}",
    };
    const data = { items_list: [{ name: "A" }, { name: "B" }], on: true, words: ["x", "y"] };
    const block = { type: "partial", key: "rows", name: "Rows", attrs };
    const more = { partials, data, properties: { email: "mara@lark.test", team: { name: "North" } } };
    expect(await blocks([block], more)).toContain(row("partial", 'A,B,NorthY3|["x","y"]|truetrue|'));
    const rendered =
      "{% render 'rows', items: data.items_list, who: recipient, on: data.on, n: 2, raw: data.words, mixed: 'truetrue' %}";
    expect(await blocks([{ type: "html", content: rendered }], more)).toContain('A,B,NorthY3|["x","y"]|truetrue|');
  });

  it("T-156 T-109 renders a partial with its attributes as inputs", async () => {
    const partials = {
      badge: {
        type: "html",
        content: "<b>{{ label }}{% for l in lines %}[{{ l.n }}]{% endfor %}{% if on %}Y{% else %}N{% endif %}</b>",
        input_schema: [
          { key: "lines", type: "list" },
          { key: "on", type: "boolean" },
        ],
      },
    };
    const attrs = { label: "{{ data.x }}", lines: "{{ data.l | json }}", on: "false" };
    const data = { x: "X", l: [{ n: 1 }, { n: 2 }] };
    const block = { type: "partial", key: "badge", name: "Badge", attrs };
    expect(await blocks([block], { partials, data })).toContain(row("partial", "<b>X[1][2]N</b>"));
    const typed = { ...block, attrs: { label: "x", lines: [{ n: "{{ data.x }}" }], on: true } };
    expect(await blocks([typed], { partials, data })).toContain(row("partial", "<b>x[X]Y</b>"));
    await expect(blocks([{ ...block, key: "bage" }], { partials })).rejects.toThrow(
      'steps[0].template.visual_blocks[0].key: there is no partial "bage"',
    );
  });

  it("T-157 TQ-7 the columns of a row have equal widths", async () => {
    const columns = ["L", "M", "R"].map((content) => ({ blocks: [{ type: "html", content }] }));
    const html = await blocks([{ type: "row", columns }]);
    expect(html.match(/<td width="33.33%"/g)).toHaveLength(3);
    expect(html).toContain(`${row("html", "M")}</td>`);
  });

  it("T-091 F-055 an error in a block names the block", async () => {
    const two: JsonObject[] = [{ type: "divider" }, { type: "markdown", content: "a\n\n{{ 1 | nope }}" }];
    await expect(blocks(two)).rejects.toThrow("steps[0].template.visual_blocks[1].content");
    await expect(blocks([button({ action: "{{ 1 | nope }}" })])).rejects.toThrow("visual_blocks[0].buttons[0].action");
  });

  it("T-160 the built-in layout has button colors for dark mode", async () => {
    const template = { subject: "S", visual_blocks: [button({})], settings: { layout_key: "default" } };
    const html = String((await renderContent({ type: "email", template, scope: BRANDING })).html_body);
    expect(html).toMatch(
      /@media \(prefers-color-scheme: dark\) \{\s*\.block-button--solid \{[^}]*color: #000000 !important/,
    );
  });

  it("T-121 creates text from blocks", async () => {
    const all: JsonObject[] = [
      { type: "markdown", content: "# Hi\n\nYou" },
      { type: "image", url: "https://lark.test/a.png", alt: "A van" },
      button({}),
    ];
    expect((await renderContent({ type: "email", template: { subject: "S", visual_blocks: all } })).text_body).toBe(
      "Hi\n\nYou\n\nA van\n\nGo (https://lark.test)",
    );
  });
});

describe("Markdown of emails (T-130, T-203)", () => {
  it.each([
    [
      "links whose destinations are Liquid",
      '[a]({{ x | append: "?a b>" }})',
      '<p><a href="{{ x | append: "?a b>" }}">a</a></p>',
    ],
    ["tags on lines of their own", "{% if a > 1 %}\nA\n{% endif %}", "{% if a > 1 %}\n<p>A</p>\n{% endif %}"],
    ["tags within a line", 'a {% if b == "%}" %}b{% endif %}', '<p>a {% if b == "%}" %}b{% endif %}</p>'],
    ["emphasis around outputs", "**{{ a }}** _{{ b }}_", "<p><strong>{{ a }}</strong> <em>{{ b }}</em></p>"],
    ["raw", "{% raw %}*{{ a }}*{% endraw %}", "<p>{% raw %}*{{ a }}*{% endraw %}</p>"],
    [
      "tables and strikethrough",
      "| {{ a }} |\n|---|\n| ~~b~~ |",
      "<table>\n<thead>\n<tr>\n<th>{{ a }}</th>\n</tr>\n</thead>\n<tbody>\n<tr>\n<td><del>b</del></td>\n</tr>\n</tbody>\n</table>",
    ],
    ["HTML", '<div class="{{ a }}">\n\n*b*\n\n</div>', '<div class="{{ a }}">\n<p><em>b</em></p>\n</div>'],
    ["words that Liquid's placeholders use", "lq0x {{ a }}", "<p>lq0x {{ a }}</p>"],
  ])("keeps %s", (_what, source, expected) => {
    expect(markdownToLiquidHtml(source, renderMarkdown)).toBe(expected);
  });

  it("keeps Markdown in data as text", async () => {
    expect(await blocks([{ type: "markdown", content: "{{ data.x }}" }], { data: { x: "**x**" } })).toContain(
      ">**x**</p>",
    );
  });
});
