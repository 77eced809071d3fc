// Sections 3, 6, 17 and 18 of docs/internals/catalog/templates.md, with the catalog's own examples.
import { describe, expect, it } from "vitest";
import { RenderError } from "../../../src/engine/liquid/liquid.js";
import type { JsonObject } from "../../../src/util/json.js";
import { renderTemplate } from "../../helpers/render-template.js";
import { TIMESTAMP } from "../../helpers/rendering-time.js";

const SCOPE = {
  a: [3, 1, 2],
  b: [2, 3],
  maps: [{ k: 1 }, { k: 2 }],
  words: ["y", "x"],
  map: { a: 1 },
  bare: Object.assign(Object.create(null), { x: 1 }) as JsonObject,
  data: { e: "2024-03-05T23:30:00-05:00", bad: "tomorrow-ish", n: 3 },
};
const render = (source: string): string => renderTemplate(source, { scope: SCOPE });

type Row = [id: string, template: string, text: string];

describe("dates (T-040 to T-043, T-060 to T-064)", () => {
  it.each<Row>([
    ["T-040", '{{ timestamp | timezone: "Asia/Tokyo" }}', "2024-03-06T04:07:09+09:00"],
    ["T-040", '{{ timestamp | timezone: "America/St_Johns" }}', "2024-03-05T15:37:09-03:30"],
    ["T-040", '{{ "2024-07-01T00:00:00.250Z" | timezone: "Europe/Paris" }}', "2024-07-01T02:00:00.250+02:00"],
    ["T-040", '{{ timestamp | timezone: "America/New_York" | date: "%-I:%M %p" }}', "2:07 PM"],
    ["T-041", '{{ timestamp | date: "%Y/%m/%d %H:%M %Z", "Europe/Paris" }}', "2024/03/05 20:07 CET"],
    ["T-041", '{{ timestamp | date: "%H:%M %Z %z", "America/New_York" }}', "14:07 EST -0500"],
    ["T-041", '{{ timestamp | date: "%Z|%:z", "Asia/Tokyo" }}', "JST|+09:00"],
    ["T-041", '{{ timestamp | date: "%Z", "America/Sao_Paulo" }}', "-03"],
    ["T-041", '{{ 1709665629 | date: "%F %T" }}', "2024-03-05 19:07:09"],
    ["T-041", '{{ "1709665629" | date: "%F" }}', "2024-03-05"],
    ["T-041", '{{ 1709665629000 | date: "%F" }}', "2024-03-05"],
    ["T-041", '{{ 0 | date: "%F" }}', "1970-01-01"],
    ["T-041", '{{ "now" | date: "%F %T" }}', "2024-03-05 19:07:09"],
    ["T-041", '{{ "today" | date: "%F" }}', "2024-03-05"],
    ["T-041", '{{ data.e | date: "%F %H:%M %z" }}', "2024-03-05 23:30 -0500"],
    ["T-041", '{{ data.e | date: "%F %H:%M", "Etc/UTC" }}', "2024-03-06 04:30"],
    ["T-041", '{{ "2024-03-05" | date: "%A %-d %B %Y" }}', "Tuesday 5 March 2024"],
    ["T-041", '{{ "March 5, 2024" | date: "%F" }}', "2024-03-05"],
    ["T-041", '{{ "Tue, 05 Mar 2024 19:07:09 GMT" | date: "%T" }}', "19:07:09"],
    ["T-041", '{{ nil | date: "%F" }}{{ nope | date: "%F" }}{{ "" | date: "%F" }}', ""],
    ["T-041", "{{ timestamp | date: '' }}", TIMESTAMP],
    ["T-202", '{{ timestamp | date: "%-d %-I %s" }}', "5 7 1709665629"],
    ["TQ-17", '{{ timestamp | date: "[%e] [%l]" }}', "[ 5] [ 7]"],
    ["T-041", '{{ timestamp | date: "%j %U %V %G %u %w %y %C %q" }}', "065 09 10 2024 2 2 24 20 th"],
    ["T-041", '{{ timestamp | date: "%a %^b %h %p %P %#p %L %3N %%" }}', "Tue MAR Mar PM pm pm 000 000 %"],
    ["T-041", '{{ timestamp | date: "%D %R %r %c" }}', "03/05/24 19:07 07:07:09 PM Tue Mar  5 19:07:09 2024"],
    ["T-041", '{{ timestamp | date: "%Q %" }}', "%Q %"],
    [
      "T-041",
      '{% for day in (1..31) %}{{ day | prepend: "2024-03-" | date: "%q" }} {% endfor %}',
      "st nd rd th th th th th th th th th th th th th th th th th st nd rd th th th th th th th st ",
    ],
    ["T-042", '{{ timestamp | format_date_in_locale: "en-US", "long" }}', "March 5, 2024"],
    ["T-042", '{{ timestamp | format_date_in_locale: "en-GB" }}', "05/03/2024"],
    ["T-042", '{{ timestamp | format_date_in_locale: "de", "medium" }}', "05.03.2024"],
    ["T-042", '{{ timestamp | format_date_in_locale: "fr_BE", "long" }}', "5 mars 2024"],
    ["T-042", '{{ timestamp | timezone: "Asia/Tokyo" | format_date_in_locale: "en-GB" }}', "06/03/2024"],
    ["T-042", '{{ nope | format_date_in_locale: "en" }}', ""],
    ["T-043", '{{ timestamp | format_datetime_in_locale: "en-US", "medium", "short" }}', "Mar 5, 2024, 7:07 PM"],
    ["T-043", '{{ timestamp | format_datetime_in_locale: "en-GB","short","medium" }}', "05/03/2024, 19:07:09"],
    ["T-043", '{{ timestamp | format_datetime_in_locale: "en-US" }}', "3/5/24, 7:07 PM"],
    ["T-060", '{{ timestamp | format_datetime_in_locale: "en-GB", "short", "short" }}', "05/03/2024, 19:07"],
    ["T-061", '{{ timestamp | format_date_in_locale: "en-GB", "medium" }}', "5 Mar 2024"],
    ["T-062", '{{ timestamp | format_date_in_locale: "en-GB", "long" }}', "5 March 2024"],
    ["T-063", '{{ timestamp | format_date_in_locale: "en-US", "full" }}', "Tuesday, March 5, 2024"],
    ["T-064", '{{ timestamp | format_datetime_in_locale: "en-US", "medium", "medium" }}', "Mar 5, 2024, 7:07:09 PM"],
  ])("%s %s renders %j", (_id, source, text) => {
    expect(render(source)).toBe(text);
  });

  it("TQ-5 the date filter prints an ordinary space before PM", () => {
    expect(render('{{ timestamp | format_datetime_in_locale: "en-US" }}')).not.toMatch(/[\u202f\u2009]/);
  });

  it("T-062 a time with a zone keeps its offset", () => {
    const source = '{{ timestamp | timezone: "Asia/Tokyo" | format_datetime_in_locale: "en-US", "short", "long" }}';
    expect(render(source)).toBe("3/6/24, 4:07:09 AM +09:00");
  });
});

