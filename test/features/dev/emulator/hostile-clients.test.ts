import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { describe, expect, it } from "vitest";
import { WebSocket } from "ws";
import { eventually } from "../../../helpers/eventually.js";
import { type TestEmulator, withApi } from "../../../helpers/test-emulator.js";

const HEAD = "Host: 127.0.0.1\r\nAuthorization: Bearer sk_test\r\n";
const MANY = 1_200;

/** Opens a connection, and resolves to all received text when it ends. */
function raw({ url }: TestEmulator): { socket: Socket; ended: Promise<string> } {
  const socket = connect(Number(new URL(url).port), "127.0.0.1");
  let text = "";
  socket.on("data", (chunk: Buffer) => {
    text += chunk.toString("latin1");
  });
  socket.on("error", () => {});
  return { socket, ended: once(socket, "close").then(() => text) };
}

/** Sends a path unchanged; `fetch` would normalize it. */
async function askRaw(api: TestEmulator, path: string): Promise<number> {
  const { socket, ended } = raw(api);
  socket.write(`GET ${path} HTTP/1.1\r\n${HEAD}Connection: close\r\n\r\n`);
  return Number(/^HTTP\/1\.1 (\d{3})/.exec(await ended)?.[1]);
}

describe("slow clients", () => {
  // Others have the same limits, so they are long enough for a busy machine.
  const slow = { headers_ms: 750, request_ms: 1_500 };

  it.each([
    ["endless headers", "GET /v1/users/u1 HTTP/1.1\r\nHost: 127.0.0.1\r\n"],
    ["an endless body", `POST /v1/workflows/hello/trigger HTTP/1.1\r\n${HEAD}Content-Length: 5000\r\n\r\n{`],
    ["an endless chunk", `PUT /v1/users/u1 HTTP/1.1\r\n${HEAD}Transfer-Encoding: chunked\r\n\r\nffff\r\n{"a"`],
  ])("are disconnected with 408: %s", (_what, start) =>
    withApi(
      async (api) => {
        const { socket, ended } = raw(api);
        socket.write(start);
        const trickle = setInterval(() => socket.writable && socket.write("a"), 20);
        const answered = await ended.finally(() => clearInterval(trickle));
        expect(answered).toMatch(/^HTTP\/1\.1 408 /);
        expect((await api.request("GET /v1/users/u1")).status).toBe(200);
      },
      { slow },
    ),
  );

  it("do not delay others, even in hundreds", () =>
    withApi(
      async (api) => {
        const cut = Array.from({ length: 300 }, () => {
          const { socket, ended } = raw(api);
          socket.write("POST /v1/users/u1 HTTP/1.1\r\nHost: ");
          return ended;
        });
        expect((await api.request("GET /v1/users/u1")).status).toBe(200);
        expect(new Set((await Promise.all(cut)).map((text) => text.slice(0, 12)))).toEqual(new Set(["HTTP/1.1 408"]));
      },
      { slow },
    ));
});

describe("excessive bodies", () => {
  const nested = (depth: number): string => `${'{"a":'.repeat(depth)}1${"}".repeat(depth)}`;

  it.each([
    ["deep", `{"recipients":["u1"],"data":${nested(5_000)}}`],
    ["very deep data", `{"recipients":["u1"],"data":${nested(400_000)}}`],
    ["a deep list", `{"recipients":${"[".repeat(100_000)}${"]".repeat(100_000)}}`],
    ["many recipients", JSON.stringify({ recipients: Array.from({ length: 5_000 }, (_, index) => `r${index}`) })],
    ["a name of 11 MB", JSON.stringify({ recipients: ["u1"], data: { ["k".repeat(11_000_000)]: 1 } })],
    [
      "50,000 keys",
      JSON.stringify({
        recipients: ["u1"],
        settings: Object.fromEntries(Array.from({ length: 50_000 }, (_, i) => [`k${i}`, i])),
        data: 5,
      }),
    ],
  ])("are rejected without an effect: %s", (_what, body) =>
    withApi(async ({ request, harness }) => {
      expect([400, 413, 422]).toContain((await request("POST /v1/workflows/hello/trigger", body)).status);
      expect(await harness.listMessages()).toEqual([]);
    }),
  );
});

describe("a number that is too large", () => {
  it.each([
    ["POST /v1/workflows/hello/trigger", '{"recipients":["u1"],"data":{"n":1e400}}'],
    ["PUT /v1/users/u1", '{"n":[1e400]}'],
    ["POST /v1/users/bulk/identify", '{"users":[{"id":"u1","n":1e400}]}'],
    ["POST /v1/objects/projects/p1/subscriptions", '{"recipients":["u1"],"properties":{"n":-1e400}}'],
    ["POST /v1/schedules", '{"workflow":"hello","recipients":["u1"],"data":{"n":1e400}}'],
    ["POST /v1/audiences/vip/members?create_audience=true", '{"members":[{"user":{"id":"u1","n":1e400}}]}'],
  ])("is rejected with its place: %s", (route, body) =>
    withApi(async ({ request, harness }) => {
      const { status, body: answer } = await request(route, body);
      expect(status).toBe(400);
      expect(answer?.message).toMatch(/^The body is invalid JSON: a number is too large \(line 1, column \d+\)$/);
      expect(await harness.listMessages()).toEqual([]);
      expect((await request("GET /v1/users/u1")).body?.n).toBeUndefined();
    }),
  );
});

