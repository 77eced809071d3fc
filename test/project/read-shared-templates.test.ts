import { afterEach, describe, expect, it } from "vitest";
import { openProject, type Project } from "../../src/project/open-project.js";
import type { Json, JsonObject } from "../../src/util/json.js";
import { type Files, TemporaryProject } from "../helpers/temporary-project.js";

const projects: TemporaryProject[] = [];
afterEach(() => {
  for (const project of projects.splice(0)) project.remove();
});

function open(files: Files): Project {
  const root = new TemporaryProject({ "knock/": "", ...files });
  projects.push(root);
  return openProject({ root: root.root, knockDir: root.path("knock"), settings: {} }, root.root);
}

const LAYOUT = {
  "knock/layouts/news/layout.json": {
    name: "News",
    "html_layout@": "html_layout.html",
    "text_layout@": "text_layout.txt",
  },
  "knock/layouts/news/html_layout.html": "<html><body>{{ content }}</body></html>",
  "knock/layouts/news/text_layout.txt": "{{ content }}",
};
const PARTIAL = {
  "knock/partials/badge/partial.json": { name: "Badge", type: "html", "content@": "content.html" },
  "knock/partials/badge/content.html": "<b>{{ label }}</b>",
};
const sends = (template: JsonObject): Json => ({
  steps: [
    {
      ref: "email_1",
      type: "channel",
      channel_type: "email",
      channel_key: "mail",
      template: { subject: "S", ...template },
    },
  ],
});
const email = (template: JsonObject): Files => ({ "knock/workflows/w/workflow.json": sends(template) });

describe("layouts and partials of a project", () => {
  it("F-004, F-010 are read from their folders, with the files they refer to", async () => {
    const project = open({ ...LAYOUT, ...PARTIAL });
    expect(await project.emailLayout("news")).toEqual({
      key: "news",
      html_layout: "<html><body>{{ content }}</body></html>",
      text_layout: "{{ content }}",
      footer_links: [],
      is_mjml: false,
      branding_overrides: {},
    });
    expect(await project.partial("badge")).toEqual({
      key: "badge",
      type: "html",
      content: "<b>{{ label }}</b>",
      input_schema: [],
    });
    expect(await project.emailLayout("new")).toBeNull();
    expect(await project.partial("../partials/badge")).toBeNull();
    expect(await open({}).partial("badge")).toBeNull();
  });

  it("F-011 reject a reference that leaves the layout's folder", async () => {
    const outside = { name: "N", "html_layout@": "../../environment.json", text_layout: "{{ content }}" };
    const project = open({ "knock/layouts/news/layout.json": outside, "knock/environment.json": {} });
    await expect(project.emailLayout("news")).rejects.toThrow(
      'knock/layouts/news/layout.json:1:28: html_layout@ leaves the layout\'s folder: "../../environment.json"',
    );
  });

  it("EQ-68 cause an error if a workflow names a layout or a block's partial that does not exist", async () => {
    const files = { ...LAYOUT, ...PARTIAL };
    const good = { visual_blocks: [{ type: "partial", key: "badge", attrs: {} }], settings: { layout_key: "news" } };
    expect((await open({ ...files, ...email(good) }).workflow("w"))?.key).toBe("w");
    const builtIn = { html_body: "x", settings: { layout_key: "default" } };
    expect((await open(email(builtIn)).workflow("w"))?.key).toBe("w");

    const badLayout = open({ ...files, ...email({ html_body: "x", settings: { layout_key: "newss" } }) });
    await expect(badLayout.workflow("w")).rejects.toMatchObject({
      code: "workflow_invalid",
      message: expect.stringMatching(
        /^knock\/workflows\/w\/workflow\.json:\d+:\d+: steps\[0\]\.template\.settings\.layout_key is not a layout of this project: "newss"; did you mean "news"\?$/,
      ),
      details: [{ pointer: "/steps/0/template/settings/layout_key" }],
    });
    const row = { type: "row", columns: [{ blocks: [{ type: "partial", key: "bage", attrs: {} }] }] };
    await expect(open({ ...files, ...email({ visual_blocks: [row] }) }).workflow("w")).rejects.toMatchObject({
      message: expect.stringContaining('is not a partial of this project: "bage"; did you mean "badge"?'),
      details: [{ pointer: "/steps/0/template/visual_blocks/0/columns/0/blocks/0/key" }],
    });
  });

  it("T-129 require an MJML layout for MJML", async () => {
    const template = { html_body: "<mj-section />", is_mjml: true, settings: { layout_key: "news" } };
    await expect(open({ ...LAYOUT, ...email(template) }).workflow("w")).rejects.toMatchObject({
      details: [{ pointer: "/steps/0/template/is_mjml", message: 'needs an MJML layout, but "news" is not' }],
    });
  });

  it("report an error in a layout or partial that a workflow names with its file", async () => {
    const layout = { "knock/layouts/news/layout.json": { html_layout: "<html></html>", text_layout: "{{ content }}" } };
    const template = { html_body: "x", settings: { layout_key: "news" } };
    await expect(open({ ...layout, ...email(template) }).workflow("w")).rejects.toMatchObject({
      code: "project_invalid",
      message: "knock/layouts/news/layout.json:1:16: html_layout must print {{ content }}",
    });
    const partials = {
      "knock/partials/a/partial.json": { type: "text", content: "{% render 'b' %}" },
      "knock/partials/b/partial.json": { type: "none", content: "" },
    };
    await expect(open({ ...partials, ...email({ html_body: '{%- render "a" -%}' }) }).workflow("w")).rejects.toThrow(
      'knock/partials/b/partial.json:1:9: type must be "html"',
    );
    // A workflow that does not name the layout does not read it.
    expect((await open({ ...partials, ...email({ html_body: "x" }) }).workflow("w"))?.key).toBe("w");
  });
});
