import { describe, expect } from "vitest";
import { inProcessTest as it } from "../helpers/run-in-process.js";
import type { Sample } from "../helpers/run-knock.js";

const LAYOUT = { name: "Plain", "html_layout@": "html.html", text_layout: "{{ content }}" };
const HTML = "<html><body>\n{{ content }}\n</body></html>";

/** Returns the places of invalid templates as `file:line:column`, in the order of the report. */
async function readPlaces(sample: Sample, ...args: string[]): Promise<string[]> {
  const { json } = await sample.knock(["validate", ...args, "--json"]);
  const findings = json.findings as { code: string; file: string; line: number; column: number }[];
  return findings
    .filter(({ code }) => code === "template_invalid")
    .map(({ file, line, column }) => `${file}:${line}:${column}`);
}

const writeJson = (sample: Sample, file: string, document: unknown): string =>
  sample.write(file, JSON.stringify(document, null, 2));

describe.concurrent("knock validate, in templates", () => {
  it("reports every invalid one in a guide, at its place", async ({ collab }) => {
    collab.write("knock/guides/first-page/share/body.md", "Hello\n{{ recipient.name | nofilter }}");
    const file = "knock/guides/first-page/guide.json";
    collab.write(file, collab.read(file).replace("{{ vars.app_url }}/share", "{% if %}"));
    expect(await readPlaces(collab)).toEqual([
      "knock/guides/first-page/guide.json:16:21",
      "knock/guides/first-page/share/body.md:2:21",
    ]);
  });

  it("reports those of layouts, partials and requests that no workflow uses", async ({ collab }) => {
    writeJson(collab, "knock/partials/unused/partial.json", { name: "P", type: "text", "content@": "content.txt" });
    collab.write("knock/partials/unused/content.txt", "\n{% if %}");
    writeJson(collab, "knock/partials/inline/partial.json", { name: "P", type: "text", content: "{{ 1 | nofilter }}" });
    writeJson(collab, "knock/layouts/unused/layout.json", {
      ...LAYOUT,
      footer_links: [{ text: "{% if %}", url: "https://example.com" }],
    });
    collab.write("knock/layouts/unused/html.html", HTML.replace("{{ content }}", "{{ content }}{{ 1 | nofilter }}"));
    writeJson(collab, "knock/requests/unused/request.json", { name: "R", method: "get", url: "http://a.b/{% if %}" });
    expect(await readPlaces(collab)).toEqual([
      "knock/layouts/unused/html.html:2:21",
      "knock/layouts/unused/layout.json:7:15",
      "knock/partials/inline/partial.json:4:14",
      "knock/partials/unused/content.txt:2:6",
      "knock/requests/unused/request.json:4:10",
    ]);
  });

  it("names the file of a layout once, also if only a workflow that uses it is checked", async ({ collab }) => {
    writeJson(collab, "knock/layouts/default/layout.json", LAYOUT);
    collab.write("knock/layouts/default/html.html", HTML.replace("<body>", "<body>{{ 1 | nofilter }}"));
    const place = ["knock/layouts/default/html.html:1:20"];
    expect(await readPlaces(collab)).toEqual(place);
    expect(await readPlaces(collab, "invite")).toEqual(place);
  });

  it("hints at what a layout lacks", async ({ collab }) => {
    writeJson(collab, "knock/layouts/unused/layout.json", { ...LAYOUT, is_mjml: true });
    collab.write("knock/layouts/unused/html.html", HTML);
    const { stdout } = await collab.knock(["validate"]);
    expect(stdout).toContain(
      "layout.json:3:19: error: html_layout must have the root element <mjml>, because is_mjml is true [project_invalid]\n",
    );
    expect(stdout).not.toContain("Add {{ content }}");
  });
});

