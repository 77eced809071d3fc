import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { afterEach, describe, expect, it, vi } from "vitest";
import { hasLiquid } from "../../../../src/domain/template/has-liquid.js";
import {
  createTextCompiler,
  openRendering,
  parseText,
  type Rendering,
  type RenderScope,
} from "../../../../src/engine/liquid/liquid.js";
import { getLiquid } from "../../../../src/engine/liquid/liquid-engine.js";
import { canCompile } from "../../../../src/engine/liquid/render-templates.js";
import { renderBothWays } from "../../../helpers/render-both-ways.js";
import { renderTemplate } from "../../../helpers/render-template.js";

const compile = createTextCompiler("parcel", { mode: "compile" });
const compileText = (source: string) => compile(source, "steps[0].template.subject");

function expectSame(sources: string | string[], data: object, text?: string): void {
  const { interpreted, compiled } = renderBothWays([sources].flat(), JSON.stringify(data), true);
  expect(compiled).toEqual(interpreted);
  if (text !== undefined) expect(compiled.texts.at(-1)).toBe(text);
}

afterEach(() => vi.restoreAllMocks());

describe("templates are compiled", () => {
  /** Counts the calls of liquidjs, which renders each template and each block of a tag by one call. */
  const spyOnInterpreter = () => vi.spyOn(getLiquid().renderer, "renderTemplates");

  it("when they are rendered the eighth time", () => {
    const interpreter = spyOnInterpreter();
    const text = createTextCompiler("parcel")("one {{ rendering }}", "steps[0].template.subject");
    const texts = [...Array(10).keys()].map((rendering) => [text({ rendering }), interpreter.mock.calls.length]);
    expect(texts.map(([text]) => text)).toEqual([...Array(10).keys()].map((rendering) => `one ${rendering}`));
    expect(texts.map(([, calls]) => calls)).toEqual([1, 2, 3, 4, 5, 6, 7, 7, 7, 7]);
  });

  it("once for all texts with the same source", () => {
    const interpreter = spyOnInterpreter();
    const compilers = [...Array(10).keys()].map((n) => createTextCompiler(`w${n}`));
    for (const one of compilers)
      expect(one("same {{ source }}", "steps[0].template.subject")({ source: "s" })).toBe("same s");
    expect(interpreter).toHaveBeenCalledTimes(7);
  });

  it("if they are templates of the sample projects", () => {
    const root = resolve(import.meta.dirname, "../../../../fixtures");
    const files = readdirSync(root, { recursive: true, encoding: "utf8" }).filter((file) =>
      /\.(html|md|mjml|txt)$/.test(file),
    );
    const sources = files.map((file) => readFileSync(join(root, file), "utf8")).filter(hasLiquid);
    expect(sources.length).toBeGreaterThan(20);
    expect(sources.filter((source) => !canCompile(parseText(source) ?? []))).toEqual([]);
  });

  it("never if the compiler says so", () => {
    const interpreter = spyOnInterpreter();
    const text = createTextCompiler("parcel", { mode: "interpret" })("not {{ this }}", "steps[0].template.subject");
    for (let count = 0; count < 10; count++) text({ this: "one" });
    expect(interpreter).toHaveBeenCalledTimes(10);
  });

  it("except those that liquidjs has to render", () => {
    const interpreter = spyOnInterpreter();
    expect(compileText("{% cycle 'a', 'b' %}{% cycle 'a', 'b' %}")({})).toBe("ab");
    expect(interpreter).toHaveBeenCalled();
  });

  it.each([
    ["are too long", "{{ a }}".repeat(3_000)],
    ["are nested too deeply", `${"{% if a %}".repeat(1_000)}deep${"{% endif %}".repeat(1_000)}`],
  ])("except those that %s", (_what, source) => {
    expect(compileText(source)({ a: 1 })).toBe(source.includes("deep") ? "deep" : "1".repeat(3_000));
  });
});

describe("compiled templates stop at a limit", () => {
  it.each([
    ["time in a loop", "{% for i in list %}{{ i }}{% endfor %}", "exceeds the time limit of 2 seconds"],
    ["time without a loop", "{{ list | join }}".repeat(100), "exceeds the time limit of 2 seconds"],
  ])("of %s", (_what, source, message) => {
    let now = 0;
    vi.spyOn(performance, "now").mockImplementation(() => (now += 500));
    expect(() => compileText(source)({ list: Array.from({ length: 1_000 }, (_, n) => n) })).toThrow(message);
  });

  it("of time for a text in a rendering whose earlier texts used it up", () => {
    const rendering = openRendering({ a: 1 });
    expect(compileText("{{ a }}")(rendering)).toBe("1");
    const now = performance.now();
    vi.spyOn(performance, "now").mockReturnValue(now + 5_000);
    expect(() => compileText("{{ a }}")(rendering)).toThrow("exceeds the time limit of 2 seconds");
  });

  it.each([
    ["memory of ranges", "a\n {% for i in (1..30000000) %}{% endfor %}"],
    ["memory of all filters together", "{% for i in (1..30) %}{{ text | upcase | size }},{% endfor %}"],
    [
      "memory of filters in a later text",
      ["{{ text | upcase | size }}".repeat(12), "{{ text | upcase | size }}".repeat(12)],
    ],
    ["output of a text", "a\n{% for i in (1..20) %}{{ text }}{% endfor %}"],
    ["output of an output", "a\n{{ text }}".repeat(20)],
    ["output of a partial", "a\n{% for i in (1..20) %}{% render 'plain', a: text %}{% endfor %}"],
    [
      "output of a capture",
      "{% capture c %}{% for i in (1..20) %}{{ text }}{% endfor %}{% endcapture %}{{ c | size }}\n{{ c }}",
    ],
  ])("of %s, at the same template as liquidjs", (_what, sources) => {
    expectSame(sources, { text: "x".repeat(900_000) });
  });
});

