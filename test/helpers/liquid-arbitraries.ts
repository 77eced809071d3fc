import fc from "fast-check";
import type { Json } from "../../src/util/json.js";
import { arbitraryJson } from "./json-arbitraries.js";

/** Names of variables and properties, some of which exist on every object or are special in Liquid. */
const NAMES = "a b list map text n item size first last content vars forloop x y constructor __proto__ length".split(
  " ",
);
const PLAIN_NAMES = NAMES.slice(0, 7);

/** Text that would end a string literal, a template literal, a comment or a script element. */
const HOSTILE_TEXTS = [
  "\\",
  "`",
  "${a}",
  "*/",
  "//",
  "</script>",
  "<!--",
  "\u2028",
  "\u2029",
  "\n",
  "\r",
  "\0",
  "\ud800",
  ");throw 1;(",
  '"+process+"',
];

const name = fc.oneof(
  { weight: 15, arbitrary: fc.constantFrom(...PLAIN_NAMES) },
  { weight: 1, arbitrary: fc.constantFrom(...NAMES) },
);

const quoted = fc.tuple(
  fc.constantFrom("'", '"'),
  fc.array(fc.oneof(fc.constantFrom("a", "b", " ", "1", "text", "", "x"), fc.constantFrom(...HOSTILE_TEXTS)), {
    maxLength: 3,
  }),
);
const literalText = quoted.map(([quote, parts]) => `${quote}${parts.join("").replaceAll(/["'{}%]/g, "")}${quote}`);
const literal = fc.oneof(
  { weight: 3, arbitrary: literalText },
  {
    weight: 3,
    arbitrary: fc.constantFrom(
      "0",
      "1",
      "2",
      "-1",
      "1.5",
      "5.0",
      "-0",
      "true",
      "false",
      "nil",
      "empty",
      "blank",
      "null",
    ),
  },
);

/** The filters with the numbers of arguments that they take. `sample` is missing because it chooses at random. */
const FILTERS: Record<string, readonly number[]> = {
  ...toRow(
    "abs base64_decode base64_encode base64_url_safe_decode base64_url_safe_encode capitalize ceil downcase escape",
    0,
  ),
  ...toRow("escape_once first floor last lstrip newline_to_br reverse rstrip size strip strip_html strip_newlines", 0),
  ...toRow("upcase url_decode url_encode from_json json from_markdown titlecase md5 xml_escape inspect", 0),
  ...toRow(
    "append at_least at_most concat divided_by map minus modulo plus prepend remove remove_first remove_last",
    1,
  ),
  ...toRow("split times compare_versions equals intersect timezone push unshift", 1),
  ...toRow("compact default join round sort sort_natural sum uniq format_number hmac_sha256", 0, 1),
  ...toRow("truncate truncatewords currency rounded_currency format_date_in_locale", 0, 1, 2),
  ...toRow("date find find_index has reject replace replace_first slice where group_by", 1, 2),
  ...toRow("replace_last pluralize where_exp", 2),
  ...toRow("raw user tenant subscriptions slugify array_to_sentence_string unknown_filter pop shift", 0),
};

function toRow(names: string, ...counts: number[]): Record<string, readonly number[]> {
  return Object.fromEntries(names.split(" ").map((one) => [one, counts]));
}

type Grammar = {
  path: string;
  operand: string;
  filter: string;
  value: string;
  condition: string;
  template: string;
  templates: string;
};

