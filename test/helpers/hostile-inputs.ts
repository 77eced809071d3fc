/** A list that contains itself 2^30 times. */
export const NESTED_LIST =
  "{% assign l = 'a' | split: ',' %}{% for i in (1..30) %}{% assign l = l | push: l %}{% endfor %}";

/** A filter that takes minutes, in which liquidjs does not check the time. */
export const SLOW_OUTPUT = "{{ (1..9000000) | group_by_exp: 'i', 'i' | size }}";

/** Captures a text that doubles from eight characters. */
export const doubleCapture = (times: number): string =>
  `{% capture a %}xxxxxxxx{% endcapture %}${"{% capture a %}{{ a }}{{ a }}{% endcapture %}".repeat(times)}`;

/** A template of a thousand characters that doubles a capture and compares it. */
export const DOUBLING_CAPTURE = `${doubleCapture(24)}{% capture b %}{{ a }}y{% endcapture %}{% if a == b %}q{% endif %}`;

/** Templates that need much memory or time in few characters. */
export const HOSTILE_TEMPLATES: readonly string[] = [
  ...["{{ l }}", "{{ l | json }}", "{{ data[l] }}", "{{ l | date: '%Y' }}"].map((output) => NESTED_LIST + output),
  "{% assign l = (1..9000000) %}{{ l | intersect: l | size }}",
  "{{ (1..9000000) | sort | size }}",
  "{% assign s = data.text %}{% for i in (1..60) %}{% assign s = s | base64_url_safe_encode %}{% endfor %}",
  SLOW_OUTPUT,
  DOUBLING_CAPTURE,
];

/** Returns texts that patterns with nested or adjacent repetitions read in quadratic time. `size` is their length in characters. */
export const listSlowTexts = (size: number): readonly [name: string, text: string][] => [
  ["spaces in a tag that is not closed", `<a${" ".repeat(size)}x`],
  ["spaces in a heading", `# a${" ".repeat(size)}b`],
  ["twenty thousand paragraphs", "<p>x</p>".repeat(size / 15)],
  ["tags that are not closed", "<head ".repeat(size / 6)],
  ["templates", "{{x}}".repeat(size / 15)],
  ["placeholders", `\uE000${"{{x}}".repeat(size / 15)}`],
  ["a tag of MJML that is not closed", `<mj-${"a".repeat(size)}`],
  ["a word that placeholders could have", `KEPT${"T".repeat(size)}`],
  ["marks of emphasis", "**".repeat(size / 2)],
  ["links with open brackets", "http://a.b/(".repeat(size / 12)],
  ["links without a scheme in a link", "//a.b/?".repeat(size / 7)],
];

/** Texts in trigger data that took seconds to minutes. */
export const HOSTILE_TEXTS = listSlowTexts(300_000);