describe("compiled templates render as liquidjs does", () => {
  it("T-123 texts of a rendering see the variables of earlier texts, also of those that liquidjs renders", () => {
    expectSame(
      [
        "{% assign a = 1 %}{% cycle 'x' %}",
        "{{ a }}{% assign b = a | plus: 1 %}",
        "{% capture c %}{{ a }}{{ b }}{% endcapture %}",
        "{% cycle 'x' %}{{ a }}{{ b }}{{ c }}",
      ],
      { a: "scope" },
      "text x1212",
    );
  });

  it("loops continue where a loop of an earlier text ended", () => {
    expectSame(
      ["{% for x in list limit: 2 %}{{ x }}{% endfor %}", "{% for x in list offset: continue %}{{ x }}{% endfor %}"],
      { list: [1, 2, 3, 4] },
      "text 34",
    );
  });

  it("a text ends if an earlier text of the rendering ended with break", () => {
    expectSame(["a{% break %}b", "c{{ x }}d"], { x: 1 }, "text c");
  });

  it.each([
    ["{% case 1 %}{% when 1 %}{{ content }}x{% when 2 %}no{% when 1 %}again{{ a }}more{% endcase %}end", "inagain"],
    ["{% if a %}{{ content }}x{% endif %}y", "in"],
    ["{% capture c %}{{ content }}x{% endcapture %}{{ c }}y", ""],
    ["{{ content }}z", "in"],
  ])("a break in another text ends %s", (source, expected) => {
    for (const mode of ["interpret", "compile"] as const) {
      const compileText = createTextCompiler("parcel", { mode });
      const inner = compileText("in{% break %}ner", "html_body");
      const scope: RenderScope = { a: 1, content: () => inner(rendering) };
      const rendering: Rendering = openRendering(scope);
      expect(compileText(source, "html_layout")(rendering), mode).toBe(expected);
    }
  });

  it("a translation assigns variables of the template, and its break ends the template", () => {
    const translations = { "system.en": { Hi: "{% assign b = a %}Hello {{ b }}", end: "E{% break %}nd" } };
    const render = (source: string): string => renderTemplate(source, { scope: { a: 1 }, translations });
    expect(render("{% t %}Hi{% endt %} {{ b }} {% t %}none {{ b }}{% endt %}")).toBe("Hello 1 1 none 1");
    expect(render("{% if a %}{% t %}end{% endt %}x{% endif %}y")).toBe("E");
    expect(render("{% case 1 %}{% when 1 %}{% t %}end{% endt %}x{% when 1 %}{{ a }}more{% endcase %}end")).toBe("E1");
    expect(render("{% for i in (1..2) %}{% t %}Hi{% endt %}{{ i }}{% endfor %}")).toBe("Hello 11Hello 12");
  });

  it("nested loops have their own forloop and their parent's", () => {
    expectSame(
      "{% for x in list %}{% for y in list reversed %}{{ forloop.parentloop.index }}.{{ forloop.index }}/{{ forloop.length }} {{ forloop.rindex }}{{ forloop.rindex0 }}{{ forloop.index0 }}{{ forloop.first }}{{ forloop.last }}{{ forloop.name }} {% else %}none{% endfor %}{% endfor %}",
      { list: ["a", "b"] },
    );
  });

  it("a function in the scope is called, and its errors keep their place", () => {
    for (const mode of ["interpret", "compile"] as const) {
      const text = createTextCompiler("parcel", { mode })("<b>\n{{ content | upcase }}{{ v }}</b>", "html_layout");
      const scope = { v: 1, content: () => "inner" };
      expect(text(openRendering(scope))).toBe("<b>\nINNER1</b>");
      const failing = openRendering({
        content: () => {
          throw new Error("broken");
        },
      });
      expect(() => text(failing)).toThrow("html_layout, line 2, column 4: broken");
      const interrupting = openRendering({ v: 1 });
      interrupting.environments = {
        v: 1,
        content: () => compileText("in{% break %}ner")(interrupting),
      };
      expect(text(interrupting)).toBe("<b>\nIN");
    }
  });
});
