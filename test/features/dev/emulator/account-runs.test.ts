import { afterEach, describe, expect, it } from "vitest";
import type { JsonObject } from "../../../../src/util/json.js";
import { SERVICE } from "../../../helpers/account-requests.js";
import { BROKEN_WORKFLOW, openProjectApi, type ProjectApi } from "../../../helpers/project-emulator.js";

const FEED = { ref: "feed_1", type: "channel", channel_type: "in_app_feed", channel_key: "feed" };
const saying = (markdown_body: string) => ({ name: "Hello", steps: [{ ...FEED, template: { markdown_body } }] });

let api: ProjectApi | undefined;
afterEach(async () => {
  await api?.close();
  api = undefined;
});

async function open(): Promise<ProjectApi> {
  api = await openProjectApi({ "knock/workflows/hello/workflow.json": saying("file") }, { store: "s.db" });
  return api;
}

/** Sends a request to the management API, which must be accepted. */
async function ask({ request }: ProjectApi, on: string, body?: unknown): Promise<JsonObject> {
  const response = await request(on, body, SERVICE);
  expect(response, on).toMatchObject({ status: expect.toSatisfy((status: number) => status < 300) });
  return response.body;
}

const push = (from: ProjectApi, text: string, query = "") =>
  ask(from, `PUT /v1/workflows/hello?environment=development${query}`, { workflow: saying(text) });

async function readNewest({ request }: ProjectApi): Promise<string> {
  const { items } = (await request("GET /__knock/messages")).body as { items: JsonObject[] };
  const { data } = (items.at(-1)?.content ?? {}) as { data?: { blocks: JsonObject[] } };
  return String(data?.blocks[0]?.rendered);
}

/** Triggers the workflow as an application does. Returns the text of the message. */
async function trigger(from: ProjectApi, headers: Record<string, string> = {}): Promise<string> {
  const { status } = await from.request("POST /v1/workflows/hello/trigger", { recipients: ["ada"] }, headers);
  expect(status).toBe(200);
  return readNewest(from);
}

/** Runs the workflow as `knock workflow run` does. Returns the text of the message. */
async function run(from: ProjectApi, query: string): Promise<string> {
  await ask(from, `PUT /v1/workflows/hello/run?${query}`, { recipients: ["ada"] });
  return readNewest(from);
}

describe("runs of an account's content", () => {
  it("A-918 use what is committed for triggers, and the latest content for test runs, also after a restart", async () => {
    const from = await open();
    await push(from, "one");
    expect(await trigger(from)).toBe("<p>one</p>");
    await ask(from, "PUT /v1/commits?environment=development");
    await push(from, "two");
    const check = async (): Promise<void> => {
      expect(await trigger(from)).toBe("<p>one</p>");
      expect(await run(from, "environment=development")).toBe("<p>two</p>");
      expect(await run(from, "environment=production")).toBe("<p>file</p>");
    };
    await check();
    await from.restart();
    await from.request("GET /v1/users/ada"); // a first request that may be repeated
    await check();
    await ask(from, "PUT /v1/commits/promote?to_environment=production");
    expect(await run(from, "environment=production")).toBe("<p>one</p>");
  });

  it("A-910 need no account, so that another file may be broken", async () => {
    const from = await open();
    from.project.write(BROKEN_WORKFLOW);
    expect(await run(from, "environment=development")).toBe("<p>file</p>");
    expect((await from.request("GET /v1/workflows?environment=development", undefined, SERVICE)).status).toBe(422);
  });

  it("A-927 use the commits of a branch for the X-Knock-Branch header", async () => {
    const from = await open();
    await ask(from, "POST /v1/branches/next?environment=development");
    await push(from, "branch", "&branch=next&commit=true");
    expect(await trigger(from, { "x-knock-branch": "next" })).toBe("<p>branch</p>");
    expect(await run(from, "environment=development&branch=next")).toBe("<p>branch</p>");
    expect(await trigger(from)).toBe("<p>file</p>");
    await ask(from, "PUT /v1/commits/promote?to_environment=development&branch=next");
    expect(await trigger(from)).toBe("<p>branch</p>");
    await ask(from, "DELETE /v1/branches/next?environment=development");
    const headers = { "x-knock-branch": "next" };
    expect((await from.request("POST /v1/workflows/hello/trigger", { recipients: ["ada"] }, headers)).status).toBe(404);
  });

  it("A-915 are rejected for a workflow that was deactivated", async () => {
    const from = await open();
    await ask(from, "PUT /v1/workflows/hello/activate?environment=development", { status: false });
    const trigger = () => from.request("POST /v1/workflows/hello/trigger", { recipients: ["ada"] });
    expect(await trigger()).toMatchObject({ status: 422, body: { code: "workflow_inactive" } });
    await ask(from, "PUT /v1/workflows/hello/activate?environment=development", { status: true });
    expect(await trigger()).toMatchObject({ status: 200 });
  });
});
