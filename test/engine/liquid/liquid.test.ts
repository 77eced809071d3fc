import { describe, expect, it } from "vitest";
import { createTextCompiler, RenderError, renderText } from "../../../src/engine/liquid/liquid.js";
import { catchThrown, formatDetails } from "../../helpers/catch-error.js";
import { TIMESTAMP } from "../../helpers/rendering-time.js";

const SCOPE = {
  recipient: { id: "u-42", name: "Mara Voss", locale: "fr-BE", plan: "pro" },
  data: {
    list: [3, 1, 2],
    map: { a: 1 },
    none: 0,
    empty: "",
    off: false,
    html: '<a href="x">&</a>',
    rows: [{ k: 1, on: true }, { k: 2 }],
  },
  timestamp: TIMESTAMP,
};

const compile = (source: string) =>
  createTextCompiler("parcel")(source, "steps[2].branches[0].steps[1].template.subject");
const render = (source: string): string => compile(source)(SCOPE);

describe("standard tags and values (T-001 to T-007)", () => {
  it.each([
    ["plain text } } %}", "plain text } } %}"],
    ["{% if recipient.plan == 'pro' %}P{% elsif true %}x{% else %}y{% endif %}", "P"],
    ["{% unless data.off %}u{% endunless %}", "u"],
    ["{% case recipient.plan %}{% when 'free', 'pro' %}c{% else %}d{% endcase %}", "c"],
    [
      "{% for n in data.list reversed %}{% if n == 1 %}{% continue %}{% endif %}{{ forloop.index }}:{{ n }} {% else %}none{% endfor %}",
      "1:2 3:3 ",
    ],
    ["{% for n in data.list limit: 2 offset: 1 %}{{ n }}{% endfor %}", "12"],
    ["{% for n in data.nothing %}x{% else %}none{% endfor %}", "none"],
    ["{% for n in (1..9) %}{% if n > 3 %}{% break %}{% endif %}{{ n }}{% endfor %}", "123"],
    ["{% cycle 'a', 'b' %}{% cycle 'a', 'b' %}", "ab"],
    [
      "{% tablerow n in data.list cols: 3 %}{{ n }}{% endtablerow %}",
      '<tr class="row1">\n<td class="col1">3</td><td class="col2">1</td><td class="col3">2</td></tr>\n',
    ],
    ["{% assign x = 'v' %}{% capture y %}<{{ x }}>{% endcapture %}{{ y }}", "<v>"],
    ["{% increment i %}{% increment i %}{% decrement j %}", "01-1"],
    ["a{% comment %}{{ data.html }}{% endcomment %}b", "ab"],
    ["{% raw %}{{ x }}{% endraw %}", "{{ x }}"],
    ["{% liquid\n assign x = 2\n echo x\n%}", "2"],
    ["a {%- if true -%} b {%- endif -%} c", "abc"],
  ])("T-001 %j renders as %j", (source, text) => {
    expect(render(source)).toBe(text);
  });

  it.each([
    ["{% if data.empty %}t{% else %}f{% endif %}", "t"],
    ["{% if data.none %}t{% else %}f{% endif %}", "t"],
    ["{% if data.nothing %}t{% else %}f{% endif %}", "f"],
    ["{% if data.off %}t{% else %}f{% endif %}", "f"],
    ["{% if data.empty == blank %}t{% else %}f{% endif %}", "t"],
    ["{% if data.nothing == blank %}t{% else %}f{% endif %}", "t"],
    ["{% if data.list == empty %}t{% else %}f{% endif %}", "f"],
  ])("T-003 %j renders %s, because only nil and false are false", (source, text) => {
    expect(render(source)).toBe(text);
  });

  it.each(["{{ nope }}", "{{ data.nope.x.y }}", "{{ data.list[9] }}", "{{ data.map['x']['y'] }}"])(
    "T-004 %s renders nothing",
    (source) => {
      expect(render(source)).toBe("");
    },
  );

  it("T-007 escapes nothing by default", () => {
    expect(render("{{ data.html }}")).toBe('<a href="x">&</a>');
    expect(render("{{ data.html | escape }}")).toBe("&lt;a href=&#34;x&#34;&gt;&amp;&lt;/a&gt;");
  });

  it("TQ-4 prints a map as JSON", () => {
    expect(render("{{ data.map }}")).toBe('{"a":1}');
  });

  it.each([
    "{{ recipient.constructor }}",
    "{{ recipient.__proto__ }}",
    "{{ data.map.toString }}",
    "{{ data.html.constructor.name }}",
    "{{ recipient['__proto__'].x }}",
  ])("%s renders nothing, because it is not an own property of the data", (source) => {
    expect(render(source)).toBe("");
  });
});

