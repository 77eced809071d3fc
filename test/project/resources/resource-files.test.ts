import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { buildFiles } from "../../../src/domain/resource/build-files.js";
import { annotateResource } from "../../../src/domain/resource/extractable-fields.js";
import { isEqualDocument } from "../../../src/domain/resource/is-equal-document.js";
import { RESOURCE_TYPE_NAMES } from "../../../src/domain/resource/resource-types.js";
import {
  getResourceFolder,
  listResourceIds,
  type ProjectResource,
  readResourceFiles,
} from "../../../src/project/resources/read-resources.js";
import { finishPendingFiles, writeFilesTogether } from "../../../src/project/resources/write-files-together.js";

const folders: string[] = [];
const createFolder = (): string => {
  const folder = mkdtempSync(join(tmpdir(), "knock-resources-"));
  folders.push(folder);
  return folder;
};
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

const displayPath = (path: string): string => path;

async function readAll(knockDir: string): Promise<ProjectResource[]> {
  const refs = RESOURCE_TYPE_NAMES.flatMap((type) =>
    listResourceIds({ knockDir, displayPath }, type).map((id) => ({ type, id })),
  );
  const resources = await Promise.all(refs.map((ref) => readResourceFiles({ knockDir, displayPath }, ref)));
  return resources.filter((resource) => resource !== null);
}

