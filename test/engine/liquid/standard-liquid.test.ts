// Standard Liquid in the places where liquidjs differs from it (T-001, T-067 to T-069, docs/decisions/0027).
import { describe, expect, it } from "vitest";
import { KnockError } from "../../../src/errors/knock-error.js";
import type { JsonObject } from "../../../src/util/json.js";
import { renderTemplate } from "../../helpers/render-template.js";

const SCOPE: JsonObject = {
  flags: [1, false, null, "on"],
  rows: [{ tag: "a", n: 1 }, { tag: "b", n: null }, { tag: "a", n: 3 }, { other: true }],
  nested: [{ tag: "a" }, [{ tag: "b" }, [{ tag: "c" }]]],
  mixed: ["x", null, "z"],
  words: ["pear", "apple", "Fig"],
  deep: [1, [2, [3, 4]]],
  map: { k: "v", n: 2 },
  none: {},
  price: 2.5,
  unit: { size: { w: 3 } },
};

const render = (source: string): string => renderTemplate(source, { scope: SCOPE });

function fault(source: string): KnockError {
  try {
    render(source);
  } catch (error) {
    if (error instanceof KnockError) return error;
    throw error;
  }
  throw new Error(`accepted: ${source}`);
}

type Row = [source: string, text: string];

describe("templates that are rejected when they are parsed (T-068, T-069, T-090)", () => {
  it.each([
    ["{{ map.k | upcase: 1 }}", 'the filter "upcase" takes no arguments, and has 1'],
    ["{{ words | join: ',', 2 }}", 'the filter "join" takes at most 1 argument, and has 2'],
    ["{{ price | times }}", 'the filter "times" takes 1 argument, and has none'],
    ["{{ map.k | replace_last: 'v' }}", 'the filter "replace_last" takes 2 arguments, and has 1'],
    ["{{ 'now' | date }}", 'the filter "date" takes 1 or 2 arguments, and has none'],
    ["{{ map.n | pluralize: 'file' }}", 'the filter "pluralize" takes 2 arguments, and has 1'],
    ["{% assign x = words | sort: 'a', 'b' %}", 'the filter "sort" takes at most 1 argument, and has 2'],
    ["{% if words %}{% for w in words %}{{ w | strip: 'x' }}{% endfor %}{% endif %}", 'the filter "strip" takes no'],
    ["{% case map.k | append %}{% when 'v' %}{% endcase %}", 'the filter "append" takes 1 argument'],
    ["{{ 'k' | t: map.n }}", 'the filter "t" takes only arguments with a name, such as count: 2'],
    ["{% t %}{{ map.k | size: 1 }}{% endt %}", 'the filter "size" takes no arguments'],
    ["{% liquid\n echo map.k | downcase: 2\n%}", 'the filter "downcase" takes no arguments'],
    ["{{ 'kite' | slice: 1.5 }}", "slice: 1.5 is not a whole number"],
    ["{{ 'kite' | slice: 0, 'two' }}", "slice: 'two' is not a whole number"],
    ["{{ rows[0]tag }}", 'unexpected "tag" in the expression'],
    ["{{ map.['k'] }}", "unexpected \"['k']\" in the expression"],
    ["{{ map k }}", 'unexpected "k" in the expression'],
    ["{% assign left = 3 - 1 %}", 'unexpected "-" in the expression'],
    ["{% if not map.k %}x{% endif %}", 'unexpected "map.k" in the expression; Liquid has no "not": use "unless"'],
    ["{% if map.k in words %}x{% endif %}", 'unexpected "in" in the expression; Liquid has no "in": use "contains"'],
    ["{{ map.k, map.n }}", 'unexpected ", map.n"'],
    ["{{ map.k | append: 'x') }}", "unexpected"],
    ["{% echo map.k, map.n %}", 'unexpected ", map.n"'],
    ["{% if map.k startswith 'v' %}x{% endif %}", 'unexpected "startswith" in the expression'],
    ["{% if map.k == %}x{% endif %}", "an operator in the expression has no value"],
    ["{% if map.k, map.n %}x{% endif %}", 'unexpected ", map.n"'],
    ["{% case map.k %}{% when %}x{% endcase %}", "value expected"],
    ["{% case map.k %}{% when 'a' and 'b' %}x{% endcase %}", 'use "," or "or"'],
    ["{{ -map }}", '"-map" is not a variable name'],
    ["{% assign -x = 1 %}", '"-x" is not a variable name'],
    ["{% assign x? = 1 %}", '"x?" is not a variable name'],
    ["{% doc about %}x{% enddoc %}", 'the "doc" tag takes no arguments'],
    ["{% doc %}x", "not closed"],
  ])("%s is rejected", (source, message) => {
    const error = fault(`first\n  ${source}`);
    expect(error).toMatchObject({ code: "template_invalid" });
    expect(error.message).toMatch(/^workflow "parcel": steps\[0\]\.template\.subject, line \d+, column \d+: /);
    expect(error.message).toContain(message);
  });

  it.each([
    "{{ map.k | default: 'x', allow_false: true }}",
    "{{ 'x.y' | t: name: map.k, count: 2 | default: '?' }}",
    "{{ price | currency }}{{ price | currency: 'EUR' }}{{ price | format_number }}",
    "{{ 'now' | date: '%Y', 'Europe/Paris' | size }}",
    "{{ words[0] }}{{ words.0 }}{{ words[-1] }}{{ map['k'] }}{{ unit.size.w }}{{ flags.size }}",
    "{{ words | push: 'x' | size }}",
    "{% for w in words limit: 2, offset: 1 reversed %}{{ w }}{% endfor %}",
    "{% if map.k == 'v' and map.n > 1 or price %}x{% endif %}",
    "{% case map.k %}{% when 'a', 'b' or 'v' %}x{% endcase %}",
  ])("accepts %s", (source) => {
    expect(() => render(source)).not.toThrow();
  });

  it("checks text that is known only when a run renders it, such as a translation", () => {
    const around = { scope: SCOPE, translations: { en: { hi: "Hi {{ who | upcase: 1 }}" } } };
    expect(() => renderTemplate("{{ 'hi' | t: who: map.k }}", around)).toThrow(
      'the filter "upcase" takes no arguments',
    );
  });
});