describe("filters (T-047 to T-053, TQ-2, TQ-3)", () => {
  it.each([
    ['{{ "a\\"b" | json }}', '"a\\"b"'],
    ["{{ data.map | json }}", '{"a":1}'],
    ["{{ data.list | json }}", "[3,1,2]"],
    ["{{ data.nope | json }}", "null"],
    ["{{ data.off | json }}", "false"],
    [`{% assign o = '{"n":{"k":3}}' | from_json %}{{ o.n.k }}`, "3"],
    ["{{ 1 | pluralize: 'file', 'files' }}", "file"],
    ["{{ '1' | pluralize: 'file', 'files' }}", "file"],
    ["{{ 4 | pluralize: 'file', 'files' }}", "files"],
    ["{{ 0 | pluralize: 'file', 'files' }}", "files"],
    ["{{ 'x' | pluralize: 'file', 'files' }}", "files"],
    ["{{ data.nope | pluralize: 'file', 'files' }}", "files"],
    ["{{ 'weekly status report' | titlecase }}", "Weekly Status Report"],
    ["{{ 'u-42' | md5 }}", "7158d61cfc49fe506398fbbb569b418d"],
    ["{{ 'u-42' | sha256 }}", "16ec525b74b75626eb93ecad8acc749885fcf4e83c95b139342769a4ab1828a3"],
    ["{{ 'u-42' | hmac_sha256: 'k1' }}", "f2d9a4516ec36b6cb22324c6e2c4c5f1599480aa51bc967c5c96a29fdb1447b7"],
  ])("%s renders %s", (source, text) => {
    expect(render(source)).toBe(text);
  });

  it.each([
    ["{{ 'a' | append: 'b' | prepend: 'c' | upcase }}", "CAB"],
    ["{{ data.nope | default: 'n/a' }}", "n/a"],
    ["{{ data.off | default: 'n/a', allow_false: true }}", "false"],
    ["{{ recipient.name | split: ' ' | first }}", "Mara"],
    ["{{ data.list | sort | join: ',' }}", "1,2,3"],
    ["{{ data.list | size }}{{ recipient.name | size }}", "39"],
    ["{{ data.rows | map: 'k' | join: '-' }}", "1-2"],
    ["{{ data.rows | where: 'on', true | size }}", "1"],
    ["{{ data.list | concat: data.list | uniq | size }}", "3"],
    ["{{ 7 | minus: 2 | plus: 1 | times: 3 | divided_by: 4 }}", "4"],
    ["{{ 2.567 | round: 1 }}{{ 2.1 | ceil }}{{ 2.9 | floor }}", "2.632"],
    ["{{ ' x ' | strip }}{{ 'abcdef' | truncate: 5 }}{{ 'abcdef' | slice: 1, 2 }}", "xab...bc"],
    ["{{ 'one two three' | truncatewords: 2 }}", "one two..."],
    ["{{ 'a b&c' | url_encode }}", "a+b%26c"],
    ["{{ data.html | strip_html }}", "&"],
    ["{{ 'a\nb' | newline_to_br | strip_newlines }}", "a<br />b"],
    ["{{ 'aXbX' | replace: 'X', '-' | remove: 'b' | capitalize }}", "A--"],
    ["{{ timestamp | date: '%Y/%m/%d %H:%M' }}", "2024/03/05 19:07"],
  ])("standard Liquid: %s renders %s", (source, text) => {
    expect(render(source)).toBe(text);
  });

  it.each(["nope", "constructor", "toString", "__proto__", "hasOwnProperty"])(
    "TQ-3 the filter %s is rejected with its line and column when the template is parsed",
    (name) => {
      const error = catchThrown(() => compile(`a\n{% if data.off %}{{ 'x' | ${name} }}{% endif %}`));
      expect(error.code).toBe("template_invalid");
      expect(error.message).toContain(`.template.subject, line 2, column 27: unknown filter: ${name}`);
    },
  );

  it.each(["nope", "constructor", "__proto__"])(
    "TQ-3 the filter %s in a text of the run fails when it is rendered",
    (name) => {
      expect(renderText(`{% if data.off %}{{ 'x' | ${name} }}{% endif %}ok`, SCOPE)).toBe("ok");
      expect(() => renderText(`{{ 'x' | ${name} }}`, SCOPE)).toThrow(RenderError);
      expect(() => renderText(`{{ 'x' | ${name} }}`, SCOPE)).toThrow(`unknown filter: ${name}`);
    },
  );
});

