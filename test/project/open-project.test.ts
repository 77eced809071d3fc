import { statSync, utimesSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, it, onTestFinished, vi } from "vitest";
import type { RecipientsFileMark } from "../../src/domain/request/parse-recipients-file.js";
import { compileWorkflow } from "../../src/engine/compile/compile-workflow.js";
import { findProject, type ProjectLocation } from "../../src/project/find-project.js";
import { openProject, type Project } from "../../src/project/open-project.js";
import type { RecipientsSeed } from "../../src/project/read-recipients.js";
import type { JsonObject } from "../../src/util/json.js";
import { catchRejection, formatDetails } from "../helpers/catch-error.js";
import { type Files, TemporaryProject } from "../helpers/temporary-project.js";

const FIXTURES = join(import.meta.dirname, "../../fixtures");
const WELCOME = {
  steps: [{ ref: "sms_1", type: "channel", channel_type: "sms", channel_key: "text", template: { text_body: "Hi" } }],
};

const temporaryProjects: TemporaryProject[] = [];
afterEach(() => {
  for (const project of temporaryProjects.splice(0)) project.remove();
});

function open(files: Files): { project: Project; root: TemporaryProject } {
  const root = new TemporaryProject({ "knock/": "", ...files });
  temporaryProjects.push(root);
  return { root, project: openProject({ root: root.root, knockDir: root.path("knock"), settings: {} }, root.root) };
}

const seeds = (project: Project, known = new Map<string, RecipientsFileMark>()) => project.readChangedRecipients(known);

const toMarks = (read: readonly RecipientsSeed[]) =>
  new Map(read.map(({ file, digest, stamp }) => [file, { digest, stamp }]));

describe.each(["collab", "ops", "shop"])("the sample project %s", (name) => {
  async function fixture(): Promise<Project> {
    const cwd = join(FIXTURES, name);
    return openProject((await findProject({ cwd, project: null, knockDir: null })) as ProjectLocation, cwd);
  }

  it("has workflows that all parse and templates that all compile", async () => {
    const project = await fixture();
    const keys = await project.workflowKeys();
    expect(keys.length).toBeGreaterThanOrEqual(6);
    for (const key of keys) {
      const workflow = await project.workflow(key);
      expect(workflow?.key).toBe(key);
      const { renderers } = await compileWorkflow(workflow as NonNullable<typeof workflow>, project);
      expect(renderers.size).toBeGreaterThan(0);
    }
  });

  it("has an environment with the channels that its workflows name", async () => {
    const project = await fixture();
    const { channels } = await project.environment();
    expect(Object.keys(channels).length).toBeGreaterThan(0);
    expect(await project.environment()).toBe(await project.environment()); // read only once
  });

  it("has recipients that load once", async () => {
    const project = await fixture();
    const first = await seeds(project);
    expect(first.length).toBeGreaterThanOrEqual(1);
    expect(first.flatMap(({ recipients }) => recipients).length).toBeGreaterThan(2);
    expect(await seeds(project, toMarks(first))).toEqual([]);
  });
});