describe("numbers and money (T-044 to T-046, T-066)", () => {
  it.each<Row>([
    ["T-044", '{{ 1234567 | format_number: "en" }}', "1,234,567"],
    ["T-044", '{{ 1234567 | format_number: "de" }}', "1.234.567"],
    ["T-044", '{{ "12345678901234567890.5" | format_number }}', "12,345,678,901,234,567,890.5"],
    ["T-066", "{{ 1234.5 | format_number }}", "1,234.5"],
    ["T-045", "{{ 7 | currency }}", "$7.00"],
    ["T-045", '{{ 1999.5 | currency: "EUR", "de" }}', "1.999,50\u00a0€"],
    ["T-045", '{{ 5 | currency: "JPY" }}', "¥5.00"],
    ["TQ-18", '{{ "10" | currency }}', "$10.00"],
    ["T-046", '{{ 12.6 | rounded_currency: "GBP", "en" }}', "£13"],
    ["T-046", "{{ 12.5 | rounded_currency }}", "$13"],
    ["T-004", "{{ nope | currency }}{{ nope | format_number }}", ""],
    ["T-001", "{{ 10 | divided_by: 4 }} {{ 10 | divided_by: 4.0 }} {{ 7.5 | divided_by: 2 }}", "2 2.5 3.75"],
    [
      "T-001",
      "{{ 19.99 | times: 100 }} {{ 0.1 | plus: 0.2 }} {{ 0.3 | minus: 0.1 }} {{ '2' | times: '3' }}",
      "1999.0 0.3 0.2 6",
    ],
    ["T-001", "{{ nope | plus: 1 }} {{ 5 | minus: nope }} {{ 10 | divided_by: 3.0 | round: 2 }}", "1 5 3.33"],
    ["T-001", "{{ -7 | divided_by: 2 }} {{ -7 | modulo: 5 }} {{ '9' | divided_by: '2' }}", "-4 3 4"],
  ])("%s %s renders %j", (_id, source, text) => {
    expect(render(source)).toBe(text);
  });

  it("T-065 every listed locale is accepted", () => {
    const locales = (
      "af ar az be bg bn bs ca cs cy da de de-DE el en en-US en-GB eo es es-419 et eu fa fi fr fr-CA fr-FR gl he hi hr hu " +
      "id is it ja ja-JP ka km kn ko lb lo lt lv mk ml mn mr ms nb ne nl nn no or pa pl pl-PL pt pt-BR rm ro ru sk sl sq sr " +
      "sv sw ta te th tr tt ug uk ur uz vi wo zh zh-CN zh-Hans zh-Hant"
    ).split(" ");
    for (const locale of locales) {
      expect(render(`{{ 1 | format_number: "${locale}" }}`), locale).not.toBe("");
      expect(render(`{{ timestamp | format_date_in_locale: "${locale}" }}`), locale).toMatch(/\d|[^\w]/);
    }
  });
});

