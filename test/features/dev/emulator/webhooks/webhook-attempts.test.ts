import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { WEBHOOK_EVENTS, type Webhook } from "../../../../../src/domain/environment/webhook.js";
import { Webhooks } from "../../../../../src/features/dev/emulator/webhooks/webhooks.js";
import type { Delivery } from "../../../../../src/ports/provider.js";
import { outboundHttpClient } from "../../../../../src/providers/outbound-http-client.js";
import type { JsonObject } from "../../../../../src/util/json.js";
import { step } from "../../../../helpers/build-steps.js";
import { MINUTE } from "../../../../helpers/case-times.js";
import { EngineHarness } from "../../../../helpers/engine-harness.js";
import { eventually } from "../../../../helpers/eventually.js";
import { type HttpTestServer, startHttpTestServer } from "../../../../helpers/http-test-server.js";
import { openTestEmulator } from "../../../../helpers/test-emulator.js";

let harness: EngineHarness;
let target: HttpTestServer;
let configured: Webhook[];
const running: Webhooks[] = [];

beforeEach(async () => {
  harness = await EngineHarness.open();
  target = await startHttpTestServer();
  configured = [{ url: target.url, events: null, signing_key: null }];
  harness.define("mail", { steps: [step.email()] });
  harness.define("feed", { steps: [step.feed()] });
});

afterEach(async () => {
  for (const one of running.splice(0)) await one.stop();
  await harness.close();
  await target.close();
});

/** The time limit of attempts that must not end while a test runs, however slow the machine is. */
const NO_TIMEOUT_MS = 3_600_000;

/** The webhooks of the local API, with pauses short enough to wait for. */
async function tell({ timeout_ms = NO_TIMEOUT_MS, most_open = 2_000 } = {}): Promise<Webhooks> {
  const errors: unknown[] = [];
  const webhooks = new Webhooks(
    {
      log: harness.logs.outbound,
      fetcher: outboundHttpClient,
      readConfiguration: async () => ({ webhooks: configured, environment: "development", private_addresses: [] }),
      onAttempt: () => {},
      first_pause_ms: 1,
      timeout_ms,
      max_open_entries: most_open,
    },
    { operations: harness.engine, readVariable: () => undefined, onError: (error) => errors.push(error) },
  );
  running.push(webhooks);
  await eventually(async () => configured.length === 0 || (await readParts()).length > 0);
  expect(errors).toEqual([]);
  return webhooks;
}

type Rows = Record<string, unknown>[];

/** Runs a query of either store. */
async function readAll(sql: string): Promise<Rows> {
  const { db } = harness.store as unknown as { db: { all(sql: string): Rows | Promise<Rows> } };
  return db.all(sql);
}

const readRows = (table: string): Promise<Rows> => readAll(`SELECT * FROM ${table}`);

/** Reads what the log has while events are recorded: its tables in a file, a row in a database. */
const readParts = (): Promise<Rows> =>
  process.env.KNOCK_TEST_STORE === "postgres"
    ? readRows("outbound_watch")
    : readAll("SELECT name FROM sqlite_schema WHERE name LIKE 'outbound_%'");

const of = (type: string): JsonObject[] => target.requests.map(({ json }) => json).filter((json) => json.type === type);

describe("webhook attempts (A-922)", () => {
  it("end after eight, and the event is dropped and not sent again", async () => {
    configured = [{ url: target.url, events: ["message.delivered"], signing_key: null }];
    target.respondWith({ status: 500 });
    const webhooks = await tell();
    await harness.trigger("feed", { recipients: ["ana"] });
    const dropped = await eventually(() => webhooks.list().find(({ state }) => state === "dropped") ?? null);
    expect((dropped.attempts as JsonObject[]).map(({ status }) => status)).toEqual(Array(8).fill(500));
    await webhooks.stop();
    expect(await readRows("outbound_events")).toEqual([]);
    expect(target.requests).toHaveLength(8);
  });

  it("time out without a response, and the next one may succeed", async () => {
    configured = [{ url: target.url, events: ["message.delivered"], signing_key: null }];
    target.respondWith({ fault: "silent" }, {});
    const webhooks = await tell({ timeout_ms: 2_000 });
    await harness.trigger("feed", { recipients: ["ana"] });
    const delivered = await eventually(() => webhooks.list().find(({ state }) => state === "delivered") ?? null);
    expect(delivered.attempts).toMatchObject([{ status: null, error: "no response within 2 s" }, { status: 200 }]);
  });
});

