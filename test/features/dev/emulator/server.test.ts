import { request } from "node:http";
import { connect } from "node:net";
import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { step } from "../../../helpers/build-steps.js";
import { eventually } from "../../../helpers/eventually.js";
import { openCatalogueEmulator, withApi } from "../../../helpers/test-emulator.js";

/** Sends a request with headers that fetch would not send. */
function raw(url: string, headers: Record<string, string>): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const sent = request(url, { headers }, (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("end", () => resolve({ status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString() }));
    });
    sent.on("error", reject);
    sent.end();
  });
}

const AUTHORIZED = { authorization: "Bearer sk_test" };

describe("access to the emulator", () => {
  it("is denied to a page whose host name points to loopback, with any key", () =>
    withApi(async ({ url }) => {
      const refused = await raw(`${url}/v1/users/u1`, { ...AUTHORIZED, host: "evil.test" });
      expect(refused.status).toBe(403);
      expect(JSON.parse(refused.text)).toMatchObject({
        code: "authorization",
        message: expect.stringContaining("evil.test"),
      });
      expect((await raw(`${url}/__knock/ready`, { host: "evil.test" })).status).toBe(403);
      expect((await raw(`${url}/v1/users/u1`, { ...AUTHORIZED, host: "localhost:1" })).status).toBe(200);
    }));

  it.each<[host: string, name: string, status: number]>([
    ["127.0.0.1", "127.0.0.1:8484", 200],
    ["127.0.0.1", "[::1]:8484", 200],
    ["127.0.0.1", "LOCALHOST", 200],
    ["127.0.0.1", "app.localhost:8484", 200],
    ["127.0.0.1", "knock:8484", 403],
    ["127.0.0.1", "192.168.1.5", 403],
    ["127.0.0.1", "127.0.0.1.evil.test", 403],
    ["127.0.0.1", "api.lark.example", 200],
    ["127.0.0.1", "API.Lark.Example:443", 200],
    ["127.0.0.1", "evil.api.lark.example", 403],
    ["127.0.0.1", "a.b.finch.example", 200],
    ["127.0.0.1", "finch.example", 200],
    ["127.0.0.1", "evilfinch.example", 403],
    ["0.0.0.0", "knock:8484", 200],
    ["0.0.0.0", "host.docker.internal:8484", 200],
    ["0.0.0.0", "ada.local", 200],
    ["0.0.0.0", "192.168.1.5:8484", 200],
    ["0.0.0.0", "[fe80::1]:8484", 200],
    ["0.0.0.0", "api.lark.example", 200],
    ["0.0.0.0", "rebound.example", 403],
    ["0.0.0.0", "192.168.1.5.example", 403],
  ])("on %s by the host name %s has status %i", (host, name, status) =>
    withApi(
      async ({ url }) => {
        const answered = await raw(`${url}/v1/users/u1`, { ...AUTHORIZED, host: name });
        expect(answered.status).toBe(status);
        expect((await raw(`${url}/__knock/messages`, { host: name })).status).toBe(status);
        if (status === 403)
          expect(JSON.parse(answered.text).message).toContain(`--allow-host ${name.replace(/:\d+$/, "")}`);
      },
      { host, allowedHosts: ["api.lark.example", ".finch.example"] },
    ),
  );

  it("to the helpers is denied to pages of other origins", () =>
    withApi(async ({ request, harness }) => {
      const refused = await request("POST /__knock/reset", "{}", {
        origin: "https://evil.test",
        "content-type": "text/plain",
      });
      expect(refused.status).toBe(403);
      expect(refused.headers.get("access-control-allow-origin")).toBeNull();
      expect(await harness.recipient("u1")).toBeDefined();
    }));

  it("A-010, A-018 is allowed to pages of loopback and listed origins for requests with a public key only", () =>
    withApi(async ({ url, harness }) => {
      harness.environment.allowed_origins = ["https://app.test"];
      let page = "https://app.test";
      const allowed = async (method: string, path: string, asked?: string) => {
        const headers = new Headers({ ...AUTHORIZED, origin: page });
        if (asked !== undefined) headers.set("access-control-request-method", asked);
        const response = await fetch(`${url}${path}`, { method, headers });
        return response.headers.get("access-control-allow-origin");
      };
      for (page of [
        "https://app.test",
        "http://localhost:3000",
        "http://127.0.0.1:5173",
        "https://[::1]",
        "http://a.localhost",
      ])
        expect(await allowed("OPTIONS", "/v1/users/u1/feeds/feed", "GET")).toBe(page);
      expect(await allowed("GET", "/v1/users/u1/feeds/none")).toBe(page);
      expect(await allowed("OPTIONS", "/v1/users/u1", "PUT")).toBe(page);
      expect(await allowed("OPTIONS", "/v1/users/u1", "DELETE")).toBeNull();
      expect(await allowed("OPTIONS", "/v1/workflows/hello/trigger", "POST")).toBeNull();
      expect(await allowed("GET", "/v1/users")).toBeNull();
      expect(await allowed("OPTIONS", "/__knock/reset", "POST")).toBeNull();
    }));

  it.each(["https://evil.test", "https://app.test.evil.test", "http://app.test", "http://localhost.evil.test", "null"])(
    "A-018 is denied to pages of %s, and the preflight response says how to allow it",
    (origin) =>
      withApi(async ({ request, harness }) => {
        harness.environment.allowed_origins = ["https://app.test"];
        const headers = { origin, "access-control-request-method": "GET" };
        const preflight = await request("OPTIONS /v1/users/u1/feeds/feed", undefined, headers);
        expect([preflight.status, preflight.headers.get("access-control-allow-origin")]).toEqual([403, null]);
        expect(preflight.body?.message).toContain(`"allowed_origins": ["${origin}"]`);
        const feed = await request("GET /v1/users/u1/feeds/feed", undefined, { origin });
        expect(feed.headers.get("access-control-allow-origin")).toBeNull();
      }),
  );
});