describe.concurrent("knock validate, for partials that do not exist", () => {
  const RENDER = "{% if x %}{% render 'price-rw' %}{% endif %}{% comment %}{% render 'no' %}{% endcomment %}";
  const PROBLEM = 'there is no partial "price-rw"; did you mean "price-row"?';

  /** Returns the errors as `file:line:column: message`. */
  async function readErrors(sample: Sample, ...args: string[]): Promise<string[]> {
    const { json } = await sample.knock(["validate", ...args, "--json"]);
    const findings = json.findings as {
      severity: string;
      file: string;
      line: number;
      column: number;
      message: string;
    }[];
    return findings
      .filter(({ severity }) => severity === "error")
      .map(({ file, line, column, message }) => `${file}:${line}:${column}: ${message}`);
  }

  it("reports the text of a step, a layout and a partial, with the nearest key", async ({ collab }) => {
    writeJson(collab, "knock/partials/price-row/partial.json", { name: "P", type: "html", content: "<p></p>" });
    collab.write("knock/workflows/welcome/email_1/text_body.txt", `Hello\n${RENDER}`);
    collab.write("knock/layouts/default/html.html", HTML.replace("<body>", `<body>${RENDER}`));
    writeJson(collab, "knock/layouts/default/layout.json", LAYOUT);
    writeJson(collab, "knock/partials/unused/partial.json", { name: "P", type: "text", content: RENDER });
    const workflow = `knock/workflows/welcome/email_1/text_body.txt:2:11: ${PROBLEM}`;
    const layout = `knock/layouts/default/html.html:1:23: ${PROBLEM}`;
    const partial = `knock/partials/unused/partial.json:4:14: content, line 1, column 11: ${PROBLEM}`;
    expect(await readErrors(collab)).toEqual([layout, partial, workflow]);
    expect(await readErrors(collab, "welcome")).toEqual([workflow]);
    expect(await readErrors(collab, "invite")).toEqual([layout]);
  });
});

describe.concurrent("knock validate, for translation keys", () => {
  const FILE = "knock/workflows/welcome/email_1/text_body.txt";

  it.for<[template: string, places: string[]]>([
    ['{{ "greting" | t }}', ['1:4: there is no translation "greting"; did you mean "greeting"?']],
    ['{% assign x = "nothing.at.all" | t: name: "Ada" %}', ['1:15: there is no translation "nothing.at.all"']],
    [
      '{% if x %}\n{{ "shop:tilte" | t }}{% endif %}',
      ['2:4: there is no translation "shop:tilte"; did you mean "shop:title"?'],
    ],
    ['{{ "greeting" | t }}{{ "only.de" | t }}{{ "items" | t: count: 2 }}{{ "shop:title" | t }}', []],
    ['{{ "greting" | t | default: "Hi" }}{{ x | t }}{{ "gre" | append: x | t }}', []],
  ])("checks %s", async ([template, places], { collab }) => {
    writeJson(collab, "knock/translations/en/en.json", { greeting: "Hi", items: { one: "One", other: "Many" } });
    writeJson(collab, "knock/translations/de/de.json", { only: { de: "Nur" } });
    writeJson(collab, "knock/translations/en/shop.en.json", { title: "Shop" });
    collab.write(FILE, template);
    const { json } = await collab.knock(["validate", "welcome", "--json"]);
    const findings = json.findings as { code: string; file: string; line: number; column: number; message: string }[];
    const found = findings.filter(({ code, file }) => code === "unknown_translation_key" && file === FILE);
    expect(found.map(({ line, column, message }) => `${line}:${column}: ${message}`)).toEqual(places);
  });
});

it("knock validate and knock notify read a loop in reverse order", async ({ collab }) => {
  collab.write(
    "knock/workflows/welcome/email_1/text_body.txt",
    "{% for word in data.words reversed %}{{ word }}{% endfor %}",
  );
  expect((await collab.knock(["validate", "welcome"])).exitCode).toBe(0);
  expect((await collab.knock(["notify", "welcome", "-r", "ada", "--set", "words:=[1,2]"])).exitCode).toBe(0);
});