describe("numbers with a fraction (T-067)", () => {
  it.each<Row>([
    ["{{ 4.0 }} {{ 4 }} {{ -1.0 }} {{ 2.50 }}", "4.0 4 -1.0 2.5"],
    ["{{ 12 | divided_by: 4.0 }} {{ 12.0 | divided_by: 5 }} {{ 12 | divided_by: 5 }}", "3.0 2.4 2"],
    ["{{ 3 | times: 2.0 | plus: 1 }} {{ price | times: 2 }} {{ 7 | minus: '2.0' }}", "7.0 5.0 5.0"],
    ["{{ 9 | modulo: 2.0 }} {{ 0 | divided_by: 2.5 }} {{ 10 | divided_by: 3.0 }}", "1.0 0.0 3.3333333333333335"],
    [
      "{% assign x = 6.0 %}{{ x }} {{ x | append: '!' }} {{ x | json }} {% if x == 6 and x > 5 %}same{% endif %}",
      "6.0 6.0! 6 same",
    ],
    ["{{ 0.0 | default: 'none' }} {{ 4.0 | round }} {{ 3.0 | currency }}", "0.0 4 $3.00"],
    ["{{ (1.7..3) | join: '-' }} {% for i in (2.9..4) %}{{ i }}{% endfor %}", "1-2-3 234"],
    ["{{ 3.14159 | round: 2.9 }}", "3.14"],
  ])("%s renders %s", (source, text) => {
    expect(render(source)).toBe(text);
  });
});

describe("conditions", () => {
  it.each<Row>([
    ["{% if flags contains false %}yes{% else %}no{% endif %}", "no"],
    ["{% if flags contains nil %}yes{% else %}no{% endif %}", "no"],
    ["{% if flags contains 'on' %}yes{% endif %}{% if '4711' contains 71 %}yes{% endif %}", "yesyes"],
    ["{% if map contains 'k' %}yes{% endif %}{% if map contains 'v' %}yes{% endif %}", "yes"],
    [
      "{% if nil == blank %}yes{% endif %}{% if blank == nope %}yes{% endif %}{% if nil == empty %}yes{% endif %}",
      "yesyes",
    ],
    ["{% if map.n <> 3 %}yes{% endif %}{% if map.n != 2 %}yes{% endif %}", "yes"],
  ])("%s renders %s", (source, text) => {
    expect(render(source)).toBe(text);
  });
});