describe("request bodies", () => {
  it("do not delay others if they never end", () =>
    withApi(async ({ request, url }) => {
      const socket = connect(Number(new URL(url).port), "127.0.0.1");
      socket.write(
        "POST /v1/workflows/hello/trigger HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer sk_test\r\nContent-Length: 100\r\n\r\n{",
      );
      expect((await request("GET /v1/users/u1")).status).toBe(200);
      socket.destroy();
      expect((await request("GET /v1/users/u1")).status).toBe(200);
    }));

  it("are rejected before they are read if the announced size is too large", () =>
    withApi(async ({ url }) => {
      const status = await new Promise<string>((resolve, reject) => {
        const socket = connect(Number(new URL(url).port), "127.0.0.1");
        socket.on("error", reject);
        socket.on("data", (chunk: Buffer) => {
          resolve(chunk.toString().split("\r\n")[0] as string);
          socket.destroy();
        });
        socket.write(
          "POST /v1/workflows/hello/trigger HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer sk_test\r\nContent-Length: 999999999\r\n\r\n",
        );
      });
      expect(status).toBe("HTTP/1.1 413 Payload Too Large");
    }));

  it.each<[what: string, body: Buffer, headers: Record<string, string>, message: string]>([
    ["in Latin-1", Buffer.from('{"name":"\u00e9"}', "latin1"), {}, "not valid UTF-8 (first bad byte"],
    ["in UTF-16", Buffer.from('\ufeff{"name":"x"}', "utf16le"), {}, "not valid UTF-8 (first bad byte at offset 0)"],
    ["with compression", gzipSync('{"name":"x"}'), { "content-encoding": "gzip" }, "Content-Encoding: gzip"],
  ])("%s are rejected without an effect", (_what, body, headers, message) =>
    withApi(async ({ request, url }) => {
      const before = await request("GET /v1/users/u1");
      const refused = await fetch(`${url}/v1/users/u1`, {
        method: "PUT",
        headers: { authorization: "Bearer sk_test", ...headers },
        body: new Uint8Array(body),
      });
      expect(refused.status).toBe(400);
      expect(await refused.json()).toMatchObject({ code: "invalid_params", message: expect.stringContaining(message) });
      expect((await request("GET /v1/users/u1")).text).toBe(before.text);
    }),
  );

  it("with the key __proto__ are rejected without an effect", () =>
    withApi(async ({ request }) => {
      const refused = await request("PUT /v1/users/u1", '{"__proto__":{"polluted":true}}');
      expect(refused.status).toBe(422);
      expect(refused.body).toMatchObject({ errors: [{ field: "__proto__" }] });
      expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
    }));

  it("are all answered when many arrive at once", () =>
    withApi(async ({ request, harness }) => {
      const ids = Array.from({ length: 60 }, (_, index) => `many-${index}`);
      const answers = await Promise.all(
        ids.map((id) => request("POST /v1/workflows/hello/trigger", { recipients: [{ id, name: id }] })),
      );
      expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
      expect(await harness.listMessages()).toHaveLength(ids.length);
    }));
});

