import { afterEach, describe, expect, it } from "vitest";
import { resolveFileReferences } from "../../src/project/resolve-file-references.js";
import type { Json, JsonObject } from "../../src/util/json.js";
import { catchRejection, formatDetails } from "../helpers/catch-error.js";
import { buildNestedJson } from "../helpers/json-arbitraries.js";
import { type Files, TemporaryProject } from "../helpers/temporary-project.js";

const projects: TemporaryProject[] = [];
afterEach(() => {
  for (const project of projects.splice(0)) project.remove();
});

/** Resolves a document in `workflows/parcel/`, next to files that it must not reach. */
function resolve(value: Json, files: Files = {}): Promise<Json> {
  const project = new TemporaryProject({
    "secret.txt": "SECRET",
    "workflows/parcel/": "",
    "workflows/other/x.txt": "OTHER",
  });
  projects.push(project);
  const inside = Object.entries(files).map(([path, content]) => [`workflows/parcel/${path}`, content]);
  project.write(Object.fromEntries(inside) as Files);
  const folder = project.path("workflows/parcel");
  return resolveFileReferences(value, {
    from: folder,
    resourceDir: folder,
    displayPath: "workflows/parcel/workflow.json",
    referencedFiles: new Set(),
    owner: "workflow",
  });
}

