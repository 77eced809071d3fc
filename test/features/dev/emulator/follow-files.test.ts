import { renameSync, rmSync } from "node:fs";
import { afterEach, describe, expect, it } from "vitest";
import type { JsonObject } from "../../../../src/util/json.js";
import { eventually } from "../../../helpers/eventually.js";
import {
  BROKEN_WORKFLOW,
  openProjectApi,
  type ProjectApi,
  SAMPLE_FILES,
  waitForProjectSnapshot,
} from "../../../helpers/project-emulator.js";
import type { Files } from "../../../helpers/temporary-project.js";

const HELLO = "knock/workflows/hello/workflow.json";
const FEED = { ref: "feed_1", type: "channel", channel_type: "in_app_feed", channel_key: "feed" };
const saying = (markdown_body: string) => ({ name: "Hello", steps: [{ ...FEED, template: { markdown_body } }] });
const layout = (mark: string) => ({
  name: "Plain",
  html_layout: `<html><body>${mark}{{ content }}</body></html>`,
  text_layout: "{{ content }}",
});
const LETTER = {
  name: "Letter",
  steps: [
    {
      ref: "email_1",
      type: "channel",
      channel_type: "email",
      channel_key: "mail",
      template: {
        subject: "Hi",
        html_body: "<p>{{ 'hello' | t }}</p>{% render 'sign' %}",
        settings: { layout_key: "plain" },
      },
    },
  ],
};

let api: ProjectApi | undefined;

async function open(files: Files = {}, json = false): Promise<ProjectApi> {
  api = await openProjectApi({ ...files, ...BROKEN_WORKFLOW }, { json });
  await waitForProjectSnapshot(api);
  return api;
}

afterEach(async () => {
  await api?.close();
  api = undefined;
});

/** Triggers a workflow. Returns the text of the newest feed message. */
async function triggerAndRead({ request, trigger }: ProjectApi): Promise<string> {
  await trigger("hello", "ada");
  const { items } = (await request("GET /__knock/messages")).body as { items: JsonObject[] };
  const { data } = (items.at(-1)?.content ?? {}) as { data?: { blocks: JsonObject[] } };
  return String(data?.blocks[0]?.rendered);
}

/** Waits for a line that matches. */
const line = async (from: ProjectApi, pattern: RegExp): Promise<string> =>
  eventually(() => from.stderrLines.find((text) => pattern.test(text)) ?? null).catch(() => {
    throw new Error(`nothing like ${pattern} was said, but ${JSON.stringify(from.stderrLines)}`);
  });

