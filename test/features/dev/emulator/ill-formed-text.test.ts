import { expect, it } from "vitest";
import { ROUTES } from "../../../../src/features/dev/emulator/route-table.js";
import type { JsonObject } from "../../../../src/util/json.js";
import { eventually } from "../../../helpers/eventually.js";
import { startHttpTestServer } from "../../../helpers/http-test-server.js";
import { createDatabase } from "../../../helpers/postgres-server.js";
import { openProjectApi } from "../../../helpers/project-emulator.js";
import { withApi } from "../../../helpers/test-emulator.js";

const HALF = "cut \ud83d";
const NUL = "nul \u0000";
const BOTH = { text: HALF, [HALF]: [NUL], [NUL]: { [HALF]: NUL } };
const STORED = {
  text: "cut \ufffd",
  "cut \ufffd": ["nul \ufffd"],
  "nul \ufffd": { "cut \ufffd": "nul \ufffd" },
};

const query = (filter: object): string => encodeURIComponent(JSON.stringify(filter));

it("stores text that is not well-formed as well-formed text, and every read of it works", () =>
  withApi(async ({ request }) => {
    const accept = async (endpoint: string, body: unknown): Promise<void> => {
      const { status, text } = await request(endpoint, body);
      expect(status, `${endpoint}: ${text}`).toBeLessThan(300);
    };
    await accept("PUT /v1/users/u1", { name: HALF, ...BOTH });
    await accept("PUT /v1/objects/projects/p1", { name: NUL, ...BOTH });
    await accept("PUT /v1/tenants/acme", { name: HALF, ...BOTH });
    await accept("POST /v1/objects/projects/p1/subscriptions", { recipients: ["u1"], properties: BOTH });
    await accept("POST /v1/schedules", {
      recipients: ["u1"],
      workflow: "hello",
      scheduled_at: "2099-01-01T00:00:00Z",
      data: BOTH,
    });
    const recipients = [{ id: "u1", ...BOTH, $trigger_data: BOTH }];
    await accept("POST /v1/workflows/hello/trigger", { recipients, tenant: "acme", data: { n: HALF, ...BOTH } });
    await accept("POST /v1/workflows/paused/trigger", { recipients: ["u2"], actor: { id: "u1", ...BOTH }, data: BOTH });
    const { rows } = await request("GET /v1/messages?workflow=hello");
    expect(rows.map(({ data }) => data)).toMatchObject([STORED, STORED]);
    for (const { id } of rows)
      await accept(`PUT /v1/messages/${String(id)}/interacted`, { metadata: { text: NUL, [HALF]: NUL } });

    const pairs = query({ text: "cut \ufffd" });
    expect((await request(`GET /v1/messages?trigger_data=${pairs}`)).rows).toHaveLength(2);
    expect((await request(`GET /v1/messages?trigger_data=${query({ text: HALF })}`)).rows).toHaveLength(2);
    expect((await request(`GET /v1/users/u1/feeds/feed?trigger_data=${pairs}`)).rows).toHaveLength(1);
    expect((await request(`GET /v1/tenants?name=${encodeURIComponent("cut \ufffd")}`)).rows).toMatchObject([
      { id: "acme", ...STORED },
    ]);
    const lists = ROUTES.filter(
      ({ endpoint, unavailable }) => endpoint.startsWith("GET /v1/") && unavailable === undefined,
    );
    for (const { endpoint } of lists) {
      const path = endpoint
        .replace("{user_id}", "u1")
        .replace("{collection}", "projects")
        .replace("{object_id}", "p1")
        .replace("{message_id}", String(rows[0]?.id))
        .replace(/\{channel_id\}|\{id\}$/, "feed");
      expect((await request(path)).status, path).toBeLessThan(500);
    }
  }));

it.each([HALF, NUL, "a/b", "x".repeat(257)])(
  "A-202 E-051 refuses the tenant %j of a member, as it refuses an ID",
  (tenant) =>
    withApi(async ({ request }) => {
      const members = [{ user: "u1", tenant }];
      const { status, body } = await request("POST /v1/audiences/vip/members?create_audience=true", { members });
      expect([status, body]).toMatchObject([422, { errors: [{ field: "members[0].tenant" }] }]);
    }),
);

const FEED_STEP = { ref: "feed_1", type: "channel", channel_type: "in_app_feed", channel_key: "feed" };
/** Prints every text of the data in all the ways in which a half could get into a text. */
const BODY =
  "{{ data | json }} {{ text }} {{ text | split: '' | last }} {{ text | slice: -1 }} {{ text | url_encode }}";

/** Matches half a surrogate pair, also as an escape sequence inside a text. */
const ANY_HALF = /\p{Surrogate}|\\u[dD][89a-fA-F]/u;

it.each([
  ["SQLite", async () => ":memory:"],
  ["PostgreSQL", createDatabase],
])("returns no half of a surrogate pair of a fetch or a source's event, with a store in %s", async (_name, create) => {
  const server = await startHttpTestServer();
  server.respondWith({ text: JSON.stringify(BOTH) });
  const mapping = { event_type: "done", action_type: "workflows_trigger", active: true };
  const fetchStep = {
    ref: "fetch_1",
    type: "http_fetch",
    settings: { method: "post", url: server.url, body: "{{ data | json }}" },
  };
  const throttleStep = {
    ref: "throttle_1",
    type: "throttle",
    settings: { throttle_key: "text", throttle_limit: 2, throttle_window: { unit: "hours", value: 1 } },
  };
  const step = { ...FEED_STEP, template: { markdown_body: BODY } };
  const api = await openProjectApi(
    {
      "knock/environment.json": { fetch: { allow: [server.url] } },
      "knock/workflows/fetching/workflow.json": { name: "Fetching", steps: [fetchStep, throttleStep, step] },
      "knock/workflows/evented/workflow.json": { name: "Evented", steps: [fetchStep, throttleStep, step] },
      "knock/sources/tasks/source.json": {
        settings: { event_type_path: "type" },
        mappings: [{ ...mapping, action_parameters: { workflow_key: "evented", recipients: "users", data: "data" } }],
      },
    },
    { store: await create() },
  );
  try {
    await api.trigger("fetching", "ada");
    const event = { type: "done", users: ["ada"], data: BOTH };
    await api.request("POST /__knock/sources/tasks", event);
    await eventually(async () => {
      const { body } = await api.request("GET /__knock/messages");
      return (body.items as JsonObject[]).length === 2;
    });
    const doors = ["messages", "sources", "page/runs", "page/messages", "page/requests"].map(
      (door) => `GET /__knock/${door}`,
    );
    for (const door of [...doors, "GET /v1/messages", "GET /v1/users/ada/feeds/feed"]) {
      const { body } = await api.request(door);
      expect(JSON.stringify(body), door).not.toMatch(ANY_HALF);
    }
    for (const { text } of server.requests) expect(text).not.toMatch(ANY_HALF);
  } finally {
    await api.close();
    await server.close();
  }
});
