import { expect, onTestFinished } from "vitest";
import { openPostgresStore } from "../../src/store/postgres/open-postgres-store.js";
import type { JsonObject } from "../../src/util/json.js";
import { startHttpTestServer } from "../helpers/http-test-server.js";
import { createDatabase, describeOnPostgres, dropDatabase } from "../helpers/postgres-server.js";
import { inProcessTest as it } from "../helpers/run-in-process.js";

const feed = (markdown_body: string): JsonObject => ({
  ref: "feed_1",
  type: "channel",
  channel_type: "in_app_feed",
  channel_key: "inbox",
  template: { markdown_body },
});

describeOnPostgres("knock replay of a PostgreSQL store without a change of the files", () => {
  it("repeats batches, cancellations, responses and events, and finds no difference", async ({ shop }) => {
    const location = await createDatabase();
    onTestFinished(() => dropDatabase(location));
    await (await openPostgresStore(location, { createForTests: true })).close();
    const server = await startHttpTestServer();
    onTestFinished(() => server.close());
    server.respondWith({ json: { name: "Ship it" } });
    const environment = JSON.parse(shop.read("knock/environment.json")) as JsonObject;
    shop.write("knock/environment.json", { ...environment, fetch: { allow: [server.url] } });
    const steps: JsonObject[] = [
      {
        ref: "fetch_1",
        type: "http_fetch",
        settings: { method: "get", url: server.url, response_path: "task" },
      },
      { ref: "batch_1", type: "batch", settings: { batch_window: { unit: "hours", value: 1 } } },
      feed("{{ total_activities }}: {% for item in activities %}{{ item.task.name }} {{ item.n }} {% endfor %}"),
    ];
    shop.write("knock/workflows/fresh/workflow.json", { name: "Fresh", steps });
    const knock = async (...args: string[]) => {
      const result = await shop.knock([...args, "--store", location]);
      expect(result.exitCode, result.stderr).toBe(0);
      return result;
    };
    await knock("clock", "freeze", "2026-03-02T10:00:00Z");
    for (const n of [1, 2, 3]) {
      const recipient = JSON.stringify({ id: "ines", $trigger_data: { n } });
      await knock("notify", "fresh", "-r", recipient, "--cancellation-key", `k${n}`);
      await knock("clock", "advance", "1m");
    }
    await knock("cancel", "fresh", "k2");
    await knock("notify", "order-paid", "-r", "ines", "--set", "number=A-1", "--set", "total:=9");
    const event = {
      type: "order.packed",
      id: "evt-1",
      customer: { id: "ines" },
      order: { number: "A-1", packer: "Jo" },
    };
    await knock("sources", "send", "shop-system", "--data", JSON.stringify(event));
    await knock("clock", "advance", "3d");
    const { json: runs } = await knock("runs", "list", "--workflow", "fresh", "--json");
    const opener = String((runs.items as JsonObject[]).at(-1)?.id);
    expect((await knock("runs", "show", opener, "--json")).json).toMatchObject({
      data: { n: 3 },
      trigger_data: { n: 1 },
    });
    const { json } = await knock("replay", "--json");
    expect(json).toMatchObject({ recipients: [], rejected: [], summary: { before: 3, equal: 3 } });
  });
});
