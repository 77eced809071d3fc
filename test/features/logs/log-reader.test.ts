import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { toRecipientKey } from "../../../src/domain/recipient/recipient.js";
import { LogReader } from "../../../src/features/logs/log-reader.js";
import type { RunFilter } from "../../../src/ports/filters.js";
import type { JsonObject } from "../../../src/util/json.js";
import { EngineHarness } from "../../helpers/engine-harness.js";
import { createDatabase, describeOnPostgres, dropDatabase } from "../../helpers/postgres-server.js";

const URL = "https://api.example.com/tasks?id=7";
const WORKFLOW: JsonObject = {
  steps: [
    { ref: "read", type: "http_fetch", settings: { method: "get", url: URL } },
    { ref: "feed", type: "channel", channel_key: "feed", template: { markdown_body: "Hi" } },
  ],
};

function describeReader(open: () => Promise<EngineHarness>): void {
  it("reads requests of fetch steps and events of sources once, with the filters of runs", async () => {
    const harness = await open();
    const { engine, logs, store } = harness;
    const read = (filter: RunFilter = {}) => {
      const sources = { listEvents: logs.sources.list.bind(logs.sources) };
      return new LogReader(engine, sources, filter);
    };
    const reader = read();
    harness.environment.fetch.allow.push(URL);
    harness.define("task", WORKFLOW);
    harness.respond = (_request, attempt) => ({ status: attempt === 1 ? 200 : 404, text: "{}" });
    const { workflow_run_id } = await harness.trigger("task", { recipients: ["ana"] });
    await engine.runDue({});
    const inserted_at = new Date(harness.now).toISOString();
    const event = { id: "e-1", source: "shop", event_type: "paid", timestamp: inserted_at, received_at: inserted_at };
    await logs.sources.begin({ ...event, user_id: "ana", idempotency_key: null, error: null }, harness.now);
    const first = await reader.readNew(50);
    expect(
      first
        .filter(({ kind }) => kind === "request" || kind === "source")
        .map(({ text }) => text)
        .sort(),
    ).toEqual([`GET ${URL} → 200`, "paid received"]);
    const trigger = { action_type: "workflows_trigger", outcome: "done", about: "task" } as const;
    await logs.sources.finish("e-1", [{ ...trigger, workflow_run_id, error: null }], true);
    await harness.trigger("task", { recipients: ["bo"] });
    await engine.runDue({});
    const later = await reader.readNew(0);
    expect(later.filter(({ kind }) => kind === "request" || kind === "source")).toMatchObject([
      { event: "step_request", is_error: true, text: `GET ${URL} → 404`, step: "read", source: null, recipient: "bo" },
    ]);
    const listSources = async (filter: RunFilter) =>
      (await read(filter).readNew(50)).filter(({ kind }) => kind === "source").map(({ text }) => text);
    const selected = ["paid received: 1 of 1 actions done"];
    for (const filter of [{ workflow: "task" }, { workflow_run_id }, { recipient: toRecipientKey("ana") }])
      expect(await listSources(filter)).toEqual(selected);
    for (const filter of [{ workflow: "other" }, { recipient: toRecipientKey("bo") }, { tenant: "acme" }])
      expect(await listSources(filter)).toEqual([]);
    await store.close();
  });
}

describe("the log of an SQLite store", () => {
  describeReader(() => EngineHarness.open());
});

describeOnPostgres("the log of a PostgreSQL store", () => {
  let url: string;
  beforeAll(async () => {
    url = await createDatabase();
  });
  afterAll(() => dropDatabase(url));

  describeReader(() => EngineHarness.open({ database: url }));
});
