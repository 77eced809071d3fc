import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { getExitCode, KnockError } from "../../src/errors/knock-error.js";
import { type ApiClient, type ApiClientOptions, createApiClient } from "../../src/remote/api-client.js";
import { eventually } from "../helpers/eventually.js";
import { type StubApi, type StubResponse, startStubApi } from "../helpers/stub-api.js";
import { buildClientOptions, catchRejection, createFakeClock } from "./open-options.js";

let api: StubApi;
let time: ReturnType<typeof createFakeClock>;
const clients: ApiClient[] = [];

function openWith(more: Partial<ApiClientOptions>): ApiClient {
  const client = createApiClient(buildClientOptions(api, { sleep: time.sleep, now: time.now, ...more }));
  clients.push(client);
  return client;
}

/** Sets the responses to GET /v1/x, one for each try. */
function replies(...answers: StubResponse[]): void {
  api.expect(...answers.map((reply) => ({ method: "GET", path: "/v1/x", reply })));
}

beforeEach(async () => {
  api = await startStubApi();
  time = createFakeClock();
});
afterEach(async () => {
  for (const client of clients.splice(0)) await client.close();
  await api.finish();
});

const OK: StubResponse = { json: { id: "1" } };

/** One request at a time uses Node's client, several use undici. */
describe.each([
  ["Node's client", 1],
  ["undici", 4],
])("with %s", (_name, concurrency) => {
  const open = (more: Partial<ApiClientOptions> = {}): ApiClient => openWith({ concurrency, ...more });

  describe("one request", () => {
    it("A-002, A-003, A-016 sends its standard headers and returns the complete response", async () => {
      const body = { recipients: ["ü"] };
      api.expect({
        method: "POST",
        path: "/v1/x?a=b",
        headers: { "user-agent": "knock-cli/test", "x-knock-branch": null, extra: "1" },
        body,
        reply: { status: 201, json: { id: "ü" }, headers: { "X-Thing": "t" } },
      });
      const client = open();
      const headers = {
        Authorization: `Bearer ${api.apiKey}`,
        Accept: "application/json",
        "Content-Type": "application/json",
        "User-Agent": "knock-cli/test",
        extra: "1",
      };
      const answer = await client.send({ method: "POST", path: "/v1/x?a=b", headers, body });
      expect(answer).toMatchObject({ status: 201, text: '{"id":"ü"}', headers: { "x-thing": "t" } });
    });

    it("A-015 sends the branch, and keeps the path of the base URL as a prefix", async () => {
      api.expect({ method: "GET", path: "/gate/v1/x", headers: { "x-knock-branch": "feat-1" }, reply: OK });
      await open({ branch: "feat-1", baseUrl: `${api.url}/gate/` }).call("GET", "/v1/x");
    });

    it("reuses its connection for the next request", async () => {
      replies(OK, OK, OK);
      const client = open();
      const ports = new Set<string | undefined>();
      for (let i = 0; i < 3; i++) ports.add((await client.call("GET", "/v1/x")).headers.connection);
      expect([...ports]).toEqual(["keep-alive"]);
    });
  });

  describe("retries (A-040, A-041)", () => {
    it.each([
      ["HTTP 503", { status: 503, json: {} }],
      ["a timeout of the server", { status: 408, json: {} }],
      ["a conflict", { status: 409, json: {} }],
      ["a dropped connection", { drop: true }],
      ["a truncated body", { text: '{"id":"1"}', cutAfter: 4 }],
    ] as [string, StubResponse][])("follow %s after half a second, then a second", async (_name, bad) => {
      replies(bad, bad, OK);
      expect((await open().call("GET", "/v1/x")).text).toBe('{"id":"1"}');
      expect(time.slept).toEqual([500, 1_000]);
    });

    it("stop after two, and the error reports them", async () => {
      const bad: StubResponse = { status: 502, text: "<html>Bad gateway</html>" };
      replies(bad, bad, bad);
      const error = await catchRejection(open().call("GET", "/v1/x"));
      expect(error).toMatchObject({ code: "remote_failed", status: 502, request_id: "req_stub" });
      expect((error as KnockError).message).toMatch(/HTTP 502 after 3 tries/);
      expect(getExitCode(error)).toBe(7);
    });

    it("run as often as configured", async () => {
      replies({ status: 500 });
      await catchRejection(open({ retries: 0 }).call("GET", "/v1/x"));
      expect(time.slept).toEqual([]);
    });

    it("wait as long as either header of the server says", async () => {
      replies(
        { status: 429, headers: { "retry-after": "7" } },
        { status: 429, headers: { "retry-after-ms": "40" } },
        OK,
      );
      await open().call("GET", "/v1/x");
      expect(time.slept).toEqual([7_000, 40]);
    });

    it("do not wait longer than a minute, and the error says when to try again", async () => {
      replies({ status: 429, headers: { "retry-after": "3600" }, json: { code: "rate_limit", message: "Slow down" } });
      const error = await catchRejection(open().call("GET", "/v1/x"));
      expect(error).toMatchObject({
        code: "rate_limited",
        message: "Slow down (rate_limit)",
        hint: "Try again in 1h.",
      });
      expect(getExitCode(error)).toBe(8);
      expect(time.slept).toEqual([]);
    });

    it("follow x-should-retry", async () => {
      replies({ status: 503, headers: { "x-should-retry": "false" } });
      await catchRejection(open().call("GET", "/v1/x"));
      replies({ status: 400, headers: { "x-should-retry": "true" } }, OK);
      await open().call("GET", "/v1/x");
      expect(time.slept).toEqual([500]);
    });

    it.each([400, 401, 403, 404, 413, 422])("do not follow HTTP %i", async (status) => {
      replies({ status, json: { code: "c", message: "m" } });
      expect(await catchRejection(open().call("GET", "/v1/x"))).toMatchObject({
        status,
        message: expect.stringContaining("m"),
      });
    });

    it("stop waiting on an interruption", async () => {
      replies({ status: 503, headers: { "retry-after": "50" } });
      const controller = new AbortController();
      const calling = catchRejection(open({ sleep: undefined }).call("GET", "/v1/x", { signal: controller.signal }));
      await eventually(() => api.requests.length === 1);
      controller.abort();
      expect(await calling).toMatchObject({ code: "interrupted" });
    });

    it("are stopped by the client's signal, also if a call has its own", async () => {
      replies({ status: 503, headers: { "retry-after": "50" } });
      const controller = new AbortController();
      const { signal } = new AbortController();
      const client = open({ sleep: undefined, signal: controller.signal });
      const calling = catchRejection(client.call("GET", "/v1/x", { signal }));
      await eventually(() => api.requests.length === 1);
      controller.abort();
      expect(await calling).toMatchObject({ code: "interrupted" });
    });
  });

  describe("an unreachable API", () => {
    /** A reserved port without a server. Another test could get a port that was just free. */
    const PORT = 1;

    it("names the host and the cause of a refused connection", async () => {
      const error = await catchRejection(open({ baseUrl: `http://127.0.0.1:${PORT}` }).call("GET", "/v1/x"));
      expect(error).toMatchObject({
        code: "unreachable",
        message: `could not reach 127.0.0.1:${PORT}: the connection was refused (tried 3 times)`,
        hint: expect.stringContaining("knock dev"),
      });
      expect(getExitCode(error)).toBe(7);
      expect(time.slept).toEqual([500, 1_000]);
    });

    it("gets two retries of many, until it has responded once", async () => {
      await catchRejection(open({ baseUrl: `http://127.0.0.1:${PORT}`, retries: 5 }).call("GET", "/v1/x"));
      expect(time.slept).toEqual([500, 1_000]);
      time.slept.splice(0);
      replies(OK, ...Array.from({ length: 6 }, (): StubResponse => ({ drop: true })));
      const client = open({ retries: 5 });
      await client.call("GET", "/v1/x");
      await catchRejection(client.call("GET", "/v1/x"));
      expect(time.slept).toEqual([500, 1_000, 2_000, 4_000, 8_000]);
    });

    it("reports an unknown host name", async () => {
      // The system repeats a lost question to its name server after five seconds.
      const options = { baseUrl: "https://nowhere.invalid", retries: 0, timeoutMs: 60_000 };
      const error = await catchRejection(open(options).call("GET", "/v1/x"));
      expect(error).toMatchObject({
        code: "unreachable",
        message: expect.stringMatching(/^could not reach nowhere\.invalid: (?:unknown host name|the host name)/),
      });
    });

    it("reports a slow server, with the time limit of one try", async () => {
      // The limit also applies to the try that succeeds, and each try has to arrive, so it is long enough for a busy machine.
      const timeoutMs = 950;
      const silent = { ...OK, delay: 600_000 };
      replies(silent, silent, OK);
      expect((await open({ timeoutMs }).call("GET", "/v1/x")).status).toBe(200);
      replies(silent);
      const error = await catchRejection(open({ timeoutMs, retries: 0 }).call("GET", "/v1/x"));
      expect(error).toMatchObject({
        code: "unreachable",
        message: expect.stringMatching(/: no response within 950 ms$/),
      });
    });

    it("reports https spoken to a server of plain http", async () => {
      const error = await catchRejection(
        open({ baseUrl: api.url.replace("http:", "https:"), retries: 0 }).call("GET", "/v1/x"),
      );
      expect(error).toMatchObject({ code: "unreachable", message: expect.stringMatching(/does not speak TLS/) });
    });
  });

  describe("invalid responses", () => {
    it("are not retried if they are not HTTP", async () => {
      replies({ raw: "SSH-2.0-OpenSSH_9.6\r\n" });
      const error = await catchRejection(open().call("GET", "/v1/x"));
      expect(error).toMatchObject({
        code: "remote_failed",
        message: expect.stringMatching(/Knock API: it sent a response that is not HTTP/),
      });
    });

    it("are reported if the body breaks off every time", async () => {
      const cut: StubResponse = { text: '{"id":"1"}', cutAfter: 4 };
      replies(cut, cut, cut);
      const error = await catchRejection(open().call("GET", "/v1/x"));
      expect(error).toMatchObject({ code: "remote_failed", status: 200, request_id: "req_stub" });
      expect((error as KnockError).message).toMatch(
        /did not respond like the Knock API: it closed the connection during the response/,
      );
    });

    it("are reported if the body is larger than 20 MB", async () => {
      replies({ text: "x".repeat(20 * 1024 * 1024 + 1) });
      const error = await catchRejection(open().call("GET", "/v1/x"));
      expect(error).toMatchObject({
        code: "remote_failed",
        message: expect.stringMatching(/larger than 20 MB/),
        request_id: "req_stub",
      });
    });

    it.each([
      ["a web page", { text: "<html>Welcome to the café</html>" }, /web page/],
      ["a truncated document", { text: '{"id":"1' }, /incomplete JSON/],
      ["an empty response", { status: 204 }, /empty/],
      ["a list", { json: [1] }, /not a JSON object/],
      ["another shape", { json: { name: "x" } }, /no "id"/],
      ["an id that is not a string", { json: { id: 7 } }, /no "id"/],
    ] as [string, StubResponse, RegExp][])(
      "are reported for %s in place of the object",
      async (_name, reply, words) => {
        replies(reply);
        const client = open();
        const answer = await client.call("GET", "/v1/x");
        let thrown: unknown;
        try {
          client.responseReader.readObject(answer, "id");
        } catch (error) {
          thrown = error;
        }
        expect(thrown).toMatchObject({ code: "remote_failed", status: answer.status, request_id: "req_stub" });
        expect((thrown as KnockError).message).toMatch(/did not respond like the Knock API/);
        expect((thrown as KnockError).message).toMatch(words);
        expect((thrown as KnockError).message).not.toContain("café");
      },
    );

    it.each([[{ items: 7 }], [{ items: [7] }], [{ items: [{}] }], [{}]])(
      "are reported for %j in place of a page",
      async (json) => {
        replies({ json });
        const client = open();
        const answer = await client.call("GET", "/v1/x");
        expect(() => client.responseReader.readPage(answer, "id")).toThrow(/did not respond like the Knock API/);
      },
    );

    it("include redirects, which are not followed because they would forward the key", async () => {
      replies({ status: 302, headers: { location: "https://elsewhere.example.com/v1/x" } });
      const error = await catchRejection(open().call("GET", "/v1/x"));
      expect(error).toMatchObject({
        code: "remote_failed",
        status: 302,
        hint: expect.stringContaining("elsewhere.example.com"),
      });
      expect(api.requests).toHaveLength(1);
    });
  });

  describe("the API key", () => {
    it("is not in errors, even if the server repeats it", async () => {
      const key = api.apiKey;
      const echo = (status: number): StubResponse => ({
        status,
        headers: { "x-request-id": key, "x-should-retry": "false" },
        json: { code: key, message: `Bearer ${key} is no good`, errors: [{ field: key, message: key }] },
      });
      for (const status of [401, 403, 404, 409, 422, 429, 500]) {
        replies(echo(status));
        const error = (await catchRejection(open().call("GET", "/v1/x"))) as KnockError;
        expect(
          JSON.stringify([
            error,
            error.message,
            error.stack,
            error.hint,
            error.details,
            error.request_id,
            String(error.cause),
          ]),
        ).not.toContain(key);
      }
    });

    it.each([{ drop: true }, { raw: "nonsense\r\n\r\n" }, { text: "abcdef", cutAfter: 2 }] as StubResponse[])(
      "is not in the error of a broken connection: %j",
      async (reply) => {
        replies(reply);
        const error = (await catchRejection(open({ retries: 0 }).call("GET", "/v1/x"))) as KnockError;
        const cause = error.cause as Error;
        expect(
          JSON.stringify([
            error,
            cause,
            cause.stack,
            Object.getOwnPropertyNames(cause).map((name) => (cause as never)[name]),
          ]),
        ).not.toContain(api.apiKey);
      },
    );

    it.each(["", "sk_test 1", "sk_test_1\n", "sk_tést"])("%j is rejected without being shown", (apiKey) => {
      let thrown: unknown;
      try {
        open({ apiKey });
      } catch (error) {
        thrown = error;
      }
      expect(thrown).toMatchObject({ code: "authentication", hint: expect.any(String) });
      if (apiKey !== "")
        expect(JSON.stringify([(thrown as KnockError).message, (thrown as KnockError).hint])).not.toContain(apiKey);
    });

    it("and a branch that cannot be a header are usage errors", () => {
      expect(() => open({ branch: "a\r\nX-Evil: 1" })).toThrow(KnockError);
    });
  });
});