describe("text, lists and versions (T-047 to T-056)", () => {
  it.each<Row>([
    ["T-047", "{{ nope | json }}{{ nil | json }}", "nullnull"],
    ["TQ-8", "{{ map | json }}{{ maps | json }}", '{"a":1}[{"k":1},{"k":2}]'],
    ["TQ-13", '[{{ "{no json" | from_json }}]', "[]"],
    ["TQ-13", '{% assign o = "" | from_json %}{{ o.x | default: "none" }}', "none"],
    ["T-048", `{% assign o = '[{"n":1},{"n":2}]' | from_json %}{{ o | map: "n" | join: "+" }}`, "1+2"],
    ["TQ-2", '{{ 0 | pluralize: "file", "files" }} {{ true | pluralize: "file", "files" }}', "files files"],
    ["T-054", '{{ a | intersect: b | join: "," }}', "3,2"],
    [
      "T-054",
      "{{ a | intersect: b }}{{ maps | intersect: maps }}{{ a | intersect: nope }}",
      '[3, 2][{"k":1}, {"k":2}][]',
    ],
    [
      "T-054",
      '{% assign w = "x,y" | split: "," | intersect: words %}{{ w }} {{ w[0] }} {% for i in w %}{{ i }}{% endfor %}',
      '["x", "y"] x xy',
    ],
    ["T-054", "{{ maps | intersect: maps | size }}{{ a | intersect: nope | size }}", "20"],
    ["T-055", '{{ "hi **you**" | from_markdown }}', "<p>hi <strong>you</strong></p>"],
    ["T-056", '{{ "2.10.0" | compare_versions: "2.9.4" }}', "1"],
    ["T-056", '{{ "1.0.0-rc.2" | compare_versions: "1.0.0-rc.10" }}{{ "v1.2" | compare_versions: "1.2.0" }}', "-10"],
    ["T-056", '{{ "1.0.0-rc" | compare_versions: "1.0.0" }}{{ "1.0.0-a" | compare_versions: "1.0.0-1" }}', "-11"],
    [
      "T-058",
      '{{ data.n | equals: 3 }} {{ data.n | equals: "3" }} {{ nope | equals: nil }} {{ nope | equals: 3 }}',
      "true false true false",
    ],
    [
      "T-058",
      '{{ a | equals: a }} {{ a | equals: b }} {% assign same = "x" | equals: "x" %}{% if same %}yes{% endif %}',
      "true false yes",
    ],
    ["TQ-4", '{{ "x: " | append: map }} {{ map | upcase }}', 'x: {"a":1} {"A":1}'],
    ["T-001", "{{ map | size }}{{ maps | size }}{{ 'äb' | size }}{{ nope | size }}{{ 5 | size }}", "12200"],
    ["TQ-4", "{{ bare }}", '{"x":1}'],
    ["TQ-4", "{{ map | escape }}", "{&#34;a&#34;:1}"],
    ["T-005", "{{ maps }}|{{ a }}|{{ maps | join: ', ' }}", '{"k":1}{"k":2}|312|{"k":1}, {"k":2}'],
  ])("%s %s renders %j", (_id, source, text) => {
    expect(render(source)).toBe(text);
  });
});

