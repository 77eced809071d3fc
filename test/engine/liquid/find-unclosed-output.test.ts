import { expect, it } from "vitest";
import { createTextCompiler, findUnclosedOutput } from "../../../src/engine/liquid/liquid.js";

it.each([
  ["Hi {{ name , total {{ total }}", { line: 1, column: 4 }],
  ["a\n  {{ name {% if x %}y{% endif %} }}", { line: 2, column: 3 }],
  ["{{ a }} {{ b | default: '{{' {{ c }}", { line: 1, column: 9 }],
])("finds the unclosed output in %j", (source, place) => {
  expect(findUnclosedOutput(source)).toEqual(place);
});

it.each([
  "plain",
  "{{ a }} and {{ b }}",
  "{{ a }}{{ b }}",
  '{{ "{{ not one }}" | append: a }}',
  "{{ '{%' }}",
  "{% raw %}{{ a {{ b }}{% endraw %}",
  "{%- comment -%}{{ {{ {%- endcomment -%}{{ a }}",
  "{{ a\n| upcase }}",
  "{% doc %}{{ a {{ b {% enddoc %}{{ c }}",
])("finds nothing in %j", (source) => {
  expect(findUnclosedOutput(source)).toBeNull();
});

it("an unclosed output is rejected with its location", () => {
  expect(() => createTextCompiler("hello")("<p>{{ name , of {{ total }}", "steps[0].template.html_body")).toThrow(
    'workflow "hello": steps[0].template.html_body, line 1, column 4: output is not closed: "}}" is missing',
  );
});

it("takes linear time for a text with many unclosed blocks", () => {
  // Searching the rest of the text for each block would take minutes.
  const source = `${"{% comment %}{% raw %}".repeat(100_000)}{{ a {{ b }}`;
  expect(findUnclosedOutput(source)).toEqual({ line: 1, column: source.indexOf("{{") + 1 });
});
