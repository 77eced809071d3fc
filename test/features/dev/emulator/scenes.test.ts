import { once } from "node:events";
import { request } from "node:http";
import Knock from "@knocklabs/node";
import { describe, expect, it } from "vitest";
import { WebSocket } from "ws";
import { eventually } from "../../../helpers/eventually.js";
import { openProjectApi, type ProjectApi, type ProjectSetup } from "../../../helpers/project-emulator.js";

const CHANNEL = "0b0c9f3e-0000-4000-8000-000000000001";
const FILES = {
  "knock/environment.json": { channels: { feed: { type: "in_app_feed", id: CHANNEL }, mail: { type: "email" } } },
};

async function withProject(work: (api: ProjectApi) => Promise<void>, setup: ProjectSetup = {}): Promise<void> {
  const api = await openProjectApi(FILES, setup);
  try {
    await work(api);
  } finally {
    await api.close();
  }
}

interface Scene {
  id: string;
  base_url: string;
}

async function startScene({ request }: ProjectApi): Promise<Scene> {
  const { status, body } = await request("POST /__knock/scenes");
  expect(status).toBe(200);
  expect(body).toEqual({ id: expect.stringMatching(/^[-0-9a-f]{36}$/), base_url: expect.any(String) });
  return body as unknown as Scene;
}

/** Creates the official SDK with the scene's base URL. */
const openSdk = ({ base_url }: Scene): Knock => new Knock({ apiKey: "sk_test", baseURL: base_url, maxRetries: 0 });

async function helper(base: string, on: string, content?: unknown): Promise<{ status: number; body: never }> {
  const [method = "", path = ""] = on.split(" ");
  const response = await fetch(`${base}/__knock/${path}`, {
    method,
    ...(content === undefined ? {} : { body: JSON.stringify(content) }),
  });
  return { status: response.status, body: (await response.json()) as never };
}

async function listMessages(base: string): Promise<{ recipient: string }[]> {
  return ((await helper(base, "GET messages")).body as { items: { recipient: string }[] }).items;
}

/** Triggers a workflow for ada with a `Host` header, which fetch would not send. Returns the status. */
function triggerByHostName({ url }: ProjectApi, host: string, scene = ""): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const headers = { host, authorization: "Bearer sk_test" };
    const path = `${scene === "" ? "" : `/scenes/${scene}`}/v1/workflows/hello/trigger`;
    const { port } = new URL(url);
    const clientRequest = request({ port, host: "127.0.0.1", path, method: "POST", headers }, (response) =>
      resolve(response.resume().statusCode),
    );
    clientRequest.on("error", reject).end(JSON.stringify({ recipients: ["ada"] }));
  });
}

/** Opens a socket that has joined ada's feed, like Phoenix' client. */
async function joinFeed(base: string): Promise<{ socket: WebSocket; events: string[] }> {
  const socket = new WebSocket(`${base.replace("http", "ws")}/ws/v1/websocket?api_key=pk_test&vsn=2.0.0`);
  await once(socket, "open"); // throws emitted errors
  const events: string[] = [];
  let isJoined = false;
  socket.on("message", (data) => {
    const [, , , event] = JSON.parse(String(data)) as string[];
    if (event === "phx_reply") isJoined = true;
    else if (event !== undefined) events.push(event);
  });
  socket.send(JSON.stringify(["1", "1", `feeds:${CHANNEL}:ada`, "phx_join", {}]));
  await eventually(() => isJoined);
  return { socket, events };
}