describe("tags", () => {
  it.each<Row>([
    // A block that contains nothing prints nothing, not even its whitespace.
    ["[{% if map %}  {% comment %} x {% endcomment %}\n{% endif %}]", "[]"],
    ["[{% for i in (1..3) %}\n {% assign last = i %}\n{% endfor %}{{ last }}]", "[3]"],
    ["[{% unless nope %} {% if map %} {% capture c %} x {% endcapture %} {% endif %} {% endunless %}{{ c }}]", "[ x ]"],
    ["[{% if map %} {{ nope }} {% endif %}]", "[  ]"],
    [
      "{% for a in (1..2) %}{% for b in (1..2) %}{{ forloop.parentloop.index }}{{ forloop.index }} {% endfor %}{% endfor %}",
      "11 12 21 22 ",
    ],
    [
      "{% for a in (1..1) %}{{ forloop.parentloop.index }}|{{ forloop.length }}{{ forloop.last }}{% endfor %}",
      "|1true",
    ],
    [
      "{% for i in (1..6) limit: 2 %}{{ i }}{% endfor %}-{% for i in (1..6) offset: continue %}{{ i }}{% endfor %}",
      "12-3456",
    ],
    ["{% for i in (1..4) limit: '2' offset: 1.9 %}{{ i }}{% endfor %}", "23"],
    [
      "{% for p in map %}{{ p[0] }}={{ p[1] }} {% else %}none{% endfor %}{% for p in none %}{% else %}none{% endfor %}",
      "k=v n=2 none",
    ],
    [
      "{% tablerow w in words cols: 2 %}{{ w }}{% endtablerow %}",
      '<tr class="row1">\n<td class="col1">pear</td><td class="col2">apple</td></tr>\n<tr class="row2"><td class="col1">Fig</td></tr>\n',
    ],
    [
      "{% tablerow i in (1..3) %}{{ i }}{% break %}{% endtablerow %}",
      '<tr class="row1">\n<td class="col1">1</td></tr>\n',
    ],
    ["{% case map.k %}{% when 'v', 'v' %}x{% when 'v' %}y{% else %}z{% endcase %}", "xxy"],
    ["{% case map.k %}{% else %}a{% when 'v' %}b{% else %}c{% endcase %}", "ab"],
    [
      "{% cycle 'g': 'a', 'b' %}{% cycle 'g': 'x', 'y', 'z' %}{% cycle 'g': 'p', 'q', 'r' %}{% cycle 1, 2 %}{% cycle 1, 2 %}",
      "ayr12",
    ],
    ["{% for w in words %}{% ifchanged %}{{ w | size }}{% endifchanged %}{% endfor %}", "453"],
    ["{% assign n = '7,7,8' | split: ',' %}{% for i in n %}{% ifchanged %}{{ i }}{% endifchanged %}{% endfor %}", "78"],
    ["a{% doc %} {{ open {% if %} {% enddoc %}b", "ab"],
    ["a {%- doc -%} x {%- enddoc -%} b", "ab"],
    ["a{% comment %}{% comment %}x{% endcomment %}y{% endcomment %}b", "ab"],
    ["a {%- raw -%}  {{ x }}  {%- endraw -%} b {% raw %} {% x %} {% endraw %}", "a{{ x }}b  {% x %} "],
  ])("%s renders %s", (source, text) => {
    expect(render(source)).toBe(text);
  });

  it.each([
    ["{% for i in (1..3) limit: 'all' %}{{ i }}{% endfor %}", 'limit: "all" is not a whole number'],
    ["{% for i in (1..3) offset: words %}{{ i }}{% endfor %}", 'offset: ["pear","apple","Fig"] is not a whole number'],
  ])("%s fails when it is rendered", (source, message) => {
    expect(() => render(source)).toThrow(message);
  });
});

