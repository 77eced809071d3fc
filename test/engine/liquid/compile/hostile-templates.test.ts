import fc from "fast-check";
import { afterEach, describe, expect, it } from "vitest";
import { quoteText } from "../../../../src/engine/liquid/compile/code-writer.js";
import { parseText } from "../../../../src/engine/liquid/liquid.js";
import { canCompile } from "../../../../src/engine/liquid/render-templates.js";
import { getPropertyRuns } from "../../../helpers/get-property-runs.js";
import { renderBothWays } from "../../../helpers/render-both-ways.js";

const ESCAPED = "globalThis.escapedFromTemplate = true";

/** Texts that end a literal, a comment, a statement, a block or a script element, if they become part of the code. */
const BREAK_OUTS = [
  `";${ESCAPED};"`,
  `';${ESCAPED};'`,
  `\`;${ESCAPED};\``,
  `\${${ESCAPED}}`,
  `\\";${ESCAPED};//`,
  `\\\\";${ESCAPED};//`,
  `*/${ESCAPED};/*`,
  `\n${ESCAPED};\n`,
  `\r${ESCAPED};\r`,
  `\u2028${ESCAPED};\u2028`,
  `\u2029${ESCAPED};\u2029`,
  `"]);${ESCAPED};}}catch(e){}//`,
  `</script><script>${ESCAPED}</script>`,
  `<!--\n${ESCAPED}`,
  `-->${ESCAPED}`,
  `\\u0022;${ESCAPED};\\u0022`,
  `\\x22;${ESCAPED};`,
  `\0";${ESCAPED};`,
  `\ud800";${ESCAPED};`,
  "__proto__",
  "constructor",
  "constructor.constructor",
];

/** Each place of a template that contains text of its author. */
const PLACES: Record<string, (text: string) => string> = {
  text: (text) => `${text}{{ a }}${text}`,
  output: (text) => `{{ ${quote(text)} }}`,
  key: (text) => `{{ map[${quote(text)}] }}{{ map[${quote(text)}][${quote(text)}].size }}`,
  "key of a literal": (text) => `{{ ${quote(text)}[${quote(text)}] }}`,
  "computed key": (text) => `{% assign k = ${quote(text)} %}{{ map[k] }}{{ map[k][k] }}{{ list[k] }}`,
  "filter argument": (text) =>
    `{{ a | append: ${quote(text)} | replace: ${quote(text)}, 'r' | default: ${quote(text)} }}`,
  "named filter argument": (text) => `{{ nothing | default: 1, allow_false: ${quote(text)} }}`,
  "dates and splits": (text) => `{{ a | split: ${quote(text)} | join: ${quote(text)} }}{{ 0 | date: ${quote(text)} }}`,
  condition: (text) => `{% if a == ${quote(text)} or map contains ${quote(text)} %}y{% else %}n{% endif %}`,
  case: (text) => `{% case ${quote(text)} %}{% when ${quote(text)} %}${text}{% else %}n{% endcase %}`,
  loop: (text) => `{% for x in ${quote(text)} %}{{ x }}{{ forloop.name }}${text}{% endfor %}`,
  capture: (text) => `{% capture c %}${text}{% endcapture %}{{ c }}`,
  "captured name": (text) => `{% capture ${quote(text)} %}x{% endcapture %}`,
  raw: (text) => `{% raw %}${text}{{ a }}{% endraw %}`,
  comment: (text) => `{% comment %}${text}{% endcomment %}{%- # ${text.replaceAll(/[\r\n]/g, " ")} -%}`,
  partial: (text) => `{% render ${quote(text)} %}`,
  "partial input": (text) => `{% render 'plain', a: ${quote(text)} %}`,
  name: (text) => `{{ a.${text} }}{{ ${text} }}`,
  "assigned name": (text) => `{% assign ${text} = 1 %}{{ ${text} }}`,
  "loop variable": (text) => `{% for ${text} in list %}{{ ${text} }}{% endfor %}`,
  counter: (text) => `{% increment ${text} %}{% decrement ${text} %}`,
  "input name": (text) => `{% render 'plain', ${text}: 1 %}`,
  "filter name": (text) => `{{ a | ${text} }}`,
};

function quote(text: string): string {
  return text.includes('"') ? `'${text.replaceAll("'", "")}'` : `"${text}"`;
}

const codeUnits = fc.oneof(
  fc.integer({ min: 0, max: 0xffff }),
  fc.constantFrom(0x22, 0x5c, 0x3c, 0x2028, 0xd800, 0xdc00),
);

const DATA = `{"a":"A","map":{"__proto__":{"__proto__":1},"constructor":"c","k":1},"list":["x",{"__proto__":"p"}],"__proto__":"own"}`;

describe("templates that try to get code into the generated JavaScript", () => {
  afterEach(() => {
    expect(globalThis).not.toHaveProperty("escapedFromTemplate");
    expect({}).not.toHaveProperty("x");
  });

  it.each(Object.entries(PLACES))("render as with liquidjs: %s", (_place, build) => {
    for (const text of BREAK_OUTS) {
      const { interpreted, compiled } = renderBothWays([build(text), "{{ a }}{{ c }}{{ k }}"], DATA, true);
      expect(compiled).toEqual(interpreted);
    }
  });

  it("are compiled, so that the comparison means something", () => {
    const isCompiled = (place: string, text: string): boolean => {
      const templates = parseText((PLACES[place] as (text: string) => string)(text));
      return templates !== null && canCompile(templates);
    };
    for (const text of BREAK_OUTS.slice(0, 18))
      for (const place of ["output", "key", "computed key", "filter argument", "condition", "capture", "partial input"])
        expect(isCompiled(place, text), `${place}: ${text}`).toBe(true);
  });

  it("read no inherited property by a computed key", () => {
    for (const key of ["constructor", "__proto__", "toString", "hasOwnProperty", "valueOf", "length"]) {
      const source = `{% assign k = '${key}' %}{{ data[k] }}|{{ data.${key} }}|{{ data[k].name }}|{{ text[k] }}|{{ 5[k] }}`;
      const { interpreted, compiled } = renderBothWays([source], '{"data":{"a":1},"text":"abc"}', false);
      expect(compiled).toEqual(interpreted);
      expect(compiled.texts[0]).toBe(key === "length" ? "text |||3|" : "text ||||");
    }
  });

  it("read no member of a keyword or loop that liquidjs inherits", () => {
    for (const key of [
      "constructor",
      "__proto__",
      "toString",
      "hasOwnProperty",
      "valueOf",
      "equals",
      "next",
      "position",
    ])
      for (const name of ["blank", "empty", "nil", "f"]) {
        const read = `{{ ${name}.${key} }}{% assign k = '${key}' %}{{ ${name}[k] }}{% if ${name}.${key} %}x{% endif %}`;
        const source = `{% for i in (1..2) %}{% assign f = forloop %}${read}{{ forloop.index }}{% endfor %}`;
        const { interpreted, compiled } = renderBothWays([source], "{}", false);
        expect(compiled).toEqual(interpreted);
        expect(compiled.texts[0]).toBe("text 12");
      }
  });

  it("cannot end a literal: its value is the text, and it is one line", () => {
    fc.assert(
      fc.property(fc.array(codeUnits), (units) => {
        const text = String.fromCharCode(...units);
        const code = quoteText(text);
        expect(new Function(`return ${code}`)()).toBe(text);
        expect(code).not.toMatch(/[\n\r\u2028\u2029<>]|[\ud800-\udfff]/u);
      }),
      getPropertyRuns(10_000, 50),
    );
  });
});