describe("scenes of knock dev", () => {
  it("have their own data, clock and faults, with the recipients files loaded", () =>
    withProject(async (api) => {
      const [first, second] = [await startScene(api), await startScene(api)];
      expect(first.base_url).toBe(`${api.url}/scenes/${first.id}`);
      await openSdk(first).workflows.trigger("hello", { recipients: ["ada"] });
      await openSdk(second).workflows.trigger("hello", { recipients: ["bo"] });
      await openSdk(second).users.update("zoe", { name: "Zoe" });
      expect((await listMessages(first.base_url)).map(({ recipient }) => recipient)).toEqual(["ada"]);
      expect((await listMessages(second.base_url)).map(({ recipient }) => recipient)).toEqual(["bo"]);
      expect(await listMessages(api.url)).toEqual([]);
      expect(await openSdk(first).users.get("ada")).toMatchObject({ email: "ada@lark.test" });
      await expect(openSdk(first).users.get("zoe")).rejects.toMatchObject({ status: 404 });

      await helper(first.base_url, "POST clock", { freeze: "2030-01-01T00:00:00Z" });
      expect((await helper(second.base_url, "GET clock")).body).toMatchObject({ frozen: false });
      await helper(first.base_url, "POST faults", { channel: "mail", status: 500, times: 1 });
      expect((await helper(second.base_url, "GET faults")).body).toEqual({ items: [] });

      // A reset of one scene does not affect the other.
      await helper(first.base_url, "POST reset");
      expect(await listMessages(first.base_url)).toEqual([]);
      expect(await listMessages(second.base_url)).toHaveLength(1);
    }));

  it("are also selected by the header", () =>
    withProject(async (api) => {
      const scene = await startScene(api);
      const headers = { "x-knock-scene": scene.id };
      await api.request("POST /v1/workflows/hello/trigger", { recipients: ["ada"] }, headers);
      expect(await listMessages(api.url)).toEqual([]);
      expect(await listMessages(scene.base_url)).toHaveLength(1);
      const byHeader = await api.request("GET /__knock/messages", undefined, headers);
      expect(byHeader.body.items).toHaveLength(1);
      const knock = new Knock({ apiKey: "sk_test", baseURL: api.url, defaultHeaders: headers });
      expect((await knock.messages.list()).items).toHaveLength(1);
    }));

  it("include feed sockets by the base URL: a client is notified only in its own scene", () =>
    withProject(async (api) => {
      const [first, second] = [await startScene(api), await startScene(api)];
      const [ofOne, ofTwo] = [await joinFeed(first.base_url), await joinFeed(second.base_url)];
      try {
        await openSdk(first).workflows.trigger("hello", { recipients: ["ada"] });
        await eventually(() => ofOne.events.includes("new-message"));
        expect(ofTwo.events).toEqual([]);
        await openSdk(second).workflows.trigger("hello", { recipients: ["ada"] });
        await eventually(() => ofTwo.events.includes("new-message"));
      } finally {
        ofOne.socket.terminate();
        ofTwo.socket.terminate();
      }
    }));

  it("close their sockets when they end, so that clients reconnect", () =>
    withProject(async (api) => {
      const scene = await startScene(api);
      const { socket } = await joinFeed(scene.base_url);
      const closed = once(socket, "close");
      await api.request(`DELETE /__knock/scenes/${scene.id}`);
      expect((await closed)[0]).toBe(1012);
      await expect(joinFeed(scene.base_url)).rejects.toThrow("404");
    }));

  it("are also selected by host name, for clients that drop a path", () =>
    withProject(async (api) => {
      const scene = await startScene(api);
      const { port } = new URL(api.url);
      expect(await triggerByHostName(api, `${scene.id}.localhost:${port}`)).toBe(200);
      expect(await listMessages(scene.base_url)).toHaveLength(1);
      expect(await listMessages(api.url)).toEqual([]);
    }));

  it("run in parallel with the official SDK without affecting each other", () =>
    withProject(async (api) => {
      const worker = async (name: string): Promise<void> => {
        const scene = await startScene(api);
        const knock = openSdk(scene);
        for (let round = 0; round < 5; round++) {
          await helper(scene.base_url, "POST reset");
          await knock.users.update(name, { name });
          for (let n = 0; n < 10; n++) await knock.workflows.trigger("hello", { recipients: [name] });
          const { items } = await knock.messages.list({ page_size: 50 });
          expect(items.map(({ recipient }) => recipient)).toEqual(Array(10).fill(name));
        }
        expect((await api.request(`DELETE /__knock/scenes/${scene.id}`)).status).toBe(200);
      };
      await Promise.all(["worker-1", "worker-2"].map(worker));
      expect((await api.request("GET /__knock/scenes")).body).toEqual({ items: [] });
    }));

  it("are 404 once ended or unknown, with the request that starts one", () =>
    withProject(async (api) => {
      const scene = await startScene(api);
      expect((await api.request(`DELETE /__knock/scenes/${scene.id}`)).body).toEqual({ ended: scene.id });
      const error = {
        code: "resource_missing",
        message: `There is no scene "${scene.id}"; POST /__knock/scenes starts one and returns its id`,
        status: 404,
        type: "api_error",
      };
      for (const answered of [
        await api.request(`GET /scenes/${scene.id}/v1/users`),
        await api.request(`GET /scenes/${scene.id}/__knock/ready`),
        await api.request("GET /v1/users", undefined, { "x-knock-scene": scene.id }),
        await api.request(`DELETE /__knock/scenes/${scene.id}`),
      ])
        expect(answered).toEqual({ status: 404, body: error });
    }));

  it("are limited in number, with an error that says so", () =>
    withProject(async (api) => {
      for (let n = 0; n < 64; n++) await startScene(api);
      const { status, body } = await api.request("POST /__knock/scenes");
      expect(status).toBe(422);
      expect(body.message).toBe("There are already 64 scenes; end one with DELETE /__knock/scenes/<id>");
      const { items } = (await api.request("GET /__knock/scenes")).body as unknown as { items: Scene[] };
      await api.request(`DELETE /__knock/scenes/${items[0]?.id}`);
      await startScene(api);
    }));

  it("answer helpers only to pages of their own origin, and reject unknown host names", () =>
    withProject(async (api) => {
      const scene = await startScene(api);
      const foreign = { origin: "https://evil.example" };
      expect((await api.request(`POST /scenes/${scene.id}/__knock/reset`, {}, foreign)).status).toBe(403);
      expect((await api.request("POST /__knock/scenes", {}, foreign)).status).toBe(403);
      expect((await api.request("POST /__knock/scenes", { ids: 1 })).status).toBe(422);
      expect(await triggerByHostName(api, "evil.example", scene.id)).toBe(403);
    }));
});