describe("a webhook that hangs", () => {
  const DELIVERED = ["message.delivered"];
  const heard = ({ requests }: HttpTestServer): unknown[] =>
    requests.map(({ json }) => (json.data as JsonObject).recipient);

  it("does not delay others, for many events; others receive no event twice after a restart", async () => {
    const silent = await startHttpTestServer();
    silent.respondWith({ fault: "silent" });
    configured = [
      { url: silent.url, events: DELIVERED, signing_key: null },
      { url: target.url, events: DELIVERED, signing_key: null },
    ];
    const webhooks = await tell({ most_open: 20 });
    const names = Array.from({ length: 150 }, (_, index) => `r${index}`);
    await harness.identify(...[...names, "last"].map((id) => ({ id })));
    for (const name of names) await harness.trigger("feed", { recipients: [name] });
    await eventually(() => target.requests.length === names.length);
    expect(new Set(heard(target))).toEqual(new Set(names));
    expect(silent.requests.length).toBeLessThanOrEqual(8);
    await webhooks.stop();
    // The silent webhook now receives all events, in their order.
    silent.respondWith({ status: 200 });
    const before = silent.requests.length;
    const again = await tell({ most_open: 20 });
    await eventually(() => silent.requests.length === before + names.length);
    expect(new Set(heard(silent).slice(before))).toEqual(new Set(names));
    await harness.trigger("feed", { recipients: ["last"] });
    await eventually(() => heard(silent).at(-1) === "last" && heard(target).at(-1) === "last");
    expect(target.requests).toHaveLength(names.length + 1);
    await again.stop();
    expect([await readRows("outbound_events"), await readRows("outbound_taken")]).toEqual([[], []]);
    await silent.close();
  });

  it("is dropped when it is removed from the configuration, and a new one receives only later events", async () => {
    const silent = await startHttpTestServer();
    silent.respondWith({ fault: "silent" });
    configured = [
      { url: silent.url, events: DELIVERED, signing_key: null },
      { url: target.url, events: DELIVERED, signing_key: null },
    ];
    await tell();
    await harness.trigger("feed", { recipients: ["ana"] });
    await eventually(() => silent.requests.length === 1 && target.requests.length === 1);
    expect((await readRows("outbound_events")).length).toBeGreaterThan(0);
    configured = configured.slice(1);
    await eventually(async () => (await readRows("outbound_events")).length === 0);
    silent.respondWith({ status: 200 });
    configured = [...configured, { url: `${silent.url}/new`, events: DELIVERED, signing_key: null }];
    await eventually(async () => {
      await harness.trigger("feed", { recipients: ["bo"] });
      return silent.requests.some(({ path }) => path === "/new");
    });
    expect(silent.requests.filter(({ path }) => path === "/new").map(({ json }) => json.data)).not.toContainEqual(
      expect.objectContaining({ recipient: "ana" }),
    );
    await silent.close();
  });

  it("does not affect an added one, which receives no earlier events, not even after a restart", async () => {
    const silent = await startHttpTestServer();
    silent.respondWith({ fault: "silent" });
    configured = [{ url: silent.url, events: DELIVERED, signing_key: null }];
    const webhooks = await tell({ most_open: 2 });
    await harness.identify(...["a", "b", "c", "d", "new"].map((id) => ({ id })));
    for (const name of ["a", "b", "c", "d"]) await harness.trigger("feed", { recipients: [name] });
    await eventually(() => silent.requests.length === 2);
    configured = [...configured, { url: target.url, events: DELIVERED, signing_key: null }];
    const added = async (): Promise<boolean> => {
      await harness.trigger("feed", { recipients: ["new"] });
      return target.requests.length > 0;
    };
    await eventually(added);
    await webhooks.stop();
    silent.respondWith({ status: 200 });
    const again = await tell();
    await eventually(() => new Set(heard(silent)).size === 5);
    await eventually(async () => (await readRows("outbound_events")).length === 0);
    await again.stop();
    expect(new Set(heard(target))).toEqual(new Set(["new"]));
    expect(await readRows("outbound_taken")).toEqual([]);
    await silent.close();
  });

  it("has no pending events after its removal from the configuration", async () => {
    const silent = await startHttpTestServer();
    silent.respondWith({ fault: "silent" });
    const kept = { url: target.url, events: DELIVERED, signing_key: null };
    configured = [{ url: silent.url, events: DELIVERED, signing_key: null }, kept];
    const webhooks = await tell();
    await harness.trigger("feed", { recipients: ["ana"] });
    await eventually(() => silent.requests.length === 1 && target.requests.length === 1);
    configured = [kept];
    await eventually(async () => (await readRows("outbound_events")).length === 0);
    expect(webhooks.list().map(({ state }) => state)).toEqual(["dropped", "delivered"]);
    await silent.close();
  });
});