describe("list filters", () => {
  it.each<Row>([
    [
      "{{ words | reject: 'p' | join }} {{ words | find: 'pp' }} {{ words | find_index: 'Fig' }} {{ words | has: 'ea' }}",
      "Fig apple 2 true",
    ],
    [
      "{{ 'apple' | find: 'pp' }} {{ 'apple' | find_index: 'pp', 'pp' }} {{ 'apple' | has: 'z' }}[{{ 'apple' | reject: 'pp' }}]",
      "apple 0 false[]",
    ],
    ["{{ rows | where: 'n' | size }}{{ rows | reject: 'n', nil | size }}{{ rows | where: 'tag', 'a' | size }}", "222"],
    ["{{ nested | map: 'tag' | join }} {{ nested | reject: 'tag', 'b' | map: 'tag' | join }}", "a b c a c"],
    ["{{ map | where: 'k', 'v' | size }}{{ map | has: 'n', 2 }}{{ map | reject: 'k' | size }}", "1true0"],
    ["[{{ mixed | has: 'z' }}{{ mixed | find: 'z' }}] {{ mixed | has: 'x' }}", "[] true"],
    ["{{ rows | uniq: 'tag' | size }} {{ rows | compact: 'n' | size }} {{ deep | uniq | join }}", "3 2 1 2 3 4"],
    [
      "{{ deep | concat: words | size }} {{ deep | sum }} {{ rows | sum: 'n' }} {{ deep | reverse | join: '' }}",
      "7 10 4 4321",
    ],
    [
      "{{ words | sort | join }} {{ words | sort_natural | join }} {{ rows | sort: 'n' | map: 'n' | join: ',' }}",
      "Fig apple pear apple Fig pear 1,3,,",
    ],
    ["{{ map | first | join: '=' }} {{ words | join: nope }} {{ nope | join: ',' }}", "k=v pearappleFig "],
  ])("%s renders %s", (source, text) => {
    expect(render(source)).toBe(text);
  });

  it.each([
    ["{{ deep | has: 'x' }}", 'has: 1 has no property "x"'],
    ["{{ deep | map: 'x' }}", 'map: 1 has no property "x"'],
    ["{{ words | concat: 'x' }}", 'concat: "x" is not a list'],
    ["{{ words | concat: nope }}", "concat: null is not a list"],
    ["{{ flags | sort }}", "sort: cannot compare"],
    ["{{ deep | sum: 'n' }}", 'sum: 1 has no property "n"'],
  ])("%s fails when it is rendered", (source, message) => {
    expect(() => render(source)).toThrow(message);
  });
});

describe("text filters", () => {
  it.each<Row>([
    [
      "{{ ' a  b\nc ' | split: ' ' | join: '-' }} {{ 'a,b,,' | split: ',' | size }} {{ 'abc' | split: '' | join: '-' }}",
      "a-b-c 2 a-b-c",
    ],
    [
      "{{ 'kite' | slice: 1, 2 }}{{ 'kite' | slice: -1 }}{{ words | slice: 1, '2' | join: '' }}{{ 'kite' | slice: 9 }}",
      "iteappleFig",
    ],
    ["{{ 'abc' | replace: '', '.' }} {{ 'a.b.c' | replace: '.', '-' }} {{ 'abc' | replace: 'b' }}", ".a.b.c. a-b-c ac"],
    [
      "{{ 'one two three' | truncate: 6, nope }}|{{ 'one two three' | truncatewords: 2, nope }}|{{ 'one two' | truncate: 5 }}",
      "one tw|one two|on...",
    ],
    ["{{ 'it is (so)!' | url_encode }}", "it+is+%28so%29%21"],
    ["{{ 'ÿþ?>' | base64_url_safe_encode }} {{ 'w7_Dvj8-' | base64_url_safe_decode }}", "w7_Dvj8- ÿþ?>"],
    ["{{ none | default: 'x' }}{{ false | default: allow_false: true, 'x' }}{{ nope | default }}", "xfalse"],
  ])("%s renders %s", (source, text) => {
    expect(render(source)).toBe(text);
  });

  it.each([
    ["{{ 'kite' | slice: nope }}", "slice: null is not a whole number"],
    ["{{ 'kite' | truncate: nope }}", "truncate: null is not a whole number"],
    ["{{ 'kite' | truncatewords: map.k }}", 'truncatewords: "v" is not a whole number'],
    ["{{ '!' | base64_url_safe_decode }}", 'base64_url_safe_decode: "!" is not base64'],
  ])("%s fails when it is rendered", (source, message) => {
    expect(() => render(source)).toThrow(message);
  });
});