describe("a stop of the server", () => {
  it("answers requests in progress, then closes the port", async () => {
    const api = await openCatalogueEmulator();
    const { harness } = api;
    harness.define("asking", {
      steps: [
        { ref: "http_fetch_1", type: "http_fetch", settings: { method: "get", url: "https://lark.test/p" } },
        step.feed(),
      ],
    });
    let closed: Promise<void> | undefined;
    harness.respond = () => {
      closed = api.close(); // the request is in progress
      return { status: 200, text: "{}" };
    };
    const started = api.request("POST /v1/workflows/asking/trigger", { recipients: ["u1"] });
    expect((await started).status).toBe(200);
    await closed;
    await expect(api.request("GET /v1/users/u1")).rejects.toThrow();
  });
});

describe("an error of the API", () => {
  it("names the nearest workflow", () =>
    withApi(async ({ request }) => {
      const near = await request("POST /v1/workflows/helo/trigger", { recipients: ["ada"] });
      expect([near.status, near.body?.message]).toEqual([404, 'there is no workflow "helo"; did you mean "hello"?']);
      const far = await request("POST /v1/workflows/zzzzzz/trigger", { recipients: ["ada"] });
      expect([far.status, far.body?.message]).toEqual([404, 'there is no workflow "zzzzzz"']);
    }));
});