const grammar = fc.letrec<Grammar>((tie) => ({
  path: fc
    .tuple(
      name,
      fc.array(
        fc.oneof(
          { weight: 5, arbitrary: name.map((key) => `.${key}`) },
          {
            weight: 1,
            arbitrary: fc.constantFrom(".size", ".first", ".last", ".index", ".rindex0", ".parentloop.index"),
          },
          { weight: 2, arbitrary: fc.oneof(literal, fc.constantFrom("0", "1", "-1")).map((key) => `[${key}]`) },
          { weight: 1, arbitrary: tie("path").map((key) => `[${key}]`) },
        ),
        { maxLength: 2, depthIdentifier: "path" },
      ),
    )
    .map(([root, keys]) => root + keys.join("")),
  operand: fc.oneof(
    { depthIdentifier: "operand", maxDepth: 3 },
    { weight: 4, arbitrary: tie("path") },
    { weight: 3, arbitrary: literal },
    {
      weight: 1,
      arbitrary: fc
        .tuple(
          fc.oneof(fc.constantFrom("1", "-2", "3.7"), tie("path")),
          fc.oneof(fc.constantFrom("3", "0", "6"), tie("path")),
        )
        .map(([low, high]) => `(${low}..${high})`),
    },
    { weight: 1, arbitrary: fc.tuple(literalText, name).map(([text, key]) => `${text}.${key}`) },
  ),
  filter: fc.constantFrom(...Object.keys(FILTERS)).chain((filter) =>
    fc
      .tuple(
        fc.constantFrom(...(FILTERS[filter] as number[])),
        fc.array(tie("operand"), { minLength: 2, maxLength: 2 }),
      )
      .map(([count, args]) => {
        const list = args.slice(0, count).join(", ");
        return ` | ${filter}${count > 0 ? `: ${list}` : ""}`;
      }),
  ),
  value: fc
    .tuple(
      tie("operand"),
      fc.oneof(
        { weight: 3, arbitrary: fc.constant([]) },
        { weight: 2, arbitrary: fc.array(tie("filter"), { maxLength: 3 }) },
        { weight: 1, arbitrary: tie("operand").map((other) => [` | default: ${other}`]) },
      ),
    )
    .map(([operand, filters]) => operand + filters.join("")),
  condition: fc.oneof(
    { depthIdentifier: "condition", maxDepth: 2 },
    { weight: 1, arbitrary: tie("operand") },
    {
      weight: 4,
      arbitrary: fc
        .tuple(tie("operand"), fc.constantFrom("==", "!=", "<>", "<", ">", "<=", ">=", "contains"), tie("operand"))
        .map((parts) => parts.join(" ")),
    },
    {
      weight: 1,
      arbitrary: fc
        .tuple(tie("condition"), fc.constantFrom("and", "or"), tie("condition"))
        .map((parts) => parts.join(" ")),
    },
  ),
  template: fc.oneof(
    { depthIdentifier: "template", maxDepth: 3, depthSize: "small" },
    { weight: 6, arbitrary: tie("value").map((value) => `{{ ${value} }}`) },
    { weight: 3, arbitrary: fc.constantFrom("a", " ", "\n", "text ", "}", ...HOSTILE_TEXTS, "{%- # note -%}") },
    { weight: 2, arbitrary: fc.tuple(name, tie("value")).map(([key, value]) => `{% assign ${key} = ${value} %}`) },
    { weight: 1, arbitrary: tie("value").map((value) => `{%- echo ${value} -%}`) },
    {
      weight: 1,
      arbitrary: tie("operand").map((count) => `{{ 'a' | t: count: ${count} }}{{ 'x.b' | t | default: 1 }}`),
    },
    {
      weight: 1,
      arbitrary: fc.constantFrom("{{ content }}", "{{ content | upcase }}{{ x }}", "{% t %}text{% endt %}{{ y }}"),
    },
    { weight: 1, arbitrary: tie("templates").map((body) => `{% t %}${body}{% endt %}`) },
    { weight: 1, arbitrary: name.map((key) => `{% increment ${key} %}`) },
    { weight: 1, arbitrary: name.map((key) => `{% decrement ${key} %}`) },
    { weight: 1, arbitrary: fc.constantFrom("{% break %}", "{% continue %}", "{% raw %}{{ a }}{% endraw %}") },
    {
      weight: 1,
      arbitrary: fc.constantFrom(
        "{% comment %}{{ a }}{% endcomment %}",
        "{% doc %}x{% enddoc %}",
        "{% cycle 'a', b %}",
      ),
    },
    {
      weight: 1,
      arbitrary: fc
        .tuple(fc.constantFrom("plain", "html", "broken", "nested", "missing"), name, tie("operand"))
        .map(([key, input, value]) => `{% render '${key}', ${input}: ${value} %}`),
    },
    {
      weight: 2,
      arbitrary: fc
        .tuple(
          fc.constantFrom("if", "unless"),
          tie("condition"),
          tie("templates"),
          tie("condition"),
          tie("templates"),
          fc.nat(3),
        )
        .map(([tag, condition, body, second, other, kind]) => {
          const elsif = kind > 1 ? `{% elsif ${second} %}${other}` : "";
          return `{% ${tag} ${condition} %}${body}${elsif}${kind > 0 ? `{% else %}${other}` : ""}{% end${tag} %}`;
        }),
    },
    {
      weight: 1,
      arbitrary: fc
        .tuple(
          tie("value"),
          fc.array(tie("operand"), { minLength: 1, maxLength: 3 }),
          tie("templates"),
          fc.nat(3),
          tie("templates"),
        )
        .map(([value, values, body, kind, other]) => {
          const otherwise = `{% else %}${other}`;
          const when = `{% when ${values.join(kind > 1 ? ", " : " or ")} %}${body}`;
          return `{% case ${value} %}${when}${kind === 0 ? "" : otherwise}${kind === 3 ? when : ""}{% endcase %}`;
        }),
    },
    {
      weight: 3,
      arbitrary: fc
        .tuple(
          fc.oneof({ weight: 3, arbitrary: fc.constantFrom("item", "x", "a") }, { weight: 1, arbitrary: name }),
          tie("operand"),
          fc.array(
            fc.oneof(
              fc
                .tuple(
                  fc.constantFrom("limit", "offset"),
                  fc.oneof(fc.constantFrom("1", "2", "nil", "continue"), tie("operand")),
                )
                .map(([key, value]) => ` ${key}: ${value}`),
              fc.constant(" reversed"),
            ),
            { maxLength: 2 },
          ),
          tie("templates"),
          fc.option(tie("templates")),
        )
        .map(([variable, list, args, body, other]) => {
          const otherwise = other === null ? "" : `{% else %}${other}`;
          return `{% for ${variable} in ${list}${args.join("")} %}${body}${otherwise}{% endfor %}`;
        }),
    },
    {
      weight: 1,
      arbitrary: fc.tuple(name, tie("templates")).map(([key, body]) => `{% capture ${key} %}${body}{% endcapture %}`),
    },
  ),
  templates: fc.array(tie("template"), { maxLength: 4, depthIdentifier: "template" }).map((parts) => parts.join("")),
}));