describe("workflows (F-004 to F-008)", () => {
  it("F-006, F-007 are the folders with a workflow.json, sorted by name", async () => {
    const { project } = open({
      "knock/workflows/welcome/workflow.json": WELCOME,
      "knock/workflows/invite/workflow.json": WELCOME,
      "knock/workflows/draft/notes.md": "",
      "knock/workflows/README.md": "",
      "knock/workflows/linked": { link: "welcome" },
    });
    expect(await project.workflowKeys()).toEqual(["invite", "linked", "welcome"]);
    expect((await project.workflow("welcome"))?.key).toBe("welcome");
    expect((await project.workflow("linked"))?.key).toBe("linked");
    for (const key of ["draft", "nope", "README.md"]) expect(await project.workflow(key)).toBeNull();
  });

  it("F-004 are empty without the folder", async () => {
    const { project } = open({});
    expect(await project.workflowKeys()).toEqual([]);
    expect(await project.workflow("welcome")).toBeNull();
    expect(await project.environment()).toMatchObject({ name: "development" });
    expect(await seeds(project)).toEqual([]);
  });

  it.each(["..", "../secret", "a/b", "", ".", "a\0", "WELCOME", "wel come"])(
    "F-008 reject the key %j, which is not a valid path",
    async (key) => {
      const { project } = open({
        "knock/workflow.json": WELCOME,
        "secret/workflow.json": WELCOME,
        "knock/workflows/welcome/workflow.json": WELCOME,
      });
      expect(await project.workflow(key)).toBeNull();
    },
  );

  it("F-008 report a folder with an invalid key instead of a missing workflow", async () => {
    const { project } = open({ "knock/workflows/New Comment/workflow.json": WELCOME });
    const error = await catchRejection(project.workflow("New Comment"));
    expect([error.code, error.message]).toEqual([
      "workflow_invalid",
      "knock/workflows/New Comment: not a valid workflow key",
    ]);
    expect(error.hint).toContain("Rename the folder");
  });

  it.each<[string, Files, string]>([
    [
      "invalid JSON",
      { "knock/workflows/w/workflow.json": '{\n  "steps": [}' },
      "knock/workflows/w/workflow.json:2:13: invalid JSON: expected a value",
    ],
    [
      "a folder in place of a file",
      { "knock/workflows/w/workflow.json/": "" },
      "knock/workflows/w/workflow.json is a directory, not a file",
    ],
    [
      "a file that is nested too deeply",
      { "knock/workflows/w/workflow.json": "[".repeat(1_000) + "]".repeat(1_000) },
      "knock/workflows/w/workflow.json is nested too deep, at /0/0/0/…",
    ],
    [
      "an invalid value",
      { "knock/workflows/w/workflow.json": { steps: [{}] } },
      'knock/workflows/w/workflow.json:1:11: steps[0].type is required (a step type, such as "channel") (and 1 more)',
    ],
    [
      "a channel of another type",
      {
        "knock/workflows/w/workflow.json": WELCOME,
        "knock/environment.json": { channels: { text: { type: "email" } } },
      },
      'knock/workflows/w/workflow.json:1:58: steps[0].channel_type is "sms", but channel "text" is of type "email"',
    ],
  ])("reject %s", async (_what, files, message) => {
    const error = await catchRejection(open(files).project.workflow("w"));
    expect([error.code, error.message]).toEqual(["workflow_invalid", message]);
  });

  it("report a file in place of the folder of workflows as an error of the project", async () => {
    const { project } = open({ "knock/workflows": "text" });
    const error = await catchRejection(project.workflowKeys());
    expect([error.code, error.message]).toEqual(["project_invalid", "knock/workflows is not a folder"]);
  });

  it("are read again each time, because they may be fixed while the process runs", async () => {
    const { project, root } = open({ "knock/workflows/w/workflow.json": "{" });
    await catchRejection(project.workflow("w"));
    root.write({ "knock/workflows/w/workflow.json": WELCOME });
    expect((await project.workflow("w"))?.steps).toHaveLength(1);
  });
});

describe("environment.json", () => {
  it("is project_invalid with file and location if it is invalid", async () => {
    const broken = await catchRejection(open({ "knock/environment.json": "{," }).project.environment());
    expect([broken.code, broken.message]).toEqual([
      "project_invalid",
      expect.stringMatching(/^knock\/environment\.json:1:2: invalid JSON/),
    ]);
    const wrong = await catchRejection(open({ "knock/environment.json": { chanels: {} } }).project.environment());
    expect(formatDetails(wrong)).toEqual(['/chanels unknown key "chanels"; did you mean "channels"?']);
  });
});

