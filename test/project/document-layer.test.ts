import { afterEach, describe, expect, it } from "vitest";
import { createDefaultEnvironment } from "../../src/domain/environment/environment.js";
import type { ResourceRef, ResourceType } from "../../src/domain/resource/resource-types.js";
import type { DocumentLayer } from "../../src/project/document-layer.js";
import { openProject, type Project } from "../../src/project/open-project.js";
import { readGuides } from "../../src/project/read-guides.js";
import type { Json } from "../../src/util/json.js";
import { catchRejection } from "../helpers/catch-error.js";
import { type Files, TemporaryProject } from "../helpers/temporary-project.js";

let folder: TemporaryProject | undefined;
afterEach(() => folder?.remove());

/** Documents by type and ID, over the files or, if complete, in place of them. Null hides a file. */
class TestDocuments implements DocumentLayer {
  constructor(
    private readonly documents: Record<string, Json>,
    private readonly isComplete: boolean,
  ) {}

  async find({ type, id }: ResourceRef): Promise<Json | null | undefined> {
    const document = this.documents[`${type} ${id}`];
    return document === undefined && this.isComplete ? null : document;
  }

  async listIds(type: ResourceType, inFiles: readonly string[]): Promise<string[]> {
    const ids = new Set(this.isComplete ? [] : inFiles);
    for (const [name, document] of Object.entries(this.documents)) {
      const [kind, id = ""] = name.split(" ");
      if (kind === type && document === null) ids.delete(id);
      else if (kind === type) ids.add(id);
    }
    return [...ids].sort();
  }
}

const SMS = { ref: "sms_1", type: "channel", channel_type: "sms", channel_key: "text" };
const workflow = (text_body: string): Json => ({ name: "W", steps: [{ ...SMS, template: { text_body } }] });
const AUDIENCE = { name: "Beta", type: "static" };

const FILES: Files = {
  "knock/workflows/hello/workflow.json": workflow("from the file"),
  "knock/workflows/kept/workflow.json": workflow("kept"),
  "knock/partials/footer/partial.json": { name: "Footer", type: "text", content: "file" },
  "knock/layouts/basic/layout.json": { name: "Basic", html_layout: "{{content}}", text_layout: "{{content}}" },
  "knock/audiences/beta/audience.json": AUDIENCE,
  "knock/translations/en/en.json": { hi: "Hi" },
  "knock/translations/de/de.json": { hi: "Hallo" },
  "knock/branches/next/workflows/hello/workflow.json": workflow("from the branch"),
};

function open(documents: Record<string, Json>, isComplete = false): Project {
  folder = new TemporaryProject(FILES);
  const location = { root: folder.root, knockDir: folder.path("knock"), settings: {} };
  return openProject({ ...location, documents: new TestDocuments(documents, isComplete) }, folder.root);
}

const readText = async (project: Project | null, key: string): Promise<unknown> => {
  const [step] = (await project?.workflow(key))?.steps ?? [];
  return step !== undefined && "template" in step ? (step.template as { text_body: string }).text_body : null;
};

describe("documents over files", () => {
  it("take precedence, add resources and hide files", async () => {
    const project = open({
      "workflow hello": workflow("pushed"),
      "workflow added": workflow("added"),
      "partial footer": { name: "Footer", type: "text", content: "pushed" },
      "email_layout basic": null,
      "audience beta": null,
      "audience new": AUDIENCE,
    });
    expect(await project.workflowKeys()).toEqual(["added", "hello", "kept"]);
    expect(await readText(project, "hello")).toBe("pushed");
    expect(await readText(project, "kept")).toBe("kept");
    expect((await project.partial("footer"))?.content).toBe("pushed");
    expect(await project.emailLayout("basic")).toBeNull();
    expect((await project.audiences()).map(({ key }) => key)).toEqual(["new"]);
  });

  it("replace translations by ID, in both formats", async () => {
    const project = open({
      "translation en": { format: "po", content: 'msgid "hi"\nmsgstr "Hello"\n' },
      "translation admin.de": { format: "json", content: '{"hi": "Moin"}' },
      "translation de": null,
    });
    const { files } = await project.translations();
    expect(files.map(({ locale, namespace, content }) => ({ locale, namespace, ...content }))).toEqual([
      { locale: "en", namespace: null, hi: "Hello" },
      { locale: "de", namespace: "admin", hi: "Moin" },
    ]);
  });

  it("leave a branch's own files to the branch", async () => {
    const branch = open({ "workflow hello": workflow("pushed"), "workflow kept": workflow("pushed too") }).branch(
      "next",
    );
    expect(await readText(branch, "hello")).toBe("from the branch");
    expect(await readText(branch, "kept")).toBe("pushed too");
  });

  it("leave test runs of an account to the files in processes that do not know it", async () => {
    const project = open({});
    expect(project.branch("~production")).toBe(project);
    expect(await readText(project.branch("next")?.branch("~production") ?? null, "hello")).toBe("from the file");
  });

  it("read guides with message types of documents, and the guide steps of workflows in documents", async () => {
    folder = new TemporaryProject({ "knock/": "" });
    const step = { ref: "one", schema_key: "banner", schema_semver: "0.1.0", schema_variant_key: "default" };
    const documents = new TestDocuments(
      {
        "message_type banner": {
          name: "Banner",
          preview: "<p></p>",
          variants: [{ key: "default", name: "Default", fields: [{ type: "markdown", key: "body", label: null }] }],
        },
        "guide tour": { name: "Tour", channel_key: "tours", steps: [{ ...step, values: { body: "Hi" } }] },
        "workflow start": { name: "S", steps: [{ ref: "guide_1", type: "in_app_guide", guide_key: "tour" }] },
      },
      true,
    );
    const { guides, errors } = await readGuides(
      { knockDir: folder.path("knock"), documents },
      createDefaultEnvironment(),
      folder.root,
    );
    expect([...errors.values()]).toEqual([]);
    expect(guides.map(({ key }) => key)).toEqual(["tour"]);
  });
});

describe("complete documents", () => {
  it("hide all files", async () => {
    const project = open({ "workflow hello": workflow("committed") }, true);
    expect(await project.workflowKeys()).toEqual(["hello"]);
    expect(await project.workflow("kept")).toBeNull();
    expect(await project.partial("footer")).toBeNull();
    expect(await project.audiences()).toEqual([]);
    expect((await project.translations()).files).toEqual([]);
  });

  it("resolve references only to other documents", async () => {
    const settings = { layout_key: "basic" };
    const template = { subject: "Hi", html_body: "<p>Hi</p>", settings };
    const mail = { ref: "email_1", type: "channel", channel_type: "email", channel_key: "mail", template };
    const project = open({ "workflow hello": { name: "W", steps: [mail] } }, true);
    const error = await catchRejection(project.workflow("hello"));
    expect(error).toMatchObject({ code: "workflow_invalid", message: expect.stringContaining('workflow "hello": ') });
  });
});

it("names an invalid document with pointers, without a location in a file", async () => {
  const project = open({
    "workflow hello": { name: "W", steps: [{ ...SMS, type: "chanel" }] },
    "translation en": { format: "json", content: "{" },
  });
  const error = await catchRejection(project.workflow("hello"));
  expect(error).toMatchObject({ message: expect.stringMatching(/^workflow "hello": steps\[0\]\.type/) });
  expect(error.details).toEqual([expect.objectContaining({ pointer: "/steps/0/type" })]);
  expect(error.details[0]).not.toHaveProperty("line");
  await expect(project.translations()).rejects.toMatchObject({
    message: expect.stringContaining('translation "en": content'),
    details: [{ pointer: "/content" }],
  });
});