describe("the reader of the log", () => {
  it("is one of two processes, and the other takes over when the first has stopped", async () => {
    configured = [{ url: target.url, events: ["message.delivered"], signing_key: null }];
    const [first, second] = [await tell(), await tell()];
    await harness.trigger("feed", { recipients: ["ana"] });
    await eventually(() => of("message.delivered").length === 1);
    expect([first.list().length, second.list().length]).toEqual([1, 0]);
    await first.stop();
    await harness.trigger("feed", { recipients: ["bo"] });
    await eventually(() => second.list().length > 0 && of("message.delivered").length === 2);
    expect(of("message.delivered").map(({ data }) => (data as JsonObject).recipient)).toEqual(["ana", "bo"]);
  });

  it("leaves no part of the log in the store without webhooks", async () => {
    await tell();
    expect((await readParts()).length).toBeGreaterThan(0);
    configured = [];
    await eventually(async () => (await readParts()).length === 0);
    await harness.trigger("feed", { recipients: ["ana"] });
    expect(target.requests).toEqual([]);
  });
});

describe("event types and their data (A-923, A-924)", () => {
  it("cover deliveries", async () => {
    await tell();
    const answers: Delivery[] = [
      { status: "failed", retryable: true, reason: "busy" },
      { status: "sent" },
      { status: "failed", retryable: false, reason: "no" },
      { status: "bounced", reason: "gone", token: "t1" },
    ];
    harness.deliver = () => answers.shift() ?? { status: "delivered" };
    await harness.trigger("mail", { recipients: ["ana"] });
    await harness.at(MINUTE);
    for (const recipient of ["bo", "dee", "eli"]) await harness.trigger("mail", { recipients: [recipient] });
    const counts = { sent: 1, delivered: 1, delivery_attempted: 2, undelivered: 1, bounced: 1 };
    await eventually(() => Object.entries(counts).every(([type, count]) => of(`message.${type}`).length === count));
    expect(of("message.sent")).toMatchObject([{ event_data: null, data: { recipient: "ana", status: "sent" } }]);
    const attempted = of("message.delivery_attempted").map(({ event_data }) => event_data);
    for (const retryable of [true, false])
      expect(attempted).toContainEqual({ __typename: "EventData", attempt: 1, max_attempts: 8, retryable });
    expect(of("message.undelivered").map(({ event_data }) => event_data)).toEqual([
      { __typename: "EventData", failure_reason: "fatal_error", failure_details: "no" },
    ]);
    expect(of("message.bounced").map(({ event_data }) => event_data)).toEqual([
      { __typename: "EventData", failure_reason: "fatal_error", failure_details: "gone", token: "t1" },
    ]);
  });

  it("cover actions of readers, and nothing else", async () => {
    await tell();
    await harness.trigger("feed", { recipients: ["ana"] });
    const [message] = await harness.listMessages("ana");
    const actions = ["seen", "unseen", "read", "unread", "archived", "unarchived", "link_clicked"] as const;
    for (const action of actions) await harness.markMessage(message!, action);
    await harness.engine.markMessages([message!.id], "interacted", { place: "header" });
    await eventually(() => of("message.interacted").length === 1);
    await eventually(() => actions.every((action) => of(`message.${action}`).length > 0));
    expect(of("message.interacted")[0]?.event_data).toEqual({ __typename: "EventData", place: "header" });
    const types = new Set(target.requests.map(({ json }) => String(json.type)));
    expect([...types].filter((type) => !WEBHOOK_EVENTS.includes(type))).toEqual([]);
  });
});

describe("a trigger that arrives before the webhooks of a new store are read", () => {
  it("waits until its events are recorded", async () => {
    const emulator = await openTestEmulator(harness, {
      webhooks: {
        log: harness.logs.outbound,
        fetcher: outboundHttpClient,
        readConfiguration: async () => {
          await new Promise((resolve) => setTimeout(resolve, 50)); // a slow disk
          return { webhooks: configured, environment: "development", private_addresses: [] };
        },
        onAttempt: () => {},
      },
    });
    try {
      const { status } = await emulator.request("POST /v1/workflows/feed/trigger", { recipients: ["ana"] });
      expect(status).toBe(200);
      await eventually(() => of("message.delivered").length === 1);
    } finally {
      await emulator.close();
    }
  });
});