describe("helpers for tests under /__knock/", () => {
  it.each<[on: string, body: object | undefined, status: number, hint: string]>([
    ["POST /__knock/rest", {}, 404, "did you mean POST /__knock/reset?"],
    ["GET /__knock/reset", undefined, 404, "did you mean POST /__knock/reset?"],
    ["PUT /__knock/clock", {}, 404, "did you mean GET /__knock/clock or POST /__knock/clock?"],
    ["GET /__knock/nothing-of-the-kind", undefined, 404, "there is GET /__knock/ready, POST /__knock/reset"],
    ["GET /__knock/messages?channel=mial", undefined, 422, 'did you mean "mail"?'],
    ["GET /__knock/messages?channel=email", undefined, 422, 'did you mean "mail"?'],
    ["GET /__knock/messages?workflow=helo", undefined, 422, 'did you mean "hello"?'],
    ["GET /__knock/messages?workflow=of-nothing", undefined, 422, 'is unknown: "of-nothing"; it may be '],
    ["GET /__knock/messages?recipient=u1x", undefined, 422, 'is unknown: user "u1x"; did you mean "u1"?'],
    ["GET /__knock/messages?recipient=projects/p9", undefined, 422, 'is unknown: object "projects/p9"; '],
    ["GET /__knock/messages?workflow_run_id=r9", undefined, 422, 'is unknown: "r9"'],
    ["POST /__knock/seed", {}, 422, "must have at least one of users"],
  ])("suggest the nearest name: %s: %s", (on, body, status, hint) =>
    withApi(async ({ request }) => {
      const answered = await request(on, body, { authorization: "" });
      expect([answered.status, answered.body?.message]).toEqual([status, expect.stringContaining(hint)]);
    }),
  );

  it("return an empty list if the names in the filters are known, also only to the store", () =>
    withApi(async ({ request, harness }) => {
      harness.define("gone", { steps: [step.email()] });
      const { body } = await request("POST /v1/workflows/gone/trigger", { recipients: ["u1"] });
      harness.workflows.delete("gone");
      const run = `workflow_run_id=${String(body?.workflow_run_id)}`;
      for (const query of ["channel=c-feed", "workflow=hello", "workflow=gone&recipient=u2", `${run}&recipient=u2`]) {
        const { status, rows } = await request(`GET /__knock/messages?${query}`);
        expect([query, status, rows]).toEqual([query, 200, []]);
      }
    }));

  it("report with ready where the emulator listens", () =>
    withApi(async ({ request, url }) => {
      expect((await request("GET /__knock/ready", undefined, { authorization: "" })).body).toMatchObject({
        ready: true,
        url,
      });
    }));

  it("delete with reset all data, or all but recipients", () =>
    withApi(async ({ request, harness }) => {
      const trigger = () =>
        request("POST /v1/workflows/hello/trigger", { recipients: ["u1"] }, { "idempotency-key": "k" });
      await trigger();
      expect((await request("POST /__knock/reset", { keep: ["recipients"] })).body).toEqual({
        reset: true,
        kept: ["recipients"],
      });
      expect(await harness.listMessages()).toEqual([]);
      expect((await request("GET /v1/objects/projects/p1/subscriptions")).rows).toHaveLength(2);
      expect((await trigger()).headers.get("idempotent-replayed")).toBeNull();
      expect((await request("POST /__knock/reset")).status).toBe(200);
      expect((await request("GET /v1/users")).rows).toEqual([]);
      expect((await request("POST /__knock/reset", { keep: ["mesages"] })).status).toBe(422);
    }));

  it("accept a recipients file's content in seed repeatedly", () =>
    withApi(async ({ request }) => {
      const content = {
        users: [{ id: "ada", name: "Ada" }],
        objects: [{ collection: "projects", id: "p9" }],
        subscriptions: [{ object: { collection: "projects", id: "p9" }, recipient: "ada" }],
        audiences: { beta: ["ada", "bo"] },
      };
      const counted = { users: 1, objects: 1, tenants: 0, subscriptions: 1, audience_members: 2 };
      expect((await request("POST /__knock/seed", content)).body).toEqual(counted);
      await request("POST /__knock/reset");
      expect((await request("POST /__knock/seed", content)).body).toEqual(counted);
      expect((await request("GET /v1/users/ada")).body).toMatchObject({ name: "Ada" });
      const refused = await request("POST /__knock/seed", { users: [{ name: "x" }] });
      expect(refused.status).toBe(422);
      expect(refused.body).toMatchObject({ errors: [{ field: "users[0].id" }] });
    }));

  it("reject an unknown name before any change", () =>
    withApi(async ({ request, harness }) => {
      for (const [on, body, field] of [
        ["POST /__knock/reset", { kept: ["recipients"] }, "kept"],
        ["POST /__knock/clock", { advance: "1h", forse: true }, "forse"],
        ["POST /__knock/idle", { timout: "1s" }, "timout"],
        ["POST /__knock/faults", { channel: "email", status: 500, time: 1 }, "time"],
        ["GET /__knock/messages?recipent=u1", undefined, "recipent"],
      ] as const) {
        const refused = await request(on, body);
        expect([refused.status, refused.body]).toMatchObject([422, { errors: [{ field }] }]);
      }
      expect(await harness.recipient("u1")).toBeDefined();
      expect((await request("POST /__knock/reset", { kep: [] })).body).toMatchObject({
        message: 'unknown key "kep"; did you mean "keep"?',
      });
      expect((await request("POST /__knock/scenes", { id: "w1" })).body).toMatchObject({
        message: 'unknown key "id"; no properties are expected',
      });
      expect((await request("POST /__knock/clock", {})).body).toMatchObject({
        message: "the body must have exactly one of advance, set, freeze and reset",
      });
    }));

  it("move the clock, and report what ran", () =>
    withApi(async ({ request }) => {
      await request("POST /v1/workflows/paused/trigger", { recipients: ["u1"] });
      const moved = await request("POST /__knock/clock", { advance: "1h" });
      expect(moved.body).toMatchObject({
        now: "2025-06-04T11:00:00.000Z",
        frozen: false,
        offset_ms: 3_600_000,
        ran: [{ recipient: "u1", workflow: "paused", at: "2025-06-04T10:10:00.000Z" }],
      });
      expect((await request("POST /__knock/clock", { freeze: true })).body).toMatchObject({ frozen: true, ran: [] });
      expect((await request("POST /__knock/clock", { set: "2025-06-04T09:00:00Z" })).status).toBe(422);
      expect((await request("POST /__knock/clock", { freeze: "2025-06-04T09:30:00Z" })).status).toBe(422);
      const frozen = await request("POST /__knock/clock", { freeze: "2025-06-04T09:30:00Z", force: true });
      expect(frozen.body).toMatchObject({ now: "2025-06-04T09:30:00.000Z", frozen: true });
      const back = await request("POST /__knock/clock", { set: "2025-06-04T09:00:00Z", force: true });
      expect(back.body).toMatchObject({ now: "2025-06-04T09:00:00.000Z" });
      expect((await request("POST /__knock/clock", { reset: true })).body).toMatchObject({
        offset_ms: 0,
        frozen: false,
      });
      for (const body of [{}, { advance: "soon" }, { advance: "1h", reset: true }, { set: "soon" }])
        expect((await request("POST /__knock/clock", body)).status).toBe(422);
    }));

  it("wait with idle until nothing is due", () =>
    withApi(async ({ request, harness }) => {
      await request("POST /v1/workflows/paused/trigger", { recipients: ["u1"] });
      harness.now += 3_600_000;
      expect((await request("POST /__knock/idle", { timeout: "5s" })).body).toEqual({ idle: true });
      expect(await harness.listMessages("u1")).toHaveLength(1);
      expect((await request("POST /__knock/idle", { timeout: "soon" })).status).toBe(422);
    }));

  it("wait with idle also for bulk operations", () =>
    withApi(async ({ request }) => {
      const users = Array.from({ length: 200 }, (_, index) => ({ id: `bulk-${index}` }));
      const { body } = await request("POST /v1/users/bulk/identify", { users });
      expect((await request("POST /__knock/idle")).body).toEqual({ idle: true });
      const after = await request(`GET /v1/bulk_operations/${body?.id}`);
      expect(after.body).toMatchObject({ status: "completed", success_count: 200 });
    }));

  it("return messages with their content, by recipient, oldest first", () =>
    withApi(async ({ request }) => {
      await request("POST /v1/workflows/hello/trigger", { recipients: ["u1", "u2"], data: { n: 7 } });
      const { rows } = await request("GET /__knock/messages?recipient=u1", undefined, { authorization: "" });
      expect(rows).toMatchObject([
        { recipient: "u1", channel: { key: "mail" }, content: { data: { html_body: "<p>7</p>" } } },
        { recipient: "u1", channel: { key: "feed" }, content: { data: { blocks: [{}] } } },
      ]);
      expect((await request("GET /__knock/messages?channel=mail&workflow=hello")).rows).toHaveLength(2);
      expect((await request("GET /__knock/messages?recipient[id]=p1&recipient[collection]=projects")).rows).toEqual([]);
      await request("POST /v1/workflows/hello/trigger", { recipients: [{ collection: "projects", id: "p1" }] });
      expect((await request("GET /__knock/messages?recipient=projects/p1")).rows).toMatchObject([
        { recipient: { id: "p1", collection: "projects" }, channel: { key: "feed" } },
      ]);
      expect((await request("GET /__knock/messages?recipient=a/b/c")).status).toBe(422);
    }));

  it("report that more messages exist than were returned", () =>
    withApi(async ({ request }) => {
      const recipients = Array.from({ length: 501 }, (_, index) => ({ id: `m${index}`, email: "m@knock.test" }));
      await request("POST /v1/workflows/hello/trigger", { recipients });
      const { rows, body } = await request("GET /__knock/messages");
      expect([rows.length, body?.more]).toEqual([1_000, true]);
      expect((await request("GET /__knock/messages?recipient=m7")).body?.more).toBe(false);
    }));
});

describe("the due worker", () => {
  it("runs due work without a request", () =>
    withApi(async ({ request, harness }) => {
      await request("POST /v1/workflows/paused/trigger", { recipients: ["u1"] });
      harness.now += 3_600_000;
      await eventually(async () => (await harness.listMessages("u1")).length > 0);
      expect(await harness.listMessages("u1")).toHaveLength(1);
    }));
});