describe("template errors (T-002, T-090, F-016, F-017, F-054, F-055)", () => {
  it.each([
    ["{{ a ", 'output "{{ a " not closed'],
    ["{% if a %}x", "not closed"],
    ["{% nope %}", "unknown tag: nope"],
    ["{% endif %}", "endif"],
    ["{% if %}x{% endif %}", "invalid value expression"],
    ["{{{ x }}}", "invalid value expression"],
    ["{% include 'x' %}", 'the "include" tag is not supported'],
    ["{% layout 'x' %}", "unknown tag: layout"],
    ["{% block x %}{% endblock %}", "unknown tag: block"],
  ])("%j is rejected: %s", (source, words) => {
    const error = catchThrown(() => compile(`line one\n ${source}`));
    expect(error.code).toBe("template_invalid");
    expect(error.message).toMatch(
      /^workflow "parcel": steps\[2\]\.branches\[0\]\.steps\[1\]\.template\.subject, line 2, column \d+: /,
    );
    expect(error.message).toContain(words);
    expect(error.message).not.toContain("\n");
    expect(formatDetails(error)[0]).toMatch(/^\/steps\/2\/branches\/0\/steps\/1\/template\/subject /);
  });

  it.each([
    ["{% for a in b %}x{% endfr %}", 'Did you mean "endfor"?'],
    ["{% if a %}x{% esle %}y{% endif %}", 'Did you mean "else"?'],
    ["{% fro a in b %}", 'Did you mean "for"?'],
    ["x{% endfor %}", "Remove {% endfor %}, or add {% for %} before it."],
    ["{% else %}", "Remove {% else %}, or add {% if %} before it."],
  ])("suggests for %j: %s", (source, hint) => {
    expect(catchThrown(() => compile(source)).hint).toBe(hint);
  });

  it.each([
    ["a loop over a billion numbers", "{% for i in (1..1000000000) %}{{ i }}{% endfor %}"],
    [
      "text that doubles",
      "{% assign s = 'x' %}{% for i in (1..60) %}{% assign s = s | append: s %}{% endfor %}{{ s | size }}",
    ],
    ["loops in loops", `${"{% for i in (1..1000) %}".repeat(4)}x${"{% endfor %}".repeat(4)}`],
  ])("stops %s with a render error", (_what, source) => {
    // Without a limit, none of these templates would finish within the test run.
    expect(() => render(source)).toThrow(RenderError);
  });

  it.each(["''", "nil", "data.nope", ""])(
    "T-053 hmac_sha256 with the key %j is a render error, not a signature",
    (key) => {
      const source = `{{ 'u-42' | hmac_sha256${key === "" ? "" : `: ${key}`} }}`;
      expect(() => render(source)).toThrow(RenderError);
      expect(() => render(source)).toThrow("hmac_sha256: the key is empty");
    },
  );

  it("renders the same template for several scopes without sharing state", () => {
    const text = compile("{% if data.x %}{% assign y = data.x %}{% endif %}[{{ y }}]{% increment n %}");
    expect(text({ data: { x: 1 } })).toBe("[1]0");
    expect(text({ data: {} })).toBe("[]0");
  });
});
