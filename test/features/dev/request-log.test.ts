import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { LoggedRequest } from "../../../src/features/dev/dev-schemas.js";
import { RequestLog } from "../../../src/features/dev/request-log.js";
import { Output, type Verbosity } from "../../../src/output/output.js";

const TRIGGER: LoggedRequest = {
  method: "POST",
  path: "/v1/workflows/hello/trigger",
  status: 200,
  took_ms: 3.6,
  workflow_run_id: "0198",
  error: null,
};

async function logging(verbosity: Partial<Verbosity> = {}): Promise<{ log: RequestLog; lines(): string[] }> {
  let text = "";
  const stream = {
    write(more: string) {
      text += more;
      return true;
    },
  };
  const output = await Output.open({ stdout: { write: () => expect.fail("no result") }, stderr: stream, env: {} });
  output.verbosity = { json: false, quiet: false, verbose: false, ...verbosity };
  return { log: new RequestLog(output), lines: () => text.split("\n").slice(0, -1) };
}

describe("the log of requests", () => {
  beforeEach(() => vi.useFakeTimers());
  afterEach(() => vi.useRealTimers());

  it.each<[string, Partial<LoggedRequest>, string | null]>([
    ["a request that writes", {}, "200 POST /v1/workflows/hello/trigger  4 ms  run 0198"],
    [
      "a rejected request with its reason",
      { method: "GET", path: "/v1/users/x?a=1", status: 404, workflow_run_id: null, error: "not there" },
      "404 GET /v1/users/x?a=1  4 ms  not there",
    ],
    [
      "a helper that changes something",
      { path: "/__knock/reset", workflow_run_id: null },
      "200 POST /__knock/reset  4 ms",
    ],
    ["a long path truncated", { path: `/v1/${"x".repeat(300)}` }, `200 POST /v1/${"x".repeat(156)}…  4 ms  run 0198`],
    [
      "control characters escaped",
      { path: "/v1/\u009b31m", error: "no \u001b]0;x\u0007 \u202e", status: 422 },
      "422 POST /v1/\\u009b31m  4 ms  no \\u001b]0;x\\u0007 \\u202e",
    ],
    [
      "A-444 probable mistakes in the request below it",
      { warnings: ["/x starts with the unknown scope \u001b"] },
      "200 POST /v1/workflows/hello/trigger  4 ms  run 0198\nwarning: /x starts with the unknown scope \\u001b",
    ],
    [
      "a rejected channel",
      { method: "JOIN", path: "feeds:feed:u1", status: 403, workflow_run_id: null, error: "not yours" },
      "403 JOIN feeds:feed:u1  4 ms  not yours",
    ],
    [
      "a rejected socket",
      { method: "GET", path: "/ws/v1/websocket", status: 403, workflow_run_id: null, error: "no key" },
      "403 GET /ws/v1/websocket  4 ms  no key",
    ],
    ["no request that only reads", { method: "GET" }, null],
    ["no request that a browser makes by itself", { method: "GET", path: "/favicon.ico", status: 404 }, null],
    ["no preflight request", { method: "OPTIONS", status: 204 }, null],
  ])("shows %s", async (_what, over, line) => {
    const { log, lines } = await logging();
    log.add({ ...TRIGGER, ...over });
    expect(lines()).toEqual(line === null ? [] : line.split("\n"));
  });

  it("shows up to 20 requests per second, then the number of further ones", async () => {
    const { log, lines } = await logging();
    for (let count = 0; count < 50; count++) log.add(TRIGGER);
    expect(lines()).toHaveLength(20);
    vi.advanceTimersByTime(1_000);
    expect(lines().slice(20)).toEqual(["… and 30 more requests (use --verbose to show all)"]);
    log.add(TRIGGER);
    vi.advanceTimersByTime(1_000);
    expect(lines()).toHaveLength(22);
  });

  it("shows every request with --verbose, none with --quiet, and documents with --json", async () => {
    const verbose = await logging({ verbose: true });
    for (let count = 0; count < 50; count++) verbose.log.add({ ...TRIGGER, method: "GET" });
    expect(verbose.lines()).toHaveLength(50);
    const quiet = await logging({ quiet: true });
    quiet.log.add(TRIGGER);
    expect(quiet.lines()).toEqual([]);
    const json = await logging({ json: true });
    json.log.add(TRIGGER);
    json.log.add({ ...TRIGGER, path: "/v1/\u009b31m" });
    expect(json.lines().join("")).not.toContain("\u009b");
    expect(json.lines().map((line) => JSON.parse(line))).toEqual([
      { request: TRIGGER },
      { request: { ...TRIGGER, path: "/v1/\u009b31m" } },
    ]);
  });
});