describe("render errors (T-091, T-092, TQ-9, TQ-11)", () => {
  it.each<Row>([
    ["T-092", '{{ data.bad | date: "%F" }}', '"tomorrow-ish" is not a date'],
    ["T-092", '{{ "2024-02-30" | date: "%F" }}', '"2024-02-30" is not a date'],
    ["T-092", '{{ map | date: "%F" }}', '{"a":1} is not a date'],
    ["T-092", '{{ timestamp | date: "%F", "Mars/Base" }}', '"Mars/Base" is not a time zone'],
    ["TQ-9", '{{ data.bad | timezone: "Etc/UTC" }}', 'timezone: "tomorrow-ish" is not a date'],
    ["T-092", "{{ timestamp | timezone: nope }}", "timezone: null is not a time zone"],
    [
      "T-042",
      '{{ timestamp | format_date_in_locale: "de", "tiny" }}',
      '"tiny" is not a style; valid styles are short, medium',
    ],
    ["T-065", '{{ 1 | format_number: "klingon" }}', '"klingon" is not a known locale'],
    ["TQ-18", '{{ "ten" | currency }}', '"ten" is no number'],
    ["T-045", '{{ 1 | currency: "euros" }}', '"euros" is not a currency'],
    ["T-056", '{{ "new" | compare_versions: "1.0.0" }}', '"new" is not a version'],
    ["T-001", "{{ 1 | divided_by: 0 }}", "divided_by: cannot divide by 0"],
    ["T-001", "{{ 1 | modulo: nope }}", "modulo: cannot divide by 0"],
    ["TQ-11", "{% render nope %}", "render requires a partial's key in quotes"],
    ["TQ-11", '{% render "nothing" %}', 'there is no partial "nothing"'],
  ])("%s %s fails: %s", (_id, source, words) => {
    const failing = () => render(`line one\n  ${source}`);
    expect(failing).toThrow(RenderError);
    expect(failing).toThrow("steps[0].template.subject, line 2, column 3: ");
    expect(failing).toThrow(words);
    expect(failing).not.toThrow("ENOENT");
  });

  it.each([
    ["never ends", `${"{% for i in (1..2000) %}".repeat(4)}${"{% endfor %}".repeat(4)}`, "exceeds the time limit of 2"],
    ["counts to a billion", "{% for i in (1..1000000000) %}{% endfor %}", "exceeds the memory limit"],
    [
      "prints 50 MB",
      `{% for i in (1..1000) %}${"x".repeat(50_000)}{% endfor %}`,
      "the output is longer than the limit of 10000000 characters",
    ],
  ])("a template that %s stops at a limit", (_what, source, words) => {
    expect(() => render(source)).toThrow(words);
  });
});
