import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, expect } from "vitest";
import { openSqliteStore } from "../../src/store/sqlite/open-sqlite-store.js";
import { inProcessTest } from "../helpers/run-in-process.js";
import { cliTest as it } from "../helpers/run-knock.js";

const MINUTE = 60_000;

describe.concurrent("several processes that move the clock", () => {
  it("add up three advances by 30 minutes to 90, and run each due run once", async ({ collab }) => {
    await collab.knock(["clock", "freeze", "2030-01-01T10:00:00Z"]);
    await collab.knock(["notify", "new-comment", "-r", "ada,grace,lin", "--set", "page=Home"]);
    const moves = await Promise.all([1, 2, 3].map(() => collab.knock(["clock", "advance", "30m", "--json"])));
    expect(moves.map(({ exitCode, stderr }) => [exitCode, stderr])).toEqual([1, 2, 3].map(() => [0, ""]));
    expect(moves.map(({ json }) => json.now).sort()).toEqual([
      "2030-01-01T10:30:00.000Z",
      "2030-01-01T11:00:00.000Z",
      "2030-01-01T11:30:00.000Z",
    ]);
    expect((await collab.knock(["clock", "--json"])).json.now).toBe("2030-01-01T11:30:00.000Z");
    expect(moves.flatMap(({ json }) => json.ran)).toHaveLength(3);
  });

  it("add up their advances for a running clock as well", async ({ collab }) => {
    await Promise.all([1, 2, 3].map(() => collab.knock(["clock", "advance", "30m"])));
    const { json } = await collab.knock(["clock", "--json"]);
    expect(Number(json.offset_ms)).toBeGreaterThanOrEqual(89 * MINUTE);
    expect(Number(json.offset_ms)).toBeLessThan(91 * MINUTE);
  });

  it("take over the lease of a process that died after it expires", async ({ collab }) => {
    await collab.openStore();
    const store = await openSqliteStore(collab.path(".knock-local/store.db"));
    const now = Date.now();
    expect(await store.claimClock({ token: "dead", leaseMs: 3_000 })).toBe(true);
    expect(await store.claimClock({ token: "other", leaseMs: 3_000 })).toBe(false);
    await store.close();
    const { exitCode } = await collab.knock(["clock", "advance", "1h"]);
    expect(exitCode).toBe(0);
    expect(Date.now()).toBeGreaterThanOrEqual(now + 3_000);
  });
});

describe.concurrent("an earlier time", () => {
  inProcessTest("needs no --force while the store contains no runs", async ({ collab }) => {
    await collab.knock(["clock", "set", "2030-06-04T10:00:00Z"]);
    const set = await collab.knock(["clock", "set", "2029-01-01T10:00:00Z", "--json"]);
    expect([set.exitCode, set.stderr]).toEqual([0, ""]);
    const frozen = await collab.knock(["clock", "freeze", "2028-01-01T10:00:00Z", "--json"]);
    expect(frozen.json).toMatchObject({ now: "2028-01-01T10:00:00.000Z", frozen: true });
  });

  inProcessTest("needs --force for freeze and set once there are runs", async ({ collab }) => {
    await collab.knock(["clock", "freeze", "2030-06-04T10:00:00Z"]);
    await collab.knock(["notify", "welcome", "-r", "ada"]);
    for (const command of ["freeze", "set"]) {
      const refused = await collab.knock(["clock", command, "2029-06-04T10:00:00Z"]);
      expect(refused.exitCode).toBe(2);
      expect(refused.stderr).toMatch(
        /^error: the clock is at 20\d\d-06-04 10:00:00Z; 2029-06-04 10:00:00Z is before that\nhint: Use --force/,
      );
      const forced = await collab.knock(["clock", command, "2029-06-04T10:00:00Z", "--force", "--json"]);
      expect(forced.json).toMatchObject({ now: "2029-06-04T10:00:00.000Z", frozen: true });
      await collab.knock(["clock", "set", "2031-06-04T10:00:00Z"]);
    }
  });
});

describe("failed deliveries during a clock move", () => {
  it("are reported by clock advance, with the reason", async ({ ops }) => {
    let asked = 0;
    const server = createServer((_request, response) => {
      asked++;
      response.writeHead(503).end("down");
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    try {
      ops.write("knock/workflows/hook/workflow.json", {
        name: "Hook",
        steps: [
          { ref: "delay_1", type: "delay", settings: { delay_for: { unit: "minutes", value: 5 } } },
          {
            ref: "http_1",
            type: "channel",
            channel_type: "http",
            channel_key: "down",
            template: { method: "post", url: `http://127.0.0.1:${port}/hook`, body: "{}" },
          },
        ],
      });
      const environment = JSON.parse(ops.read("knock/environment.json"));
      environment.private_addresses = ["127.0.0.1"];
      environment.channels = { ...environment.channels, down: { type: "http", deliver: true } };
      ops.write("knock/environment.json", environment);
      await ops.knock(["clock", "freeze", "2030-01-01T10:00:00Z"]);
      await ops.knock(["notify", "hook", "-r", "marta"]);
      const first = await ops.knock(["clock", "advance", "5m", "--json"]);
      expect(first.json.failed_deliveries).toEqual([
        {
          message_id: expect.any(String),
          recipient_run_id: expect.any(String),
          recipient: "marta",
          workflow: "hook",
          step_ref: "http_1",
          channel: "down",
          status: "queued",
          attempts: 1,
          reason: expect.stringContaining("503"),
          at: "2030-01-01T10:05:00.000Z",
        },
      ]);
      expect(first.json.ran).toMatchObject([
        { steps: [{}, { ref: "http_1", outcome: "queued", message_status: "queued" }] },
      ]);
      const last = await ops.knock(["clock", "advance", "1d", "--expect", "no-failures"]);
      expect([last.exitCode, last.stderr]).toEqual([1, expect.stringContaining("no-failures: failed is 1")]);
      expect(last.stdout).toMatch(
        /^delivery failed:\n {2}\S+ \S+ {2}hook {2}marta {2}down undelivered \(.*503.*\) {2}\w{27}$/m,
      );
      expect(asked).toBe(8);
      const nothing = await ops.knock(["clock", "advance", "1d", "--json", "--expect", "no-failures"]);
      expect(nothing.exitCode).toBe(0);
      expect(nothing.json).not.toHaveProperty("failed_deliveries");
      await ops.knock(["notify", "hook", "-r", "marta"]);
      const all = await ops.knock(["clock", "advance", "2d", "--expect", "marta:http_1=undelivered"]);
      expect([all.exitCode, all.stderr]).toEqual([0, expect.stringContaining("✓")]);
      expect(all.stdout).toMatch(/^ {2}\S+ \S+ {2}hook {2}marta {2}.*down undelivered/m);
      expect(all.stdout).not.toContain("sent");
    } finally {
      server.close();
    }
  });
});
