import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { WebSocket } from "ws";
import { eventually } from "../../../helpers/eventually.js";
import { type StartedServer, signUser, startServer } from "../../../helpers/started-server.js";

let server: StartedServer;

beforeAll(async () => {
  server = await startServer();
});

afterAll(() => server.stop());

interface OpenedSocket {
  socket: WebSocket;
  /** The code with which the socket was closed, or the status with which it was refused. */
  code: number | undefined;
  /** Sends a frame and returns the reply. */
  ask(topic: string, event: string, payload?: object): Promise<{ status: string; response: { reason?: string } }>;
}

/** Opens a socket, or is refused. */
async function open(parameters: Record<string, string>): Promise<OpenedSocket> {
  const query = new URLSearchParams({ vsn: "2.0.0", ...parameters });
  const socket = new WebSocket(`${server.url.replace("http", "ws")}/ws/v1/websocket?${query}`);
  const replies = new Map<string, { status: string; response: { reason?: string } }>();
  let lastRef = 0;
  const opened: OpenedSocket = {
    socket,
    code: undefined,
    ask(topic, event, payload = {}) {
      const ref = String(++lastRef);
      socket.send(JSON.stringify([ref, ref, topic, event, payload]));
      return eventually(() => replies.get(ref));
    },
  };
  socket.on("message", (data) => {
    const [, ref, , , payload] = JSON.parse(String(data));
    replies.set(ref, payload);
  });
  socket.on("close", (code) => {
    opened.code ??= code;
  });
  socket.on("unexpected-response", (_request, response) => {
    opened.code = response.statusCode;
    response.resume();
  });
  socket.on("error", () => {});
  await eventually(() => socket.readyState === WebSocket.OPEN || opened.code !== undefined);
  return opened;
}

const openAs = (user: string, shift_s = 0) =>
  open({ api_key: server.keys.public, user_token: signUser(user, shift_s) });

const FEED = "feeds:in-app-feed:ada";

describe("sockets of knock serve", () => {
  it("need a key, and a public key needs a token of the user", async () => {
    expect((await open({})).code).toBe(403);
    expect((await open({ api_key: server.keys.public })).code).toBe(403);
    const { socket, ask } = await openAs("ada");
    expect(await ask(FEED, "phx_join")).toMatchObject({ status: "ok" });
    for (const topic of ["feeds:in-app-feed:grace", "feeds:in-app-feed:ADA", "feeds:in-app-feed:ada:x"])
      expect(await ask(topic, "phx_join")).toMatchObject({ response: { reason: "unauthorized" } });
    expect(await ask("guides:in-app-guide", "phx_join", { user_id: "grace" })).toMatchObject({ status: "error" });
    socket.terminate();
  });

  it("are closed after their token expires, and after their key is revoked", async () => {
    const key = await server.createKey("--public", "--name", "revoked");
    const revoked = await eventually(async () => {
      const opened = await open({ api_key: key, user_token: signUser("ada") });
      return opened.code === undefined ? opened : null;
    });
    expect(await revoked.ask("phoenix", "heartbeat")).toMatchObject({ status: "ok" });
    const expiring = await openAs("ada", -595);
    expect(expiring.code).toBeUndefined();
    const { json } = await server.sample.knock(["keys", "list", "--json"]);
    const { id = "" } = (json.items as { id: string; name: string }[]).find(({ name }) => name === "revoked") ?? {};
    await server.sample.knock(["keys", "revoke", id]);
    for (const opened of [expiring, revoked])
      await eventually(() => {
        if (opened.code === undefined) opened.socket.send('[null,"0","phoenix","heartbeat",{}]');
        return opened.code === 1008;
      });
  });

  it("have limits for what a user joins, which keep others waiting", async () => {
    const { socket, ask } = await openAs("ada");
    const buildClients = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, i) => [`c${i}`, {}]));
    expect(await ask(FEED, "phx_join", buildClients(26))).toMatchObject({ status: "error" });
    expect(await ask(FEED, "phx_join", buildClients(25))).toMatchObject({ status: "ok" });
    const joins = Array.from({ length: 50 }, (_, index) => ask(`guides:g${index}`, "phx_join", { user_id: "ada" }));
    expect((await Promise.all(joins)).filter(({ status }) => status === "ok")).toHaveLength(49);
    socket.terminate();
  });

  it("are limited to 50 of one user", async () => {
    const sockets = await Promise.all(Array.from({ length: 51 }, () => openAs("grace")));
    const refused = sockets.filter(({ code }) => code !== undefined);
    expect(refused.map(({ code }) => code)).toEqual([429]);
    expect((await openAs("ada")).code).toBeUndefined();
    for (const { socket } of sockets.slice(0, 25)) socket.close();
    await eventually(async () => (await openAs("grace")).code === undefined);
    for (const { socket } of sockets) socket.terminate();
  });
});
