import { rmSync } from "node:fs";
import { afterEach, describe, expect, it } from "vitest";
import type { JsonObject } from "../../../../src/util/json.js";
import { eventually } from "../../../helpers/eventually.js";
import {
  BROKEN_WORKFLOW,
  openProjectApi,
  type ProjectApi,
  waitForProjectSnapshot,
} from "../../../helpers/project-emulator.js";
import type { Files } from "../../../helpers/temporary-project.js";

const BRANCH = { "x-knock-branch": "feat-1" };
const FEED = { ref: "feed_1", type: "channel", channel_type: "in_app_feed", channel_key: "feed" };
const MAIL = { ref: "email_1", type: "channel", channel_type: "email", channel_key: "mail" };
const saying = (markdown_body: string) => ({ name: "Hello", steps: [{ ...FEED, template: { markdown_body } }] });
const layout = (mark: string) => ({
  name: "Plain",
  html_layout: `<html><body>${mark}{{ content }}</body></html>`,
  text_layout: "{{ content }}",
});
const LETTER = {
  name: "Letter",
  steps: [
    { ...MAIL, template: { subject: "Hi", html_body: "<p>{{ 'hello' | t }}</p>", settings: { layout_key: "plain" } } },
  ],
};
const FILES: Files = {
  "knock/environment.json": { variables: { app: "lark" } },
  "knock/workflows/letter/workflow.json": LETTER,
  "knock/layouts/plain/layout.json": layout("main:"),
  "knock/translations/en/en.json": { hello: "Hello" },
  "knock/branches/feat-1/workflows/hello/workflow.json": saying("On the branch of {{ vars.app }}"),
  "knock/branches/feat-1/layouts/plain/layout.json": layout("branch:"),
  "knock/branches/feat-1/translations/en/en.json": { hello: "Good day" },
};

let api: ProjectApi | undefined;

async function open(files: Files = {}): Promise<ProjectApi> {
  api = await openProjectApi({ ...FILES, ...files, ...BROKEN_WORKFLOW });
  await waitForProjectSnapshot(api);
  return api;
}

afterEach(async () => {
  await api?.close();
  api = undefined;
});

/** Triggers a workflow. Returns the content of the newest message. */
async function triggerAndRead(
  { request }: ProjectApi,
  workflow: string,
  headers: Record<string, string> = {},
): Promise<string> {
  const { status, body } = await request(`POST /v1/workflows/${workflow}/trigger`, { recipients: ["ada"] }, headers);
  if (status !== 200) return String(body.code);
  const { items } = (await request("GET /__knock/messages")).body as { items: JsonObject[] };
  const { data } = (items.at(-1)?.content ?? {}) as { data?: { blocks?: JsonObject[]; html_body?: string } };
  return String(data?.html_body ?? data?.blocks?.[0]?.rendered);
}

const line = (from: ProjectApi, pattern: RegExp): Promise<string> =>
  eventually(() => from.stderrLines.find((text) => pattern.test(text)) ?? null);

