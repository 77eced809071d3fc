import { describe, expect, it } from "vitest";
import type { JsonObject } from "../../../src/util/json.js";
import { renderContent, renderStep } from "../../helpers/render-step.js";

const text = (content: string): JsonObject => ({ type: "text", content });
const html = (content: string, input_schema: JsonObject[] = []): JsonObject => ({
  type: "html",
  content,
  input_schema,
});

async function sms(text_body: string, partials: Record<string, JsonObject>, more: object = {}): Promise<string> {
  const properties = { phone_number: "+15550000001" };
  return String((await renderContent({ type: "sms", template: { text_body }, partials, properties, ...more })).body);
}

describe("partials (section 7)", () => {
  it("T-080 T-103 receives inputs by name, as text", async () => {
    expect(await sms("{% render 'badge', label: data.n %}", { badge: text("[{{ label }}]") }, { data: { n: 3 } })).toBe(
      "[3]",
    );
    const flag = text("{% if on %}Y{% else %}N{% endif %}");
    expect(await sms("{% render 'flag', on: data.f %}", { flag }, { data: { f: false } })).toBe("Y");
    const list = text("{% assign l = raw | from_json %}{{ l | size }}{{ plain }}");
    const data = { l: [1, 2] };
    expect(await sms("{% render 'list', raw: data.l, plain: data.l %}", { list }, { data })).toBe("2[1,2]");
    const number = text("{{ n }}");
    expect(await sms("{% assign x = 5.0 %}{% render 'number', n: x %}", { number })).toBe("5.0");
  });

  it("T-102 sees only its inputs, and in HTML also the branding", async () => {
    const content =
      "{{ recipient.name }}{{ data.x }}{{ x }}{{ workflow.key }}|{{ vars.branding.primary_color }}{{ vars.other }}";
    const scope = { vars: { branding: { primary_color: "#123456" }, other: "o" } };
    const more = { data: { x: "1" }, scope };
    expect(await sms("{% render 'p' %}", { p: text(content) }, more)).toBe("|");
    expect(await sms("{% render 'p' %}", { p: html(content) }, more)).toBe("|#123456");
    expect(await sms("{% render 'o' %}", { o: html("{% render 'p' %}"), p: html(content) }, more)).toBe("|#123456");
  });

  it("does not assign variables outside itself", async () => {
    expect(await sms("{% render 'p' %}[{{ v }}]", { p: text("{% assign v = 1 %}{{ v }}") })).toBe("1[]");
  });

  it("T-104 T-105 T-106 an input schema keeps types and supplies defaults", async () => {
    const schema: JsonObject[] = [
      { key: "on", type: "boolean" },
      { key: "n", type: "number", settings: { default: 2 } },
      { key: "rows", type: "list" },
      { key: "cfg", type: "json" },
      { key: "md", type: "markdown" },
      { key: "go", type: "button" },
      { key: "name", type: "text", settings: { default: "nobody" } },
    ];
    const content =
      "{% if on %}Y{% else %}N{% endif %} {{ n | plus: 1 }} {{ rows | size }} {{ cfg.a }} {{ md }} {{ go.text }}>{{ go.action }} {{ name }}{{ more }}";
    const partials = { p: html(content, schema) };
    expect(await sms("{% render 'p' %}", partials)).toBe("N 3 0   > nobody");
    const data = { on: true, rows: [1, 2], cfg: { a: "A" }, go: { text: "Go", action: "/x" } };
    const given =
      "{% render 'p', on: data.on, n: 5, rows: data.rows, cfg: data.cfg, md: '*m*', go: data.go, name: 'Mara', more: 7 %}";
    expect(await sms(given, partials, { data })).toBe("Y 6 2 A <p><em>m</em></p> Go>/x Mara7");
    const required = html("{{ a }}", [{ key: "a", type: "text", settings: { required: true } }]);
    await expect(sms("{% render 'r' %}", { r: required })).rejects.toThrow('partial "r": the input "a" is required');
  });

  it("T-106 buttons and images use the defaults of their sub-fields", async () => {
    const part = (settings: JsonObject): JsonObject => ({ settings });
    const schema: JsonObject[] = [
      {
        key: "go",
        type: "button",
        settings: { required: true },
        text: part({ default: "Open" }),
        action: part({ default: "https://lark.test/open" }),
      },
      {
        key: "pic",
        type: "image",
        settings: { required: true },
        url: part({ default: "https://lark.test/a.png" }),
        alt: part({ required: false }),
        action: part({ default: "" }),
      },
    ];
    const content = "{{ go.text }}>{{ go.action }} {{ pic.url }}|{{ pic.alt | default: 'none' }}|{{ pic.action }}";
    const partials = { p: html(content, schema) };
    expect(await sms("{% render 'p' %}", partials)).toBe("Open>https://lark.test/open https://lark.test/a.png|none|");
    const data = { go: { text: "Go", action: null }, pic: { url: "b.png", alt: "B" } };
    expect(await sms("{% render 'p', go: data.go, pic: data.pic %}", partials, { data })).toBe(
      "Go>https://lark.test/open b.png|B|",
    );
    const bare = html("{{ pic.url }}", [{ key: "pic", type: "image", settings: { required: true } }]);
    await expect(sms("{% render 'bare' %}", { bare })).rejects.toThrow('the input "pic" is required');
  });

  it("T-110 TQ-12 nests five levels deep, and a cycle is reported with its path", async () => {
    const partials: Record<string, JsonObject> = { e: text("end") };
    for (const [one, next] of ["ab", "bc", "cd", "de"]) partials[one as string] = text(`${one}{% render '${next}' %}`);
    expect(await sms("{% render 'a' %}", partials)).toBe("abcdend");
    const circle = { a: text("{% render 'b' %}"), b: text("{% render 'a' %}") };
    await expect(sms("{% render 'a' %}", circle)).rejects.toThrow(
      "partials are nested more than 5 deep: a > b > a > b > a > b",
    );
  });

  it("TQ-11 an unknown partial fails the step and names the nearest key", async () => {
    await expect(
      sms("x\n{% render 'bage' %}{% comment %}{% render 'badge' %}{% endcomment %}", { badge: text("") }),
    ).rejects.toThrow(
      'steps[0].template.text_body, line 2, column 1: there is no partial "bage"; did you mean "badge"?',
    );
  });

  it("T-090 an error inside a partial names the partial and its line", async () => {
    await expect(sms("{% render 'a' %}", { a: text("\n{{ 1 | divided_by: 0 }}") })).rejects.toThrow(
      'text_body, line 1, column 1: partial "a": divided_by: cannot divide by 0 (line 2, column 1)',
    );
    const { error: fault } = await renderStep({
      type: "sms",
      template: { text_body: "{% if false %}{% render 'a' %}{% endif %}" },
      partials: { a: text("{% if %}") },
    });
    expect(fault?.message).toMatch(/^partial "a": content, line 1, column 6: /);
  });

  it.each(["{% render 'p' for data.l as x %}", "{% render 'p' with data.l as x %}"])(
    "T-080 %s is rejected",
    async (template) => {
      await expect(sms(template, { p: text("") })).rejects.toThrow(
        /render accepts named inputs only, not "(for|with)"/,
      );
    },
  );

  it("T-107 styles of HTML partials move to the layout's head once, and stay in place without a layout", async () => {
    const partials = { p: html("<style>.p:hover{color:red}</style><b class='p'>x</b>") };
    const html_body = "{% render 'p' %}{% render 'p' %}";
    const layouts = {
      news: {
        html_layout: "<html><head><title>T</title></head><body>{{ content }}</body></html>",
        text_layout: "{{ content }}",
      },
    };
    const within = { subject: "S", html_body, settings: { layout_key: "news" } };
    const inHead = String((await renderContent({ type: "email", template: within, partials, layouts })).html_body);
    expect(inHead.match(/\.p:hover/g)).toHaveLength(1);
    expect(inHead).toMatch(
      /<head><style>[\s\S]*<\/style><title>T<\/title><\/head><body><b class="p">x<\/b><b class="p">x<\/b>/,
    );
    const alone = await renderContent({ type: "email", template: { subject: "S", html_body }, partials });
    expect(String(alone.html_body).match(/\.p:hover/g)).toHaveLength(2);
  });
});
