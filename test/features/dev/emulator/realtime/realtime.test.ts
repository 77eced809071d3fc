import { once } from "node:events";
import { describe, expect, it, vi } from "vitest";
import { WebSocket } from "ws";
import type { RequestLogEntry } from "../../../../../src/features/dev/emulator/emulator-options.js";
import { describeClientCases } from "../../../../helpers/client-case.js";
import { WAIT_OPTIONS } from "../../../../helpers/eventually.js";
import { type TestEmulator, withApi } from "../../../../helpers/test-emulator.js";
import { BROWSER_FEED_CASES, trigger } from "./browser-feed-cases.js";

type Frame = [
  joinRef: string | null,
  ref: string | null,
  topic: string,
  event: string,
  payload: Record<string, unknown>,
];

const TOPIC = "feeds:c-feed:u1";

/** Opens a socket that exchanges raw frames. */
async function connect(url: string, query = "?&api_key=pk_test&&vsn=2.0.0") {
  const socket = new WebSocket(`${url.replace("http", "ws")}/ws/v1/websocket${query}`);
  const frames: Frame[] = [];
  socket.on("message", (data) => frames.push(JSON.parse(String(data)) as Frame));
  await once(socket, "open");
  return {
    socket,
    frames,
    say: (...frame: Frame) => socket.send(JSON.stringify(frame)),
    answer: (ref: string): Promise<Frame> =>
      vi.waitFor(
        () => frames.find((frame) => frame[1] === ref) ?? Promise.reject(new Error(`no ${ref}`)),
        WAIT_OPTIONS,
      ),
    pushes: () => frames.filter(([, , , event]) => event === "new-message").map((frame) => frame[4]),
  };
}

/** Returns the status of a rejected upgrade. */
async function refusal(url: string, path: string, origin?: string): Promise<number | undefined> {
  const socket = new WebSocket(`${url.replace("http", "ws")}${path}`, origin === undefined ? {} : { origin });
  socket.on("error", () => {});
  const [, response] = (await once(socket, "unexpected-response")) as [unknown, { statusCode?: number }];
  socket.terminate();
  return response.statusCode;
}

describe("sockets of pages", () => {
  const PATH = "/ws/v1/websocket?api_key=pk_test&vsn=2.0.0";

  it("A-018 are rejected for origins that are neither loopback nor listed", () =>
    withApi(async ({ url }) => {
      expect(await refusal(url, PATH, "https://evil.test")).toBe(403);
      expect(await refusal(url, PATH, "null")).toBe(403);
    }));

  it.each(["http://localhost:3000", "https://app.test"])("A-018 are opened for %s", (origin) =>
    withApi(async ({ url, harness }) => {
      harness.environment.allowed_origins = ["https://app.test"];
      const socket = new WebSocket(`${url.replace("http", "ws")}${PATH}`, { origin });
      await once(socket, "open");
      socket.terminate();
    }),
  );
});

describeClientCases("the official browser client", BROWSER_FEED_CASES);

describe("a client that reads one page after an event (RQ-12)", () => {
  async function openBehind(api: TestEmulator) {
    for (let n = 0; n < 3; n++) await trigger(api);
    const oldest = (await api.request("GET /v1/users/u1/feeds/c-feed?page_size=2")).body?.page_info as {
      after: string;
    };
    const connection = await connect(api.url);
    connection.say("3", "3", TOPIC, "phx_join", { client_a: {} });
    await connection.answer("3");
    await trigger(api);
    await vi.waitFor(() => expect(connection.pushes()).toHaveLength(1), WAIT_OPTIONS);
    const read = (size: number) =>
      api.request(`GET /v1/users/u1/feeds/c-feed?page_size=${size}&before=${oldest.after}`);
    return { ...connection, read };
  }

  it("is notified again while newer items than that page exist, even if it ignores an event", () =>
    withApi(async (api) => {
      const { socket, pushes, read } = await openBehind(api);
      expect((await read(1)).body?.page_info).toMatchObject({ before: expect.any(String) });
      await vi.waitFor(() => expect(pushes()).toHaveLength(3), WAIT_OPTIONS);
      expect(pushes().at(-1)).toMatchObject({ attn: ["client_a"] });
      socket.terminate();
    }));

  it("is notified again if the last event was sent while its request was in progress", () =>
    withApi(async (api) => {
      const { socket, pushes, read } = await openBehind(api);
      const list = api.harness.engine.resources.feeds.list;
      vi.spyOn(api.harness.engine.resources.feeds, "list").mockImplementationOnce(async (...request) => {
        const page = await list(...request);
        await trigger(api);
        await vi.waitFor(() => expect(pushes()).toHaveLength(2), WAIT_OPTIONS);
        return page;
      });
      expect((await read(50)).body?.page_info).toMatchObject({ before: null });
      await vi.waitFor(() => expect(pushes()).toHaveLength(3), WAIT_OPTIONS);
      socket.terminate();
    }));
});