/** Generates Liquid templates, most of which are valid. */
export const liquidTemplates = fc
  .array(grammar.template, { minLength: 1, maxLength: 5 })
  .map((templates) => templates.join(""));

const json = arbitraryJson("a", "b", "size", "first", "x", "__proto__", "constructor", "toString");
const value: fc.Arbitrary<Json> = fc.oneof(
  { weight: 1, arbitrary: json },
  {
    weight: 3,
    arbitrary: fc.constantFrom<Json>(
      ["b", "a", null, 3],
      [{ a: 1, b: "x" }, { a: 2 }, { a: null }],
      { a: { b: [1, 2, 3] }, size: 7 },
      [[1, [2]], []],
      "2026-11-27T10:00:00Z",
      "12.50",
      "",
      3,
      0.1,
      { a: "A", b: [true, { text: "T" }], item: { n: 4 }, text: "nested" },
      ["x", "y", "z"],
      "some text with words",
      false,
    ),
  },
);

/** Generates the variables of a template. Each rendering needs its own copy, because templates can change it. */
export const liquidScopes: fc.Arbitrary<Record<string, Json>> = fc
  .tuple(fc.record(Object.fromEntries(PLAIN_NAMES.map((key) => [key, value]))), fc.option(value))
  .map(([scope, vars]) => ({ ...scope, ...(vars === null ? {} : { vars }) }) as Record<string, Json>);
