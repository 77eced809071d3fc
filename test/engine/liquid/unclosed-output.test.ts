import { expect, it, test } from "vitest";
import { compilerFor } from "../../../src/engine/liquid/liquid.js";
import { unclosedOutput } from "../../../src/engine/liquid/unclosed-output.js";

test.each([
  ["Hi {{ name , total {{ total }}", { line: 1, column: 4 }],
  ["a\n  {{ name {% if x %}y{% endif %} }}", { line: 2, column: 3 }],
  ["{{ a }} {{ b | default: '{{' {{ c }}", { line: 1, column: 9 }],
])("%j is not closed", (source, place) => {
  expect(unclosedOutput(source)).toEqual(place);
});

test.each([
  "plain",
  "{{ a }} and {{ b }}",
  "{{ a }}{{ b }}",
  '{{ "{{ not one }}" | append: a }}',
  "{{ '{%' }}",
  "{% raw %}{{ a {{ b }}{% endraw %}",
  "{%- comment -%}{{ {{ {%- endcomment -%}{{ a }}",
  "{{ a\n| upcase }}",
])("%j is fine", (source) => {
  expect(unclosedOutput(source)).toBeNull();
});

it("is refused with its place", () => {
  expect(() => compilerFor("hello")("<p>{{ name , of {{ total }}", "steps[0].template.html_body")).toThrow(
    'workflow "hello": steps[0].template.html_body, line 1, column 4: output is not closed: its "}}" is missing',
  );
});