describe("the socket", () => {
  it("answers heartbeats, joins and leaves, and sends events only for joined topics (R-036 to R-039)", () =>
    withApi(async (api) => {
      const { socket, answer, say, pushes, frames } = await connect(api.url);
      say(null, "1", "phoenix", "heartbeat", {});
      expect(await answer("1")).toEqual([null, "1", "phoenix", "phx_reply", { status: "ok", response: {} }]);
      say("2", "2", TOPIC, "phx_leave", {});
      expect((await answer("2"))[4]).toEqual({ status: "error", response: { reason: "unmatched topic" } });
      say("3", "3", TOPIC, "phx_join", { client_a: {} });
      expect(await answer("3")).toEqual(["3", "3", TOPIC, "phx_reply", { status: "ok", response: {} }]);
      say("4", "4", TOPIC, "phx_join", { client_b: {} });
      await answer("4");
      await trigger(api);
      await vi.waitFor(() => expect(pushes()).toMatchObject([{ attn: ["client_b"] }]), WAIT_OPTIONS);
      expect(frames.at(-1)?.slice(0, 4)).toEqual(["4", null, TOPIC, "new-message"]);
      say("4", "5", TOPIC, "phx_leave", {});
      await answer("5");
      say("6", "6", "feeds:c-feed:u2", "phx_join", { client_c: {} });
      await answer("6");
      await trigger(api, ["u1", "u2"]);
      await vi.waitFor(() => expect(pushes()).toHaveLength(2), WAIT_OPTIONS);
      expect(frames.at(-1)?.[2]).toBe("feeds:c-feed:u2");
      socket.close();
    }));

  it("notifies the affected clients, each with its own counts (R-055, R-056, R-059)", () =>
    withApi(async (api) => {
      const { socket, answer, say, pushes } = await connect(api.url);
      await trigger(api);
      say("1", "1", TOPIC, "phx_join", {
        all: { archived: "exclude", mode: "compact", auto_manage_socket_connection: true },
        acme: { tenant: "acme", has_tenant: true },
        other: { tenant: "other", has_tenant: true },
        archived: { archived: "only" },
        read: { status: "read" },
        data: { trigger_data: { n: 7 } },
      });
      await answer("1");
      await api.knock.workflows.trigger("hello", { recipients: ["u1"], tenant: "acme", data: { n: 7 } });
      await vi.waitFor(() => expect(pushes()).toHaveLength(1), WAIT_OPTIONS);
      const counts = (n: number) => ({ total_count: n, unread_count: n, unseen_count: n });
      expect(pushes()[0]).toEqual({
        event: "new-message",
        attn: ["all", "acme", "data"],
        metadata: counts(2),
        data: {
          all: { metadata: counts(2) },
          acme: { metadata: counts(1) },
          other: { metadata: counts(0) },
          archived: { metadata: counts(0) },
          read: { metadata: counts(2) },
          data: { metadata: counts(1) },
        },
      });
      socket.close();
    }));

  it("rejects unauthenticated connections, and joins to other users' feeds and unknown topics (R-053, RQ-2)", () =>
    withApi(async ({ url, harness }) => {
      expect(await refusal(url, "/ws/v1/websocket?api_key=nope&vsn=2.0.0")).toBe(403);
      expect(await refusal(url, "/ws/v1/websocket?api_key=pk_test&user_token=a.b.c&vsn=2.0.0")).toBe(403);
      expect(await refusal(url, "/ws/v2/websocket?api_key=pk_test")).toBe(404);
      const { socket, answer, say } = await connect(url);
      for (const topic of ["rooms:1", "feeds:nowhere:u1"]) {
        say(topic, topic, topic, "phx_join", {});
        expect((await answer(topic))[4]).toEqual({ status: "error", response: { reason: "unmatched topic" } });
      }
      say("1", "1", TOPIC, "phx_join", { client_a: { status: "odd" } });
      expect((await answer("1"))[4]).toMatchObject({ status: "error" });
      harness.environment.access.enhanced_security = true;
      say("2", "2", TOPIC, "phx_join", {});
      expect((await answer("2"))[4]).toEqual({ status: "error", response: { reason: "unauthorized" } });
      socket.send("{}");
      expect((await once(socket, "close"))[0]).toBe(1003);
    }));

  it("is closed if the client sends nothing any more, such as after its network was lost", () =>
    withApi(
      async ({ url }) => {
        const { socket } = await connect(url);
        expect((await once(socket, "close"))[0]).toBe(1006);
      },
      { slow: { headers_ms: 10_000, request_ms: 60_000, socket_ms: 300 } },
    ));

  it("answers a join with options that cannot be converted to text", () =>
    withApi(async ({ url }) => {
      const { socket, say, answer } = await connect(url);
      const odd = { toString: 1, valueOf: null };
      say("1", "1", TOPIC, "phx_join", { client: { status: [odd], tenant: odd } });
      expect((await answer("1"))[3]).toBe("phx_reply");
      socket.terminate();
    }));

  it("answers a join with endlessly nested options", () =>
    withApi(async ({ url }) => {
      const { socket, frames } = await connect(url);
      socket.send(`["1","1","${TOPIC}","phx_join",{"ref_1":${'{"a":'.repeat(90_000)}1${"}".repeat(90_000)}}]`);
      await vi.waitFor(() => expect(frames).toHaveLength(1), WAIT_OPTIONS);
      expect(frames[0]?.[4]).toMatchObject({ status: "error", response: { reason: expect.stringContaining("deep") } });
      socket.terminate();
    }));

  it("logs its rejection, and that of a join, without keys and tokens", async () => {
    const logEntries: RequestLogEntry[] = [];
    await withApi(
      async ({ url, request }) => {
        await refusal(url, "/ws/v1/websocket?api_key=secret&user_token=secret");
        await request("GET /ws/v1/websocket?api_key=secret&user_token=secret");
        const { say, answer, socket } = await connect(url);
        say("1", "1", "feeds:mail:u1", "phx_join", {});
        say("2", "2", "nonsense", "phx_join", {});
        say("3", "3", TOPIC, "phx_join", {});
        await answer("3");
        socket.terminate();
      },
      { onResponse: (request) => logEntries.push(request) },
    );
    expect(logEntries).toMatchObject([
      { method: "GET", path: "/ws/v1/websocket", status: 403, error: expect.stringContaining("API key") },
      { method: "GET", path: "/ws/v1/websocket", status: 400, error: expect.stringContaining("proxies") },
      { method: "JOIN", path: "feeds:mail:u1", status: 422, error: expect.stringContaining("not an in-app feed") },
      { method: "JOIN", path: "nonsense", status: 404, error: expect.stringContaining("topic") },
    ]);
    expect(JSON.stringify(logEntries)).not.toContain("secret");
  });

  it.each<[what: string, count: number, payload: Record<string, unknown>]>([
    ["of 20,000 channels", 20_000, {}],
    [
      "with thousands of clients",
      1,
      Object.fromEntries(Array.from({ length: 20_000 }, (_, index) => [`c${index}`, {}])),
    ],
  ])("answers other requests before it has processed joins %s", (_what, count, payload) =>
    withApi(async (api) => {
      const { socket, say, frames, answer } = await connect(api.url);
      for (let ref = 1; ref <= count; ref++)
        say(String(ref), String(ref), count === 1 ? TOPIC : `feeds:c-feed:m${ref}`, "phx_join", payload);
      await answer("1");
      await trigger(api);
      expect((await api.request("GET /v1/users/u1")).status).toBe(200);
      const replies = frames.filter(([, , , event]) => event === "phx_reply");
      expect(replies.length).toBeLessThan(20_000);
      expect(frames.some(([, , , event]) => event === "new-message")).toBe(false);
      socket.terminate();
    }),
  );

  it("answers all frames, also if more of them wait than it reads ahead", () =>
    withApi(async (api) => {
      const { say, frames, answer } = await connect(api.url);
      for (let ref = 1; ref <= 500; ref++) say("1", String(ref), TOPIC, ref % 2 === 0 ? "phx_leave" : "phx_join", {});
      await answer("500");
      expect(frames.map(([, ref]) => ref)).toEqual(Array.from({ length: 500 }, (_, index) => String(index + 1)));
    }));

  it("is closed for a frame above 1 MB", () =>
    withApi(async ({ url }) => {
      const { socket } = await connect(url);
      socket.send(JSON.stringify(["1", "1", `feeds:${"x".repeat(1_048_576)}`, "phx_join", {}]));
      expect((await once(socket, "close"))[0]).toBe(1009);
    }));

  it("is closed if its client reads nothing, so that memory stays limited", () =>
    withApi(async (api) => {
      const { say, answer, socket } = await connect(api.url);
      say("1", "1", TOPIC, "phx_join", {});
      await answer("1");
      const ended = once(socket, "close");
      socket.pause();
      // Each response repeats the topic, which is as long as a frame may be.
      const topic = `feeds:${"x".repeat(1_000_000)}`;
      for (let ref = 2; ref < 80; ref++) say("1", String(ref), topic, "phx_leave", {});
      await vi.waitFor(() => expect(socket.bufferedAmount).toBe(0), WAIT_OPTIONS);
      await api.request("GET /v1/users/u1");
      socket.resume();
      const [code] = await ended;
      expect(code).toBe(1006);
    }));

  it("is closed with 1012 when the server stops", () =>
    withApi(async (api) => {
      const { socket } = await connect(api.url);
      const gone = once(socket, "close");
      await api.restart();
      expect((await gone)[0]).toBe(1012);
    }));

  it("is closed with 1012 also if a feed read takes longer than the time limit of idle connections", () =>
    withApi(async (api) => {
      const { say, answer, socket } = await connect(api.url);
      say("1", "1", TOPIC, "phx_join", {});
      await answer("1");
      const { feeds } = api.harness.engine.resources;
      const { list } = feeds;
      const looking = new Promise<void>((resolve) => {
        feeds.list = async (...asked) => {
          resolve();
          await new Promise((done) => setTimeout(done, 700));
          return list.apply(feeds, asked);
        };
      });
      await api.harness.trigger("hello", { recipients: ["u1"] });
      await looking;
      const gone = once(socket, "close");
      await api.restart();
      feeds.list = list;
      expect((await gone)[0]).toBe(1012);
    }));
});
