import { afterEach, describe, expect, it } from "vitest";
import { findProject } from "../../src/project/find-project.js";
import { catchRejection, formatDetails } from "../helpers/catch-error.js";
import { type Files, TemporaryProject } from "../helpers/temporary-project.js";

const projects: TemporaryProject[] = [];
afterEach(() => {
  for (const project of projects.splice(0)) project.remove();
});

function files(content: Files): TemporaryProject {
  const project = new TemporaryProject(content);
  projects.push(project);
  return project;
}

const find = (root: TemporaryProject, cwd = "", options: { project?: string; knockDir?: string } = {}) =>
  findProject({ cwd: root.path(cwd), project: options.project ?? null, knockDir: options.knockDir ?? null });

describe("findProject (F-001 to F-003)", () => {
  it("F-001 searches upwards for the nearest knock.json", async () => {
    const root = files({
      "knock.json": { knockDir: "knock" },
      "knock/": "",
      "a/b/c/": "",
      "a/knock.json": { knockDir: "./k" },
      "a/k/": "",
    });
    expect((await find(root))?.knockDir).toBe(root.path("knock"));
    expect((await find(root, "knock"))?.root).toBe(root.root);
    expect(await find(root, "a/b/c")).toEqual({ root: root.path("a"), knockDir: root.path("a/k"), settings: {} });
  });

  it("returns null if there is no project and none was named", async () => {
    expect(await find(files({ "a/": "" }), "a")).toBeNull();
  });

  it("F-002 resolves knockDir from the file's own folder, and accepts an absolute path and any $schema", async () => {
    const $schema = "https://lark.test/schema.json";
    const root = files({ "p/knock.json": { $schema, knockDir: "../k" }, "k/": "", "q/knock.json": "" });
    root.write({ "q/knock.json": { knockDir: root.path("k") } });
    expect((await find(root, "p"))?.knockDir).toBe(root.path("k"));
    expect((await find(root, "q"))?.knockDir).toBe(root.path("k"));
  });

  it.each([
    [{ knockDir: "k", more: 1 }, ['/more unknown key "more"; valid keys are $schema, knockDir, settings']],
    [{ knockdir: "k" }, ['/knockdir unknown key "knockdir"; did you mean "knockDir"?']],
    [{ knockDir: "k", setings: { target: "remote" } }, ['/setings unknown key "setings"; did you mean "settings"?']],
  ])("rejects unknown keys: %j", async (content, expected) => {
    const error = await catchRejection(find(files({ "knock.json": content, "k/": "" })));
    expect(error.code).toBe("project_invalid");
    expect(formatDetails(error)).toEqual(expected);
  });

  it("accepts the folder or the file itself as --project", async () => {
    const root = files({ "p/knock.json": { knockDir: "k" }, "p/k/": "", "q/": "" });
    for (const project of ["p", "p/", "./p/knock.json", root.path("p")])
      expect((await find(root, "", { project }))?.root).toBe(root.path("p"));
    expect((await find(root, "q", { project: "../p" }))?.root).toBe(root.path("p"));
  });

  it.each([
    ["a folder without knock.json", "q"],
    ["a missing folder", "nowhere"],
    // Its folder contains a knock.json, but --project names another file.
    ["another file", "p/not-knock.json"],
  ])("reports --project with %s as project_missing", async (_what, project) => {
    const root = files({ "p/knock.json": { knockDir: "k" }, "p/k/": "", "p/not-knock.json": "{}", "q/": "" });
    const error = await catchRejection(find(root, "", { project }));
    expect(error.code).toBe("project_missing");
    expect(error.hint).toContain("knock init");
  });

  it("prefers --knock-dir to the file's knockDir, resolves it from the working directory, and needs no file", async () => {
    const root = files({ "p/knock.json": { knockDir: "k" }, "p/k/": "", "p/other/": "", "alone/k/": "" });
    expect((await find(root, "p", { knockDir: "other" }))?.knockDir).toBe(root.path("p/other"));
    expect(await find(root, "alone", { knockDir: "k" })).toEqual({
      root: root.path("alone"),
      knockDir: root.path("alone/k"),
      settings: {},
    });
    const error = await catchRejection(find(root, "alone", { knockDir: "nope" }));
    expect([error.code, error.message]).toEqual(["project_invalid", "--knock-dir: the folder nope does not exist"]);
  });

  it("reads the settings of the project that --knock-dir belongs to, also outside of it", async () => {
    const settings = { recipients: { allow: ["*@example.com"] } };
    const root = files({ "p/knock.json": { knockDir: "k", settings }, "p/k/": "", "p/other/": "", "q/": "" });
    expect(await find(root, "q", { knockDir: "../p/k" })).toMatchObject({ root: root.path("p"), settings });
    expect(await find(root, "q", { knockDir: "../p/other" })).toMatchObject({ root: root.path("p"), settings: {} });
  });

  it("F-003 rejects a named folder that does not exist or is a file", async () => {
    for (const root of [
      files({ "knock.json": { knockDir: "k" } }),
      files({ "knock.json": { knockDir: "k" }, k: "text" }),
    ]) {
      const error = await catchRejection(find(root));
      expect([error.code, error.message]).toEqual([
        "project_invalid",
        "knockDir in knock.json: the folder k does not exist",
      ]);
    }
  });

  it.each<[string, unknown, string]>([
    ["a comment", "{\n  // no\n}", "knock.json:2:3: invalid JSON: comments are not JSON"],
    ["an extra comma", '{ "knockDir": "k", }', "knock.json:1:20: invalid JSON: unexpected comma before }"],
    ["no content", "", "knock.json:1:1: invalid JSON: it is empty"],
    ["Latin-1", Buffer.from([0x7b, 0xe9]), "knock.json is not valid UTF-8 (first bad byte at offset 1)"],
    ["a list", [], "knock.json:1:1: the document must be an object, found a list"],
    ["no knockDir", {}, "knock.json:1:1: knockDir must be the path of the folder with workflows/"],
    ["a blank knockDir", { knockDir: " " }, "knock.json:1:13: knockDir must be the path of the folder with workflows/"],
    ["a number", { knockDir: 5 }, "knock.json:1:13: knockDir must be the path of the folder with workflows/"],
  ])("rejects a knock.json with %s", async (_what, content, message) => {
    const error = await catchRejection(find(files({ "knock.json": content, "k/": "" })));
    expect([error.code, error.message]).toEqual(["project_invalid", message]);
  });

  it("suggests a knock.json in a parent folder, with the option that opens it", async () => {
    const error = await catchRejection(find(files({ "knock.json": "{", "a/b/": "" }), "a/b"));
    expect(error.message).toBe("../../knock.json:1:2: invalid JSON: expected a closing brace");
  });

  it("reads only the settings of section 2", async () => {
    const settings = { target: "remote", base_url: "http://localhost:1", profile: "p", branch: "b", store: "s.db" };
    const root = files({ "knock.json": { knockDir: "k", settings }, "k/": "" });
    expect((await find(root))?.settings).toEqual(settings);
  });

  it.each<[unknown, string[], string | undefined]>([
    [{ taget: "local" }, ['/settings/taget unknown key "taget"; did you mean "target"?'], undefined],
    [
      { constructor: "x" },
      [
        '/settings/constructor unknown key "constructor"; valid keys are target, base_url, profile, branch, store, environment, recipients, knock:ignore',
      ],
      undefined,
    ],
    [{ store: null }, ["/settings/store must be a string, found null"], undefined],
    [["target"], ["/settings must be an object, found a list"], undefined],
    [null, ["/settings must be an object, found null"], undefined],
    [
      { target: "remot" },
      ['/settings/target must be "local" or "remote", found "remot"; did you mean "remote"?'],
      undefined,
    ],
  ])("rejects the settings %j", async (settings, faults, hint) => {
    const error = await catchRejection(find(files({ "knock.json": { knockDir: "k", settings }, "k/": "" })));
    expect([error.code, formatDetails(error), error.hint]).toEqual(["project_invalid", faults, hint]);
  });
});
