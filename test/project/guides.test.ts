import { afterEach, describe, expect, it } from "vitest";
import { createDefaultEnvironment } from "../../src/domain/environment/environment.js";
import { findTextFile } from "../../src/domain/template/text-files.js";
import { openProject } from "../../src/project/open-project.js";
import { readGuides } from "../../src/project/read-guides.js";
import type { JsonObject } from "../../src/util/json.js";
import { catchRejection, formatDetails } from "../helpers/catch-error.js";
import { type Files, TemporaryProject } from "../helpers/temporary-project.js";

const projects: TemporaryProject[] = [];
afterEach(() => {
  for (const project of projects.splice(0)) project.remove();
});

function project(files: Files): TemporaryProject {
  const root = new TemporaryProject({ "knock/": "", ...files });
  projects.push(root);
  return root;
}

function read(files: Files) {
  const root = project(files);
  return readGuides({ knockDir: root.path("knock") }, createDefaultEnvironment(), root.root);
}

const BANNER = {
  "knock/message-types/banner/message_type.json": {
    name: "Banner",
    "preview@": "preview.html",
    variants: [{ key: "default", name: "Default", fields: [{ type: "markdown", key: "body", label: null }] }],
  },
  "knock/message-types/banner/preview.html": "<p>{{ body }}</p>",
};

function guide(values: JsonObject): JsonObject {
  const step = { ref: "one", schema_key: "banner", schema_semver: "0.1.0", schema_variant_key: "default", values };
  return { name: "Tour", channel_key: "tours", steps: [step] };
}

const workflow = (guide_key: string) => ({
  name: "W",
  steps: [{ ref: "g", type: "channel", channel_type: "in_app_guide", guide_key }],
});

describe("guides of a project (CLI-331)", () => {
  it("are read with their message types and the files of their texts", async () => {
    const { guides, errors: faults } = await read({
      ...BANNER,
      "knock/guides/tour/guide.json": guide({ "body@": "./body.md" }),
      "knock/guides/tour/body.md": "Hi **{{ recipient.name }}**",
      "knock/guides/not-one/notes.txt": "",
      "knock/workflows/w/workflow.json": workflow("tour"),
    });
    expect([...faults]).toEqual([]);
    expect(guides).toMatchObject([{ key: "tour", managed: true, channel_key: "tours" }]);
    expect(guides[0]?.steps[0]?.content).toEqual([
      { key: "body", type: "markdown", value: "Hi **{{ recipient.name }}**" },
    ]);
    expect(findTextFile(guides[0] as object, "/steps/0/values/body")).toBe("knock/guides/tour/body.md");
  });

  it("are empty without a folder", async () => {
    expect((await read({})).guides).toEqual([]);
  });

  it("report an invalid guide without an effect on others", async () => {
    const { guides, errors: faults } = await read({
      ...BANNER,
      "knock/guides/fine/guide.json": guide({ body: "x" }),
      "knock/guides/json/guide.json": "{",
      "knock/guides/Bad Key/guide.json": guide({}),
      "knock/guides/out/guide.json": guide({ "body@": "../fine/guide.json" }),
      "knock/guides/typo/guide.json": guide({ bdy: "x" }),
      "knock/workflows/broken/workflow.json": "{",
    });
    expect(guides.map(({ key, managed }) => [key, managed])).toEqual([["fine", false]]);
    expect([...faults.keys()]).toEqual(["Bad Key", "json", "out", "typo"]);
    expect([...faults.values()].map(({ message }) => message)).toEqual([
      expect.stringContaining("knock/guides/Bad Key/guide.json: not a valid guide key"),
      expect.stringContaining("knock/guides/json/guide.json:1:2: invalid JSON"),
      expect.stringContaining("leaves the guide's folder"),
      'knock/guides/typo/guide.json:1:153: steps[0].values.bdy is not a field of "banner"; did you mean "body"?',
    ]);
  });

  it("F-026 report unknown keys of guides and message types as warnings with their location", async () => {
    const files = {
      "knock/guides/tour/guide.json":
        '{ "name": "Tour", "channel_key": "tours",\n  "chanel_key": "x", "steps": [{ "rfe": 1 }] }',
      "knock/message-types/banner/message_type.json":
        '{ "variants": [{ "fields": [\n  { "type": "text", "settings": { "max_lenght": 1 } }\n] }] }',
    };
    const root = project(files);
    const opened = openProject({ root: root.root, knockDir: root.path("knock"), settings: {} }, root.root);
    expect(await opened.readProjectWarnings()).toEqual([
      'knock/guides/tour/guide.json:2:41: steps[0]: unknown key "rfe"; did you mean "ref"?',
      'knock/guides/tour/guide.json:2:17: unknown key "chanel_key"; did you mean "channel_key"?',
      'knock/message-types/banner/message_type.json:2:49: variants[0].fields[0].settings: unknown key "max_lenght"; did you mean "max_length"?',
    ]);
  });

  it("section 7.7 cause an error if a workflow names one that does not exist", async () => {
    const root = project({
      ...BANNER,
      "knock/guides/tour/guide.json": guide({}),
      "knock/workflows/w/workflow.json": workflow("tuor"),
      "knock/workflows/fine/workflow.json": workflow("tour"),
    });
    const opened = openProject({ root: root.root, knockDir: root.path("knock"), settings: {} }, root.root);
    const error = await catchRejection(opened.workflow("w"));
    expect(formatDetails(error)).toEqual(['/steps/0/guide_key is not a guide of this project: "tuor"']);
    expect(error).toMatchObject({ code: "workflow_invalid", hint: 'Did you mean "tour"?' });
    expect((await opened.workflow("fine"))?.steps).toHaveLength(1);
  });
});