describe("changes of files while knock dev runs", () => {
  it("announce a changed, an invalid and a fixed workflow, which never becomes unavailable", async () => {
    const from = await open();
    expect(await triggerAndRead(from)).toBe("<p>Hi</p>");
    from.project.write({ [HELLO]: saying("Good day") });
    await line(from, /^changed: workflow hello$/);
    expect(await triggerAndRead(from)).toBe("<p>Good day</p>");

    from.project.write({ [HELLO]: '{ "name": "Hello", "steps": [ }' });
    await line(
      from,
      /^warning: workflow hello: knock\/workflows\/hello\/workflow\.json:1:31: invalid JSON: .+; the last valid version stays active$/,
    );
    expect(await triggerAndRead(from)).toBe("<p>Good day</p>");

    from.project.write({ [HELLO]: saying("Welcome") });
    await line(from, /^fixed: workflow hello$/);
    expect(await triggerAndRead(from)).toBe("<p>Welcome</p>");
    expect(from.stderrLines).toHaveLength(4);
  });

  it("include the removal and return of the project's folder, as with a checkout", async () => {
    const from = await open();
    const folder = from.project.path("knock");
    renameSync(folder, `${folder}-aside`);
    await line(from, /^removed: workflow hello$/);
    renameSync(`${folder}-aside`, folder);
    await line(from, /^added: workflow hello$/);
    from.project.write({ [HELLO]: saying("Back again") });
    await line(from, /^changed: workflow hello$/);
    expect(await triggerAndRead(from)).toBe("<p>Back again</p>");
  });

  it("answer every request while a command empties a folder and writes it again", async () => {
    const from = await open();
    const turn = () => new Promise((resolve) => setImmediate(resolve));
    for (let version = 1; version <= 5; version++) {
      rmSync(from.project.path("knock/workflows/hello"), { recursive: true });
      const requests = [from.trigger("hello", "ada")];
      await turn();
      requests.push(from.trigger("hello", "ada"));
      await turn();
      from.project.write({ [HELLO]: saying(`version ${version}`) });
      await Promise.all(requests);
    }
    expect(await triggerAndRead(from)).toBe("<p>version 5</p>");
  });

  it("report a template that does not parse as invalid", async () => {
    const from = await open({ [HELLO]: saying("{% if n %}Hi{% endif %}") });
    await from.trigger("hello", "ada");
    from.project.write({ [HELLO]: saying("{% if n %}Hi") });
    expect(await line(from, /^warning: workflow hello: /)).toContain("the last valid version stays active");
    await from.trigger("hello", "ada");
  });

  it("keep the versions from the start of files that were never requested", async () => {
    const from = await open({
      "knock/workflows/letter/workflow.json": LETTER,
      "knock/layouts/plain/layout.json": layout("laid out:"),
      "knock/partials/sign/partial.json": { name: "Sign", type: "html", content: "<i>Bye</i>" },
      "knock/translations/en/en.json": { hello: "Hello" },
    });
    from.project.write({
      [HELLO]: "{",
      "knock/layouts/plain/layout.json": "{",
      "knock/partials/sign/partial.json": "{",
      "knock/translations/en/en.json": "{",
    });
    for (const name of ["workflow hello", "workflow letter", "layout plain", "partial sign", "translations"])
      expect(await line(from, new RegExp(`^warning: ${name}: `))).toContain("the last valid version stays active");
    expect(await triggerAndRead(from)).toBe("<p>Hi</p>");
    await from.trigger("letter", "ada");
    const { items } = (await from.request("GET /__knock/messages")).body as { items: JsonObject[] };
    expect(JSON.stringify(items.at(-1)?.content)).toContain("laid out:<p>Hello</p><i>Bye</i>");
  });

  it("keep a changed version that was never requested, but none of a file that was deleted and is invalid when it returns", async () => {
    const from = await open();
    from.project.write({ [HELLO]: saying("Changed") });
    await line(from, /^changed: workflow hello$/);
    from.project.write({ [HELLO]: "{" });
    await line(from, /^warning: workflow hello: .*stays active$/);
    expect(await triggerAndRead(from)).toBe("<p>Changed</p>");
    rmSync(from.project.path("knock/workflows/hello"), { recursive: true });
    await line(from, /^removed: workflow hello$/);
    expect((await from.request("POST /v1/workflows/hello/trigger", { recipients: ["ada"] })).status).toBe(404);
    from.project.write({ [HELLO]: "{" });
    await line(from, /^warning: workflow hello: .*it is unavailable until the error is fixed$/);
    expect((await from.request("POST /v1/workflows/hello/trigger", { recipients: ["ada"] })).status).toBe(422);
  });

  it("report an invalid recipients file once, and keep what was applied before", async () => {
    const from = await open();
    from.project.write({ "knock/recipients/people.json": "{" });
    await line(
      from,
      /^warning: recipients: knock\/recipients\/people\.json:1:2: .*; the previously applied data stays$/,
    );
    expect((await from.request("GET /v1/users/ada")).status).toBe(200);
    from.project.write({ [HELLO]: saying("Other") });
    await line(from, /^changed: workflow hello$/);
    from.project.write({ "knock/recipients/people.json": { users: [{ id: "ada", name: "Ada" }] } });
    await line(from, /^fixed: recipients$/);
    expect((await from.request("GET /v1/users/ada")).body).toMatchObject({ name: "Ada" });
    expect(from.stderrLines.filter((text) => text.includes("people.json"))).toHaveLength(1);
  });

  it("report files that are invalid at the start", async () => {
    const from = await open();
    const [name = ""] = Object.keys(BROKEN_WORKFLOW);
    expect(await line(from, /^warning: workflow zz: /)).toContain("it is unavailable until the error is fixed");
    expect((await from.request("POST /v1/workflows/zz/trigger", { recipients: ["ada"] })).status).toBe(422);
    from.project.write({ [name]: saying("Odd") });
    await line(from, /^fixed: workflow zz$/);
    await from.trigger("zz", "ada");
  });

  it("add and remove workflows, layouts, partials, translations and recipients", async () => {
    const from = await open();
    from.project.write({
      "knock/workflows/second/workflow.json": saying("Two"),
      "knock/layouts/plain/layout.json": {
        name: "Plain",
        html_layout: "<html><body>{{ content }}</body></html>",
        text_layout: "{{ content }}",
      },
      "knock/partials/sign/partial.json": { name: "Sign", type: "html", content: "<p>Bye</p>" },
      "knock/translations/en/en.json": { hello: "Hello" },
      "knock/recipients/more.json": { users: [{ id: "cy", name: "Cy" }] },
    });
    for (const name of ["workflow second", "layout plain", "partial sign"])
      await line(from, new RegExp(`^added: ${name}$`));
    await line(from, /^added: translation .*en\.json$/);
    await line(from, /^changed: recipients$/);
    expect((await from.request("GET /v1/users/cy")).body).toMatchObject({ name: "Cy" });
    rmSync(from.project.path("knock/workflows/second"), { recursive: true });
    await line(from, /^removed: workflow second$/);
    expect((await from.request("POST /v1/workflows/second/trigger", { recipients: ["ada"] })).status).toBe(404);
  });

  it("keep all settings while environment.json is invalid", async () => {
    const from = await open({ "knock/environment.json": { keys: ["sk_test"] } }, true);
    await from.trigger("hello", "ada");
    from.project.write({ "knock/environment.json": { keys: "sk_other", webhooks: [{}] } });
    const announcement = await line(from, /environment.*broken/);
    expect(JSON.parse(announcement)).toEqual({
      change: {
        kind: "environment",
        key: null,
        branch: null,
        change: "broken",
        error: expect.stringContaining("keys"),
        kept: true,
      },
    });
    await from.trigger("hello", "ada");
    expect((await from.request("GET /v1/users/ada", undefined, { authorization: "Bearer sk_other" })).status).toBe(401);
    from.project.write({ "knock/environment.json": { keys: ["sk_other"] } });
    await line(from, /environment.*fixed/);
    expect((await from.request("GET /v1/users/ada", undefined, { authorization: "Bearer sk_other" })).status).toBe(200);
    expect(from.stderrLines).toHaveLength(3);
  });

  it("ignore files whose content has the same meaning", async () => {
    const from = await open();
    await from.trigger("hello", "ada");
    from.project.write({ [HELLO]: JSON.stringify(SAMPLE_FILES[HELLO], null, 4) });
    from.project.write({ "knock/workflows/last/workflow.json": saying("Last") });
    await line(from, /^added: workflow last$/);
    expect(from.stderrLines).toHaveLength(2);
  });
});
