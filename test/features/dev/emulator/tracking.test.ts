import { afterEach, describe, expect, it } from "vitest";
import { isJsonObject, type JsonObject } from "../../../../src/util/json.js";
import { eventually } from "../../../helpers/eventually.js";
import { type HttpTestServer, startHttpTestServer } from "../../../helpers/http-test-server.js";
import { openProjectApi, type ProjectApi, type ProjectSetup } from "../../../helpers/project-emulator.js";

let target: HttpTestServer;
let api: ProjectApi | undefined;

const TRACKED = { channel_overrides: { link_tracking: true, open_tracking: true } };
const LINKED = { channel_overrides: { link_tracking: true } };
const channel = (type: string, key: string, template: JsonObject, extra: JsonObject = LINKED): JsonObject => ({
  ref: `${key}_1`,
  type: "channel",
  channel_type: type,
  channel_key: key,
  template,
  ...extra,
});
const html_body = '<p><a href="https://lark.test/é?a=1&amp;b=2">A</a></p>';
const FILES = {
  "knock/workflows/news/workflow.json": {
    name: "News",
    steps: [channel("email", "mail", { subject: "S", html_body, settings: {} }, TRACKED)],
  },
  "knock/workflows/text/workflow.json": {
    name: "Text",
    steps: [channel("sms", "text", { text_body: "See https://lark.test/sms" })],
  },
  "knock/workflows/feed/workflow.json": {
    name: "Feed",
    steps: [
      channel("in_app_feed", "feed", { markdown_body: "[A](https://lark.test/a)", action_url: "https://lark.test/b" }),
    ],
  },
  "knock/workflows/reminded/workflow.json": {
    name: "Reminded",
    steps: [
      channel("email", "mail", { subject: "S", html_body, settings: {} }),
      { ref: "delay_1", type: "delay", settings: { delay_for: { unit: "hours", value: 1 } } },
      {
        ...channel("in_app_feed", "feed", { markdown_body: "Have a look" }),
        conditions: {
          all: [
            { variable: "refs.mail_1.engagement_status", operator: "not_contains", argument: "$message.link_clicked" },
          ],
        },
      },
    ],
  },
  "knock/recipients/people.json": { users: [{ id: "ada", email: "ada@lark.test", phone_number: "+32470000000" }] },
};

async function open(environment: JsonObject = {}, setup: ProjectSetup = {}): Promise<ProjectApi> {
  target = await startHttpTestServer();
  const webhooks = [{ url: target.url, events: ["message.link_clicked", "message.read"] }];
  api = await openProjectApi({ "knock/environment.json": { webhooks, ...environment }, ...FILES }, setup);
  return api;
}

afterEach(async () => {
  await api?.close();
  await target?.close();
  api = undefined;
});

async function sent(from: ProjectApi, workflow: string): Promise<{ id: string; content: JsonObject }> {
  await from.trigger(workflow, "ada");
  const [message] = (await from.request("GET /v1/messages")).body.items as JsonObject[];
  const { body } = await from.request(`GET /v1/messages/${message?.id}/content`);
  return { id: String(message?.id), content: isJsonObject(body.data) ? body.data : {} };
}

/** Repeats the first request after a restart, which may use a connection that was just closed. */
const get = (url: string, init: RequestInit = {}): Promise<Response> => {
  const send = () => fetch(url, { redirect: "manual", ...init });
  return send().catch(send);
};
const findLink = (content: JsonObject): string => /href="([^"]+)"/.exec(String(content.html_body))?.[1] ?? "";
const statuses = async ({ request }: ProjectApi, id: string): Promise<unknown> =>
  (await request(`GET /v1/messages/${id}`)).body.engagement_statuses;

/** Returns a message's events except those of its delivery. */
async function events({ request }: ProjectApi, id: string): Promise<unknown[]> {
  const items = (await request(`GET /v1/messages/${id}/events`)).body.items as JsonObject[];
  return items.filter(({ type }) => /read|clicked|interacted/.test(String(type))).map(({ type, data }) => [type, data]);
}