describe("files of a branch: branches/<slug> over the main files (A-015)", () => {
  it("replace workflows, layouts and translations of the main files, while the environment is the project's", async () => {
    const from = await open();
    expect(await triggerAndRead(from, "hello")).toBe("<p>Hi</p>");
    expect(await triggerAndRead(from, "hello", BRANCH)).toBe("<p>On the branch of lark</p>");
    expect(await triggerAndRead(from, "letter")).toContain("main:<p>Hello</p>");
    expect(await triggerAndRead(from, "letter", BRANCH)).toContain("branch:<p>Good day</p>");
  });

  it("are considered in message filters, also before there are messages", async () => {
    const { request } = await open({ "knock/branches/feat-1/workflows/letters/workflow.json": saying("Many") });
    for (const filter of ["workflow=letters", "workflow=hello", "channel=feed"])
      expect((await request(`GET /__knock/messages?${filter}`)).body).toEqual({ items: [], more: false });
    expect((await request("GET /__knock/messages?workflow=leters")).body.message).toContain('did you mean "letters"?');
  });

  it("apply and announce changes at once, and the last valid version stays in use", async () => {
    const from = await open();
    const file = "knock/branches/feat-1/workflows/hello/workflow.json";
    expect(await triggerAndRead(from, "hello", BRANCH)).toContain("On the branch");
    from.project.write({ [file]: saying("Anew") });
    await line(from, /^changed: workflow hello on branch feat-1$/);
    expect(await triggerAndRead(from, "hello", BRANCH)).toBe("<p>Anew</p>");
    from.project.write({ [file]: "{" });
    const warning = await line(from, /^warning: workflow hello on branch feat-1: knock\/branches\/feat-1\//);
    expect(warning).toContain("the last valid version stays active");
    expect(await triggerAndRead(from, "hello", BRANCH)).toBe("<p>Anew</p>");
    expect(await triggerAndRead(from, "hello")).toBe("<p>Hi</p>");
  });

  it("keep their last valid versions and those of the main files, also without a previous request", async () => {
    const from = await open();
    const own = "knock/branches/feat-1/workflows/hello/workflow.json";
    from.project.write({ [own]: "{", "knock/workflows/letter/workflow.json": "{" });
    expect(await line(from, /^warning: workflow hello on branch feat-1: /)).toMatch(/stays active$/);
    expect(await line(from, /^warning: workflow letter: /)).toMatch(/stays active$/);
    expect(await triggerAndRead(from, "hello", BRANCH)).toBe("<p>On the branch of lark</p>");
    expect(await triggerAndRead(from, "letter", BRANCH)).toContain("branch:<p>Good day</p>");
  });

  it("are not replaced by the main file if the branch's own file was never valid", async () => {
    const from = await open({ "knock/branches/feat-1/workflows/hello/workflow.json": "{" });
    expect(await line(from, /^warning: workflow hello on branch feat-1: /)).toContain(
      "it is unavailable until the error is fixed",
    );
    expect(await triggerAndRead(from, "hello")).toBe("<p>Hi</p>");
    expect(await triggerAndRead(from, "hello", BRANCH)).toBe("workflow_invalid");
  });

  it("are added and removed with the branch's folder", async () => {
    const from = await open();
    expect(await triggerAndRead(from, "extra", { "x-knock-branch": "feat-2" })).toBe("resource_missing");
    from.project.write({ "knock/branches/feat-2/workflows/extra/workflow.json": saying("Extra") });
    expect(await triggerAndRead(from, "extra", { "x-knock-branch": "feat-2" })).toBe("<p>Extra</p>");
    expect(await triggerAndRead(from, "extra")).toBe("workflow_missing");
    rmSync(from.project.path("knock/branches/feat-2"), { recursive: true });
    expect(await triggerAndRead(from, "extra", { "x-knock-branch": "feat-2" })).toBe("resource_missing");
    for (const slug of ["..", "../workflows", ".", "feat-2/../feat-1", "x".repeat(300)])
      expect(await triggerAndRead(from, "hello", { "x-knock-branch": slug }), slug).toBe("resource_missing");
  });

  it("keep working with the last environment while environment.json is invalid, with a warning", async () => {
    const from = await open();
    expect(await triggerAndRead(from, "hello", BRANCH)).toContain("On the branch of lark");
    from.project.write({ "knock/environment.json": "{" });
    await line(from, /^warning: environment: /);
    expect(await triggerAndRead(from, "hello", BRANCH)).toContain("On the branch of lark");
    from.project.write({ "knock/environment.json": { variables: { app: "wren" } } });
    await line(from, /^fixed: environment$/);
    expect(await triggerAndRead(from, "hello", BRANCH)).toContain("On the branch of wren");
  });

  it("are the main files for the branch that the official command was switched to (CLI-009, F-009)", async () => {
    const from = await open({ ".knockbranch": "topic\n" });
    expect(await triggerAndRead(from, "hello", { "x-knock-branch": "topic" })).toBe("<p>Hi</p>");
    expect(await triggerAndRead(from, "hello", { "x-knock-branch": "feat-1" })).toContain("On the branch");
  });
});