function write(knockDir: string, resource: ProjectResource, files: ReadonlyMap<string, string>): void {
  for (const [path, text] of files) {
    const file = join(getResourceFolder(knockDir, resource), path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
  }
}

const PROJECTS = ["collab", "ops", "shop", "tracker"].map((name) => `fixtures/${name}/knock`);

describe("files of resources", () => {
  it.each(PROJECTS)("%s: stay as they are for the same content", async (knockDir) => {
    const resources = await readAll(knockDir);
    expect(resources.length).toBeGreaterThan(3);
    for (const resource of resources)
      expect(buildFiles(resource, { valid: true }, { ...resource })).toEqual(resource.files);
  });

  it.each(PROJECTS)("%s: contain the same resources if they are written to an empty folder", async (knockDir) => {
    const target = createFolder();
    const resources = await readAll(knockDir);
    for (const resource of resources) write(target, resource, buildFiles(resource, {}, null));
    const written = await readAll(target);
    expect(written.map(({ type, id }) => [type, id])).toEqual(resources.map(({ type, id }) => [type, id]));
    for (const [index, resource] of resources.entries())
      expect(isEqualDocument(written[index]?.content ?? null, resource.content), resource.id).toBe(true);
  });

  const workflow = (body: string): ProjectResource["content"] => ({
    name: "Hello",
    steps: [
      {
        ref: "email_1",
        type: "channel",
        template: {
          subject: "Hi",
          settings: { layout_key: null, pre_content: "Soon" },
          visual_blocks: [{ type: "markdown", content: body }],
        },
      },
    ],
  });

  it("CLI-326 puts texts of a new resource into files, and blocks of an email into two levels", () => {
    const files = buildFiles({ type: "workflow", id: "hello", content: workflow("# Hi") }, { key: "hello" }, null);
    expect([...files.keys()].sort()).toEqual([
      "email_1/settings/pre_content.txt",
      "email_1/visual_blocks.json",
      "email_1/visual_blocks/1.content.md",
      "workflow.json",
    ]);
    expect(JSON.parse(files.get("email_1/visual_blocks.json") ?? "")).toEqual([
      { type: "markdown", "content@": "visual_blocks/1.content.md" },
    ]);
    expect(JSON.parse(files.get("workflow.json") ?? "")).toMatchObject({
      __readonly: { key: "hello" },
      $schema: "https://schemas.knock.app/cli/workflow.json",
    });
  });

  it("keeps references, the order of keys, line ends and byte order marks of a changed resource", async () => {
    const knockDir = createFolder();
    const folder = join(knockDir, "workflows/hello");
    mkdirSync(folder, { recursive: true });
    const raw = {
      steps: [{ type: "channel", ref: "sms_1", template: { "text_body@": "./texts/a.txt", subject: "s" } }],
      name: "Hello",
    };
    writeFileSync(join(folder, "workflow.json"), `\uFEFF${JSON.stringify(raw, null, 2).replaceAll("\n", "\r\n")}\r\n`);
    mkdirSync(join(folder, "texts"));
    writeFileSync(join(folder, "texts/a.txt"), "one\r\ntwo\r\n");
    const local = await readResourceFiles({ knockDir, displayPath }, { type: "workflow", id: "hello" });
    const content = {
      name: "Hello 2",
      description: "new",
      steps: [{ ref: "sms_1", type: "channel", template: { subject: "s", text_body: "one\nthree\n" } }],
    };
    const files = buildFiles({ type: "workflow", id: "hello", content }, {}, local);
    expect([...files.keys()].sort()).toEqual(["texts/a.txt", "workflow.json"]);
    expect(files.get("texts/a.txt")).toBe("one\r\nthree\r\n");
    const main = files.get("workflow.json") ?? "";
    expect(main.startsWith("\uFEFF{\r\n")).toBe(true);
    expect(Object.keys(JSON.parse(main.slice(1)))).toEqual(["steps", "name", "description", "$schema"]);
    expect(main).toContain('"text_body@": "./texts/a.txt"');

    const step = { type: "channel", ref: "sms_1", template: { subject: "s", text_body: "changed\n" } };
    const changed = buildFiles({ type: "workflow", id: "hello", content: { name: "Hello", steps: [step] } }, {}, local);
    expect(changed.get("workflow.json")).toBe(local?.files.get("workflow.json"));
    expect(changed.get("texts/a.txt")).toBe("changed\r\n");
  });

  it.each([
    ["workflow", "../hello"],
    ["workflow", "a/b"],
    ["partial", "Hello"],
    ["translation", "../en"],
    ["translation", "a/b~en"],
    ["translation", "..~en"],
    ["schema", "objects/../user"],
    ["schema", "objects/a/b"],
    ["workflow", "a".repeat(251)],
    ["translation", "a\nb~en"],
  ] as const)("rejects an ID that names no file in its folder: %s %s", (type, id) => {
    const find = (): string => getResourceFolder("/p/knock", { type, id });
    expect(find).toThrow("has no valid name for a file");
  });

  it("keeps files of steps with unusual refs in the resource's folder", () => {
    const steps = [{ ref: "../../evil", type: "channel", template: { text_body: "x", "../y": { content: "z" } } }];
    const files = buildFiles({ type: "workflow", id: "hello", content: { name: "H", steps } }, {}, null);
    expect([...files.keys()].sort()).toEqual(["__.._evil/__y/content.md", "__.._evil/text_body.txt", "workflow.json"]);
  });

  it("CLI-327 annotates each level that has texts, and names the read-only fields", () => {
    const annotated = annotateResource("workflow", { ...workflow("x"), key: "hello", sha: "1" });
    expect(annotated).toMatchObject({
      key: "hello",
      steps: [
        {
          template: {
            settings: { __annotation: { extractable_fields: { pre_content: { default: true, file_ext: "txt" } } } },
            visual_blocks: [{ __annotation: { extractable_fields: { content: { default: true, file_ext: "md" } } } }],
            __annotation: {
              extractable_fields: {
                subject: { default: false, file_ext: "txt" },
                visual_blocks: { default: true, file_ext: "json" },
              },
            },
          },
        },
      ],
      __annotation: { readonly_fields: expect.arrayContaining(["key", "active", "sha"]) },
    });
  });
});

describe("writing files together", () => {
  it("replaces, creates and deletes files, and finishes what was interrupted", () => {
    const folder = createFolder();
    const state = join(folder, "state");
    const path = (name: string): string => join(folder, name);
    writeFileSync(path("a"), "old");
    writeFileSync(path("b"), "old");
    writeFilesTogether(
      new Map([
        [path("a"), "new"],
        [path("b"), null],
        [path("c/d"), "new"],
      ]),
      state,
    );
    expect(readFileSync(path("a"), "utf8") + readFileSync(path("c/d"), "utf8")).toBe("newnew");
    expect(readdirSync(folder).sort()).toEqual(["a", "c", "state"]);
    expect(readdirSync(state)).toEqual([]);

    cpSync(path("a"), join(state, "prepared"));
    cpSync(path("a"), join(state, "edited"));
    writeFileSync(path("f"), "edited since");
    writeFileSync(
      join(state, "pending-files.json"),
      JSON.stringify([
        { path: path("a"), prepared: null },
        { path: path("e"), prepared: join(state, "prepared") },
        { path: path("c/d"), prepared: join(state, "renamed-before") },
        { path: path("f"), prepared: join(state, "edited"), modified_at: 1 },
      ]),
    );
    expect(finishPendingFiles(state)).toBe(true);
    expect(readdirSync(folder).sort()).toEqual(["c", "e", "f", "state"]);
    expect(readFileSync(path("f"), "utf8")).toBe("edited since");
    expect(finishPendingFiles(state)).toBe(false);
  });

  it("changes nothing if a file cannot be replaced, and can be used again", () => {
    const folder = createFolder();
    const state = join(folder, "state");
    const path = (name: string): string => join(folder, name);
    writeFileSync(path("a"), "old");
    writeFileSync(path("b"), "old");
    mkdirSync(path("folder"));
    const changes = new Map([
      [path("a"), "new"],
      [path("b"), null],
      [path("c/d"), "new"],
    ]);
    // The last one passes all checks, but files in /proc cannot be created.
    for (const impossible of [path("folder"), path("n".repeat(300)), "/proc/knock-file"]) {
      const write = (): void => writeFilesTogether(new Map([...changes, [impossible, "new"]]), state);
      expect(write).toThrow(expect.objectContaining({ path: impossible }));
      expect(readFileSync(path("a"), "utf8") + readFileSync(path("b"), "utf8")).toBe("oldold");
      expect(existsSync(path("c/d"))).toBe(false);
      expect(readdirSync(state)).toEqual([]);
    }
    writeFilesTogether(changes, state);
    expect(readFileSync(path("a"), "utf8") + readFileSync(path("c/d"), "utf8")).toBe("newnew");
  });
});