describe("links of tracked messages (T-234)", () => {
  it("E-223 redirect, and record the click: event, status, webhook", async () => {
    const from = await open();
    const { id, content } = await sent(from, "news");
    const [, link = ""] = /href="([^"]+)"/.exec(String(content.html_body)) ?? [];
    expect(link).toMatch(new RegExp(`^${from.url}/l/${id}/0[.][0-9A-Za-z]{22}$`));
    const answer = await get(link);
    expect([answer.status, answer.headers.get("location"), answer.headers.get("cache-control")]).toEqual([
      302,
      "https://lark.test/%C3%A9?a=1&b=2",
      "no-store",
    ]);
    const url = "https://lark.test/é?a=1&b=2";
    expect(await events(from, id)).toEqual([["message.link_clicked", { url }]]);
    expect(await statuses(from, id)).toEqual(["link_clicked"]);
    const webhookBody = await eventually(() => target.requests[0]?.json);
    expect(webhookBody).toMatchObject({ type: "message.link_clicked", data: { id }, event_data: { url } });
  });

  it("T-235 include a picture that records the opening of an email", async () => {
    const from = await open();
    const { id, content } = await sent(from, "news");
    const [, picture = ""] = /<img src="([^"]+)"/.exec(String(content.html_body)) ?? [];
    expect(picture).toMatch(new RegExp(`^${from.url}/o/${id}[.][0-9A-Za-z]{22}[.]png$`));
    const answer = await get(picture);
    expect([answer.status, answer.headers.get("content-type"), answer.headers.get("cache-control")]).toEqual([
      200,
      "image/png",
      "no-store",
    ]);
    const bytes = Buffer.from(await answer.arrayBuffer());
    expect([bytes.toString("latin1", 1, 4), bytes.readUInt32BE(16), bytes.readUInt32BE(20)]).toEqual(["PNG", 1, 1]);
    expect(await events(from, id)).toEqual([["message.read", null]]);
    expect((await eventually(() => target.requests[0]?.json)).type).toBe("message.read");
  });

  it("T-233 E-223 are short in an SMS, where a click counts as read, also after a restart", async () => {
    const from = await open({}, { store: "store.db" });
    const { id, content } = await sent(from, "text");
    const link = String(content.body).replace("See ", "");
    expect(link.slice(from.url.length)).toMatch(/^\/[0-9A-Za-z]{32}$/);
    await from.restart();
    const answer = await get(link);
    expect(answer.headers.get("location")).toBe("https://lark.test/sms");
    expect(await statuses(from, id)).toEqual(["read", "link_clicked"]);
  });

  it("C-187 E-224 record clicks in a feed's body, but not the target of its action", async () => {
    const from = await open();
    const { id, content } = await sent(from, "feed");
    const [body, action] = content.blocks as [JsonObject, JsonObject];
    expect(action.rendered).toBe("https://lark.test/b");
    await from.request(`PUT /v1/messages/${id}/interacted`, {});
    expect(await statuses(from, id)).toEqual(["read", "interacted"]);
    await get(/href="([^"]+)"/.exec(String(body.rendered))?.[1] ?? "");
    expect(await statuses(from, id)).toEqual(["read", "interacted", "link_clicked"]);
  });

  it.each([
    [true, 0],
    [false, 1],
  ])("E-122 set the status for conditions (%s)", async (isClicked, reminders) => {
    const from = await open();
    const { content } = await sent(from, "reminded");
    if (isClicked) await get(findLink(content));
    await from.request("POST /__knock/clock", { advance: "2h" });
    const all = (await from.request("GET /v1/messages")).body.items as JsonObject[];
    expect(all.length).toBe(1 + reminders);
  });

  it("record no click for a HEAD request", async () => {
    const from = await open();
    const { id, content } = await sent(from, "news");
    const [, picture = ""] = /<img src="([^"]+)"/.exec(String(content.html_body)) ?? [];
    expect((await get(findLink(content), { method: "HEAD" })).status).toBe(302);
    expect((await get(picture, { method: "HEAD" })).status).toBe(200);
    expect(await events(from, id)).toEqual([]);
  });

  it("return plain-text 404 for unknown targets", async () => {
    const from = await open();
    const { id, content } = await sent(from, "news");
    const sms = await sent(from, "text");
    const { pathname } = new URL(findLink(content));
    const unknown = [
      pathname.replace("/0.", "/1."),
      `${pathname}0`,
      `${pathname.slice(0, -1)}${pathname.endsWith("0") ? 1 : 0}`,
      `/l/${id}/0`,
      `/l/${id}/1`,
      `/l/${id}/x`,
      `/l/${id}/0/more`,
      `/l/${id}`,
      "/l/nobody/0",
      `/l/${"a".repeat(5_000)}/0`,
      "/l/%00'%20OR%201=1--/0",
      "/l/..%2f..%2fv1%2fmessages/0",
      `/l/${id}/0?url=https://other.test`.replace("/0?", "/7?"),
      "/abcdefghij",
      `/${sms.id.slice(-9)}1`,
    ];
    for (const path of unknown) {
      const answer = await get(`${from.url}${path}`);
      expect([path, answer.status, answer.headers.get("location")]).toEqual([path, 404, null]);
      expect(await answer.text()).toBe("There is no such link.\n");
    }
    for (const path of [`/o/${sms.id}.png`, "/o/nobody.png", "/o/%00.png", `/o/${id}.gif`])
      expect([path, (await get(`${from.url}${path}`)).status]).toEqual([path, 404]);
    expect((await get(`${from.url}/l/${id}/0`, { method: "POST" })).status).toBe(404);
    expect(await events(from, id)).toEqual([]);
  });

  it("start with the base URL of environment.json if it has one", async () => {
    const from = await open({ tracking: { base_url: "https://go.lark.test/" } });
    const { id, content } = await sent(from, "news");
    const link = findLink(content);
    expect(link).toContain(`https://go.lark.test/l/${id}/0.`);
    // A proxy at that URL forwards the request to this server.
    expect((await get(link.replace("https://go.lark.test", from.url))).status).toBe(302);
  });
});