describe("resolveFileReferences", () => {
  it("F-010, F-018 replaces a reference anywhere in the tree with the file's text", async () => {
    const files = {
      "email_1/html_body.html": "<p>é</p>\n",
      "a.txt": "\ufeffA",
      "b.md": "{{ not json }}",
      "empty.txt": "",
    };
    const document: JsonObject = {
      "name@": "a.txt",
      steps: [
        { template: { "html_body@": "email_1/html_body.html", settings: { "pre_content@": "./empty.txt" } } },
        { branches: [{ steps: [{ template: { "markdown_body@": "b.md" } }] }] },
      ],
    };
    expect(await resolve(document, files)).toEqual({
      name: "A",
      steps: [
        { template: { html_body: "<p>é</p>\n", settings: { pre_content: "" } } },
        { branches: [{ steps: [{ template: { markdown_body: "{{ not json }}" } }] }] },
      ],
    });
  });

  it("reads the line breaks of Windows as those of other systems", async () => {
    expect(await resolve({ "body@": "a.md" }, { "a.md": "one\r\ntwo\r\n\r\nthree\rfour" })).toEqual({
      body: "one\ntwo\n\nthree\rfour",
    });
  });

  it("leaves everything else unchanged", async () => {
    const document = { a: [1, "x@", null, { "@": "kept", "b@c": "kept" }], email: "ada@lark.test" };
    expect(await resolve(document)).toEqual(document);
    expect(await resolve("text@")).toBe("text@");
  });

  it.each<[string, Json, string]>([
    ["F-011 an absolute path", "/etc/passwd", "leaves the workflow's folder"],
    ["F-011 a path to a parent", "../other/x.txt", "leaves the workflow's folder"],
    ["F-011 a path to a parent through a subfolder", "email_1/../../other/x.txt", "leaves the workflow's folder"],
    ["F-011 a path through many parents", "../../../../../../../../etc/passwd", "leaves the workflow's folder"],
    ["F-011 the folder itself", ".", "leaves the workflow's folder"],
    ["F-011 an empty path", "", "must be a relative path"],
    ["F-011 a number", 5, "must be a relative path"],
    ["F-011 a list", ["a.txt"], "must be a relative path"],
    ["F-011 null", null, "must be a relative path"],
    ["F-016 a missing file", "nope.txt", "refers to a file that does not exist"],
    ["a NUL byte", "a\0.txt", "refers to a file that does not exist"],
    ["a name too long", "n".repeat(300), "refers to a file that does not exist"],
    ["a file in place of a folder", "a.txt/b.txt", "refers to a file that does not exist"],
  ])("reports %s with its location", async (_rule, path, message) => {
    const error = await catchRejection(resolve({ steps: [{ template: { "text_body@": path } }] }, { "a.txt": "A" }));
    expect(error.code).toBe("workflow_invalid");
    const found = `${message}: ${JSON.stringify(path)}`;
    expect(formatDetails(error)).toEqual([`/steps/0/template/text_body@ ${found}`]);
    expect(error.message).toBe(`workflows/parcel/workflow.json: steps[0].template.text_body@ ${found}`);
    if (path === "nope.txt")
      expect(error.hint).toBe("Create workflows/parcel/nope.txt, or correct the path in text_body@.");
  });

  it("accepts a folder whose name starts with dots", async () => {
    expect(await resolve({ "a@": "..hidden/x.txt" }, { "..hidden/x.txt": "X" })).toEqual({ a: "X" });
  });

  it("rejects a link out of the folder, and follows one inside it", async () => {
    const links = {
      "out.txt": { link: "../../secret.txt" },
      outside: { link: "../other" },
      "in.txt": { link: "a.txt" },
      "a.txt": "A",
    };
    for (const path of ["out.txt", "outside/x.txt"]) {
      const error = await catchRejection(resolve({ "a@": path }, links));
      expect(formatDetails(error)).toEqual([`/a@ leaves the workflow's folder through a symbolic link: "${path}"`]);
      expect(JSON.stringify(error.details)).not.toMatch(/SECRET|OTHER/);
    }
    expect(await resolve({ "a@": "in.txt" }, links)).toEqual({ a: "A" });
  });

  it("F-014 prefers an inline field, even null, and does not read the file", async () => {
    expect(await resolve({ a: "inline", "a@": "../../secret.txt", b: null, "b@": 5 })).toEqual({
      a: "inline",
      b: null,
    });
  });

  it("F-015 rejects a second reference to the same file in any spelling", async () => {
    const document = { steps: [{ "a@": "x/a.txt" }, { "a@": "./x/../x/a.txt" }] };
    expect(formatDetails(await catchRejection(resolve(document, { "x/a.txt": "A" })))).toEqual([
      '/steps/1/a@ is referenced twice: "./x/../x/a.txt"',
    ]);
    expect(await resolve({ steps: [{ "a@": "a.txt" }, { a: "A", "a@": "a.txt" }] }, { "a.txt": "A" })).toEqual({
      steps: [{ a: "A" }, { a: "A" }],
    });
  });

  it("F-016 reports a folder, and bytes that are not UTF-8, with the file", async () => {
    const files = { "dir/x.txt": "", "latin.txt": Buffer.from([0x61, 0xe9]) };
    expect((await catchRejection(resolve({ "a@": "dir" }, files))).message).toBe(
      "workflows/parcel/dir is a directory, not a file",
    );
    const error = await catchRejection(resolve({ "a@": "latin.txt" }, files));
    expect([error.code, error.message]).toEqual([
      "workflow_invalid",
      "workflows/parcel/latin.txt is not valid UTF-8 (first bad byte at offset 1)",
    ]);
  });

  it("F-012, F-013 parses visual blocks as JSON, and resolves their references from their own folder", async () => {
    const files = {
      "email_1/visual_blocks.json": [
        { type: "markdown", "content@": "visual_blocks/1.content.md" },
        { type: "divider" },
      ],
      "email_1/visual_blocks/1.content.md": "# Hi",
      "email_1/other.json": { a: 1 },
    };
    const document: JsonObject = {
      template: { "visual_blocks@": "email_1/visual_blocks.json", "json_body@": "email_1/other.json" },
    };
    expect(await resolve(document, files)).toEqual({
      template: { visual_blocks: [{ type: "markdown", content: "# Hi" }, { type: "divider" }], json_body: '{"a":1}' },
    });
  });

  it("F-011, F-015, F-016 applies the same rules to second-level references", async () => {
    const blocks = (content: Json, more: Files = {}) =>
      resolve({ "visual_blocks@": "e/visual_blocks.json" }, { "e/visual_blocks.json": content, "a.txt": "A", ...more });
    expect(await blocks([{ "content@": "../a.txt" }])).toEqual({ visual_blocks: [{ content: "A" }] });
    expect(formatDetails(await catchRejection(blocks([{ "content@": "../../other/x.txt" }])))).toEqual([
      `/visual_blocks@/0/content@ leaves the workflow's folder: "../../other/x.txt"`,
    ]);
    expect(formatDetails(await catchRejection(blocks([{ "content@": "visual_blocks.json" }])))).toEqual([
      '/visual_blocks@/0/content@ is referenced twice: "visual_blocks.json"',
    ]);
    expect((await catchRejection(blocks("[\n{]"))).message).toBe(
      "workflows/parcel/e/visual_blocks.json:2:2: invalid JSON: expected a property name in double quotes",
    );
  });

  it("handles a depth of 100,000 and a key __proto__", async () => {
    expect((await catchRejection(resolve(buildNestedJson(100_000)))).code).toBe("workflow_invalid");
    const deep = "[".repeat(100_000) + "]".repeat(100_000);
    expect((await catchRejection(resolve({ "visual_blocks@": "b.json" }, { "b.json": deep }))).code).toBe(
      "workflow_invalid",
    );
    const attack = JSON.parse('{"__proto__":{"polluted":1}}') as Json;
    expect(formatDetails(await catchRejection(resolve(attack)))).toEqual(["/__proto__ is not allowed as a key"]);
  });
});