describe("recipients (section 5 of the contract)", () => {
  const ADA = { users: [{ id: "ada" }] };

  it("are sorted by name, without those whose content is already remembered", async () => {
    const { project, root } = open({
      "knock/recipients/b.json": ADA,
      "knock/recipients/a.json": { users: [{ id: "bo" }] },
      "knock/recipients/notes.md": "",
    });
    const first = await seeds(project);
    expect(first.map(({ file, recipients }) => [file, recipients[0]?.key])).toEqual([
      ["a.json", "$users/bo"],
      ["b.json", "$users/ada"],
    ]);
    const known = toMarks(first);
    expect(await seeds(project, known)).toEqual([]);
    root.write({ "knock/recipients/b.json": { users: [{ id: "ada", name: "Ada" }] } });
    expect((await seeds(project, known)).map(({ file }) => file)).toEqual(["b.json"]);
  });

  const large = (last: JsonObject) => ({
    users: [...Array.from({ length: 3_000 }, (_, index) => ({ id: `user-${index}`, n: "x".repeat(20) })), last],
  });

  /** Lets time pass, so that files have not changed a moment ago. */
  function passTime(): void {
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 10_000 });
    onTestFinished(() => void vi.useRealTimers());
  }

  it("include a large file that changed only at its end, also a moment after it was read", async () => {
    const { project, root } = open({ "knock/recipients/large.json": large({ id: "a" }) });
    const known = toMarks(await seeds(project));
    expect(known.get("large.json")).toEqual({ digest: expect.stringMatching(/^\w{40}$/), stamp: null });
    expect(await seeds(project, known)).toEqual([]);
    root.write({ "knock/recipients/large.json": large({ id: "b" }) });
    expect(await seeds(project, known)).toHaveLength(1);
  });

  it("exclude a large file that has not changed, without reading it", async () => {
    const { project, root } = open({ "knock/recipients/large.json": large({ id: "a" }) });
    passTime();
    const [seed] = await seeds(project);
    const unread = new Map([["large.json", { digest: "another content", stamp: seed!.stamp }]]);
    expect(await seeds(project, unread)).toEqual([]);

    const file = root.path("knock/recipients/large.json");
    const { atimeMs, mtimeMs } = statSync(file);
    root.write({ "knock/recipients/large.json": large({ id: "b" }) });
    utimesSync(file, atimeMs / 1_000, mtimeMs / 1_000);
    passTime();
    const changed = await seeds(project, toMarks([seed!]));
    expect(changed.map(({ recipients }) => recipients.at(-1)?.key)).toEqual(["$users/b"]);
  });

  it("have a new stamp without recipients when a large file is written again with the same content", async () => {
    const { project } = open({ "knock/recipients/large.json": large({ id: "a" }) });
    const known = toMarks(await seeds(project));
    passTime();
    const [seed, ...others] = await seeds(project, known);
    expect([seed, others]).toMatchObject([{ digest: known.get("large.json")?.digest, recipients: [] }, []]);
    expect(await seeds(project, toMarks([seed!]))).toEqual([]);
  });

  it("are read for warnings unless they had none and have not changed", async () => {
    const suspicious = { id: "a", timezone: "Nowhere/City" };
    const { project, root } = open({ "knock/recipients/large.json": large(suspicious) });
    passTime();
    const known = toMarks(await seeds(project));
    expect(await seeds(project, known)).toEqual([]);
    expect(await project.readRunWarnings()).toEqual([expect.stringContaining("Nowhere/City")]);
    root.write({ "knock/recipients/large.json": large({ id: "a" }) });
    expect(await project.readRunWarnings()).toEqual([]);
    passTime();
    await seeds(project, toMarks(await seeds(project)));
    expect(await project.readRunWarnings()).toEqual([]);
    root.write({ "knock/recipients/large.json": large(suspicious) });
    expect(await project.readRunWarnings()).toHaveLength(1);
  });

  it("exclude folders and an editor's hidden files", async () => {
    const { project } = open({
      "knock/recipients/dir.json/": "",
      "knock/recipients/.#people.json": { link: "ada@host.1234" },
      "knock/recipients/.x.json": "{",
    });
    expect(await seeds(project)).toEqual([]);
  });

  it.each<[string, Files, string]>([
    [
      "invalid JSON",
      { "knock/recipients/p.json": '{"users": [' },
      expect.stringMatching(/^knock\/recipients\/p\.json:1:12: invalid JSON: /),
    ],
    [
      "a dangling link",
      { "knock/recipients/p.json": { link: "nowhere.json" } },
      "knock/recipients/p.json does not exist",
    ],
    [
      "an invalid value",
      { "knock/recipients/p.json": { users: [{}] } },
      "knock/recipients/p.json:1:11: users[0].id is required (a string)",
    ],
    ["a file in place of the folder", { "knock/recipients": "text" }, "knock/recipients is not a folder"],
  ])("reject %s", async (_what, files, message) => {
    const error = await catchRejection(seeds(open(files).project));
    expect([error.code, error.message]).toEqual(["project_invalid", message]);
  });
});

describe("errors of a workflow", () => {
  const w = "knock/workflows/w";
  const feed = `{ "ref": "a", "type": "channel", "channel_type": "email", "channel_key": "m", "template":\n  `;

  it.each<[string, Files, string]>([
    [
      "a value",
      { [`${w}/workflow.json`]: '{\n  "name": 7,\n  "steps": []\n}' },
      `${w}/workflow.json:2:11: name must be`,
    ],
    [
      "a missing value: its object",
      { [`${w}/workflow.json`]: '{"steps": [\n  {"ref": "a"}\n]}' },
      `${w}/workflow.json:2:3: steps[0].type is required (a step type, such as "channel")`,
    ],
    [
      "after a byte order mark, a duplicate key's last occurrence",
      { [`${w}/workflow.json`]: '\ufeff{"name": "W", "steps": [],\n "name": 7}' },
      `${w}/workflow.json:2:10: name must be a string`,
    ],
    [
      "a reference",
      { [`${w}/workflow.json`]: `{"steps": [\n ${feed}{ "html_body@": "none.html" } }]}` },
      `${w}/workflow.json:3:19: steps[0].template.html_body@ refers to a file that does not exist: "none.html"`,
    ],
    [
      "a value in a file of visual blocks that the workflow refers to",
      {
        [`${w}/workflow.json`]: `{"steps": [\n ${feed}{ "subject": "S", "visual_blocks@": "a/b.json" } }]}`,
        [`${w}/a/b.json`]: '[\n  { "type": "markdown", "content": "x" },\n  { "type": "nope" }\n]',
      },
      `${w}/a/b.json:3:13: steps[0].template.visual_blocks[1].type`,
    ],
  ])("have the location of %s", async (_what, files, begin) => {
    const error = await catchRejection(open(files).project.workflow("w"));
    expect(error.message.slice(0, begin.length)).toBe(begin);
    const [file, line, column] = begin.split(":");
    expect(error.details[0]).toMatchObject({ file, line: Number(line), column: Number(column) });
  });
});