describe("unusual paths", () => {
  it.each([
    "/v1/users/..%2f..%2fetc%2fpasswd",
    "/v1/users/%2e%2e/%2e%2e/messages",
    "/v1/users/../../__knock/messages",
    "/v1/users/..%252f..",
    "/v1/users/%00",
    "/v1/users/u1%00",
    "/v1/users/%ff%fe",
    "/v1/users/%",
    "/v1/users/%zz",
    "/v1/objects/..%2f$users/u1",
    "//v1//users//u1",
    "/v1/users/u1/",
    "/v1/workflows/..%2f..%2fknock.json/trigger",
    `/v1/users/${"a".repeat(8_000)}`,
    "/v1/users/u1?a=%00&b=%ff",
    "/__knock/..%2fv1/users/u1",
    "http://127.0.0.1/v1/nothing",
    "*",
  ])("never cause a server error: %s", (path) =>
    withApi(async (api) => {
      const status = await askRaw(api, path);
      expect(status).toBeGreaterThanOrEqual(200);
      expect(status).toBeLessThan(500);
      expect((await api.request("GET /v1/users/u1")).status).toBe(200);
    }),
  );

  it("are plain ids if they look like file paths, and open no file", () =>
    withApi(async ({ request }) => {
      const workflow = await request("POST /v1/workflows/..%2F..%2Fsecret/trigger", { recipients: ["u1"] });
      expect([workflow.status, workflow.body?.code]).toEqual([404, "workflow_missing"]);
    }));
});

describe("a stop while the machine is busy", () => {
  it("answers requests that have arrived but were not read yet", () =>
    withApi(async (api) => {
      const { port } = new URL(api.url);
      const sockets = await Promise.all(
        Array.from({ length: 20 }, async () => {
          const socket = connect(Number(port), "127.0.0.1");
          await once(socket, "connect");
          return socket;
        }),
      );
      const asking = async (socket: Socket): Promise<string> => {
        socket.write("GET /v1/users/u1 HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer sk_x\r\n\r\n");
        return Promise.race([
          once(socket, "data").then(([answer]) => String(answer).slice(0, 12)),
          once(socket, "close").then(() => "cut off"),
        ]);
      };
      await Promise.all(sockets.map(asking)); // the sockets are idle from here, and a stop closes idle sockets
      const answers = sockets.map(asking);
      const stopped = api.restart();
      for (const until = Date.now() + 100; Date.now() < until; ); // the loop blocks this process's event loop
      expect(new Set(await Promise.all(answers))).toEqual(new Set(["HTTP/1.1 200"]));
      await stopped;
    }));
});

describe("more than a thousand sockets", () => {
  it("receive each its own message, and all are closed with a request to reconnect", () =>
    withApi(async (api) => {
      const { harness, knock, url } = api;
      const users = Array.from({ length: MANY }, (_, index) => `s${index}`);
      await harness.identify(...users.map((id) => ({ id })));
      const before = process.memoryUsage().rss;
      const heard = new Set<string>();
      const closed: Promise<number>[] = [];
      let joined = 0;
      for (let first = 0; first < MANY; first += 100) {
        const chunk = users.slice(first, first + 100).map(async (user) => {
          const socket = new WebSocket(`${url.replace("http", "ws")}/ws/v1/websocket?api_key=pk_test&vsn=2.0.0`);
          socket.on("message", (data) => {
            const [, , , event] = JSON.parse(String(data)) as unknown[];
            if (event === "phx_reply") joined++;
            if (event === "new-message") heard.add(user);
          });
          closed.push(once(socket, "close").then(([code]) => code as number));
          await once(socket, "open");
          socket.send(JSON.stringify(["1", "1", `feeds:c-feed:${user}`, "phx_join", { ref_1: {} }]));
        });
        await Promise.all(chunk);
      }
      await eventually(() => joined === MANY);
      for (let first = 0; first < MANY; first += 600) {
        // Requests are answered at the same time.
        await knock.workflows.trigger("hello", { recipients: users.slice(first, first + 600) });
        await knock.users.get("u1");
      }
      await eventually(() => heard.size === MANY);
      expect(process.memoryUsage().rss - before).toBeLessThan(400 * 1024 * 1024);
      await api.restart();
      expect(new Set(await Promise.all(closed))).toEqual(new Set([1012]));
    }));
});
