import Knock from "@knocklabs/node";
import { afterAll, beforeAll, expect, it } from "vitest";
import { getGuideId } from "../../../../src/domain/guide/guide.js";
import { ROUTES } from "../../../../src/features/dev/emulator/route-table.js";
import { createOutageSetup, OUTAGES, type OutageSetup, removeOutageSetup } from "../../../helpers/database-outages.js";
import { eventually } from "../../../helpers/eventually.js";
import { describeOnPostgres, PostgresServer, withClient } from "../../../helpers/postgres-server.js";
import { openProjectApi, type ProjectApi } from "../../../helpers/project-emulator.js";
import type { Files } from "../../../helpers/temporary-project.js";

interface Answer {
  status: number;
  code: string | null;
  retryAfter: string | null;
  shouldRetry: string | null;
}

const PARTS: Record<string, string> = {
  user_id: "ada",
  collection: "projects",
  object_id: "p1",
  id: "default",
  channel_id: "feed",
  message_id: "2abcdefghijklmnopqrstuvwxyz",
  key: "hello",
  type: "email",
  action: "read",
};

const PROJECT = { collection: "projects", id: "p1" };
const SCHEDULE = { workflow: "hello", recipients: ["ada"], repeats: [{ frequency: "daily" }] };
const MESSAGES = { message_ids: ["2abcdefghijklmnopqrstuvwxyz"] };
const SUBSCRIPTION = { recipients: ["ada"] };
const ENGAGEMENT = {
  guide_key: "tour",
  guide_id: getGuideId("tour"),
  channel_id: "tours",
  guide_step_ref: "one",
  content: { body: "Hi" },
  data: {},
  is_final: true,
};
const SLACK = `access_token_object=${encodeURIComponent(JSON.stringify(PROJECT))}`;
const TEAMS = `ms_teams_tenant_object=${encodeURIComponent(JSON.stringify(PROJECT))}&team_id=t`;

/** The bodies of requests that a route accepts. */
const BODIES: Record<string, unknown> = {
  "POST /v1/audiences/{key}/members": { create_audience: true, members: [{ user: { id: "ada" } }] },
  "DELETE /v1/audiences/{key}/members": { members: [{ user: { id: "ada" } }] },
  "POST /v1/channels/{channel_id}/messages/bulk/{action}": {},
  "POST /v1/notify": { name: "hello", recipients: ["ada"], actor: "bo" },
  "POST /v1/notify/cancel": { name: "hello", cancellation_key: "k" },
  "POST /v1/objects/{collection}/bulk/delete": { object_ids: ["p1"] },
  "POST /v1/objects/{collection}/bulk/set": { objects: [{ id: "p1" }] },
  "POST /v1/objects/{collection}/bulk/subscriptions/add": { subscriptions: [{ id: "p1", recipients: ["ada"] }] },
  "POST /v1/objects/{collection}/bulk/subscriptions/delete": { subscriptions: [{ id: "p1", recipients: ["ada"] }] },
  "PUT /v1/objects/{collection}/{object_id}/channel_data/{channel_id}": { data: { tokens: ["t"] } },
  "POST /v1/objects/{collection}/{object_id}/subscriptions": SUBSCRIPTION,
  "DELETE /v1/objects/{collection}/{object_id}/subscriptions": SUBSCRIPTION,
  "POST /v1/schedules": SCHEDULE,
  "PUT /v1/schedules": { schedule_ids: ["71b2b1f8-6a0c-4d67-8f0a-0a1b2c3d4e5f"], data: {} },
  "DELETE /v1/schedules": { schedule_ids: ["71b2b1f8-6a0c-4d67-8f0a-0a1b2c3d4e5f"] },
  "POST /v1/schedules/bulk/create": { schedules: [{ ...SCHEDULE, recipients: undefined, recipient: "ada" }] },
  "POST /v1/tenants/bulk/set": { tenants: ["acme"] },
  "POST /v1/users/bulk/delete": { user_ids: ["ada"] },
  "POST /v1/users/bulk/identify": { users: [{ id: "ada" }] },
  "POST /v1/users/bulk/preferences": { user_ids: ["ada"], preferences: {} },
  "PUT /v1/users/{user_id}/channel_data/{channel_id}": { data: { tokens: ["t"] } },
  "POST /v1/users/{user_id}/merge": { from_user_id: "bo" },
  "PUT /v1/workflows/{key}/run": { recipients: ["ada"], environment: "development" },
  "POST /v1/workflows/{key}/cancel": { cancellation_key: "k" },
  "POST /v1/workflows/{key}/trigger": { recipients: ["ada"] },
};

function buildBody(endpoint: string): unknown {
  if (endpoint in BODIES) return BODIES[endpoint];
  if (endpoint.includes("/messages/batch/")) return MESSAGES;
  if (endpoint.includes("/guides/")) return ENGAGEMENT;
  return /\/(channel_types|categories|workflows)\/\{/.test(endpoint) ? { subscribed: true } : {};
}

function buildQuery(endpoint: string): string {
  if (endpoint.includes("/slack/")) return SLACK;
  if (endpoint.includes("/ms-teams/")) return TEAMS;
  if (endpoint.startsWith("GET /v1/messages/batch/")) return `message_ids=${MESSAGES.message_ids[0]}`;
  if (endpoint.startsWith("POST /v1/tenants/bulk/delete")) return "tenant_ids[]=acme";
  return endpoint === "GET /v1/schedules" ? "workflow=hello" : "";
}

function buildRequest(endpoint: string): string {
  const path = endpoint.replace(/\{(\w+)\}/g, (_, name: string) =>
    endpoint.includes("/feeds/") && name === "id" ? "feed" : (PARTS[name] ?? name),
  );
  const query = buildQuery(endpoint);
  return query === "" ? path : `${path}?${query}`;
}

/** The routes that use no store. */
const WITHOUT_STORE = ["GET /v1/bulk_operations/{id}", "GET /v1/users/{user_id}/feeds/{id}/settings"];

const FILES: Files = {
  "knock/message-types/banner/message_type.json": {
    name: "Banner",
    preview: "<p></p>",
    variants: [{ key: "default", name: "Default", fields: [{ type: "markdown", key: "body", label: null }] }],
  },
  "knock/guides/tour/guide.json": {
    name: "Tour",
    channel_key: "tours",
    active: true,
    steps: [
      {
        ref: "one",
        schema_key: "banner",
        schema_semver: "0.1.0",
        schema_variant_key: "default",
        values: { body: "Hi" },
      },
    ],
  },
};

describeOnPostgres("knock dev on a database", () => {
  let setup: OutageSetup;
  let api: ProjectApi;

  beforeAll(async () => {
    setup = await createOutageSetup((settings) => PostgresServer.start({ settings }));
    api = await openProjectApi(FILES, { store: setup.location });
  });
  afterAll(async () => {
    await api?.close();
    if (setup) await removeOutageSetup(setup);
  });

  async function send(endpoint: string, body?: unknown): Promise<Answer> {
    const [method = "", path = ""] = endpoint.split(" ");
    const isManagement = /\/run$|api_keys|whoami/.test(path);
    const response = await fetch(`${api.url}${path}`, {
      method,
      headers: { authorization: `Bearer ${isManagement ? "knock_st_test" : "sk_test"}` },
      body: method === "GET" || body === undefined ? null : JSON.stringify(body),
    });
    const { code } = ((await response.json().catch(() => null)) ?? {}) as { code?: string };
    const [retryAfter, shouldRetry] = ["retry-after", "x-should-retry"].map((name) => response.headers.get(name));
    return {
      status: response.status,
      code: code ?? null,
      retryAfter: retryAfter ?? null,
      shouldRetry: shouldRetry ?? null,
    };
  }

  const UNAVAILABLE = { status: 503, retryAfter: "5", shouldRetry: null };

  it("answers every route with 503 and Retry-After while the server is stopped, so that the official client tries again", async () => {
    const knock = new Knock({ apiKey: "sk_test", baseURL: api.url });
    // The management API answers from the project's files and from the account, which is a file of its own.
    const routes = ROUTES.filter(
      ({ unavailable, requiresServiceToken }) => unavailable === undefined && !requiresServiceToken,
    ).map(({ endpoint }) => endpoint);
    const usingStore = routes.filter((endpoint) => !WITHOUT_STORE.includes(endpoint));
    await setup.server.stop();
    const triggered = knock.workflows.trigger("hello", { recipients: ["ada"] });
    try {
      const answers = await Promise.all(
        usingStore.map(async (endpoint) => [endpoint, await send(buildRequest(endpoint), buildBody(endpoint))]),
      );
      expect(answers).toEqual(usingStore.map((endpoint) => [endpoint, { ...UNAVAILABLE, code: "unreachable" }]));
    } finally {
      await setup.server.resume();
    }
    expect(await triggered).toEqual({ workflow_run_id: expect.any(String) });
  });

  it.for([
    ["a full disk", "53100"],
    ["too little memory", "53200"],
    ["a limit of its configuration", "53400"],
    ["an object in use", "55006"],
    ["an idle session", "57P05"],
    ["a failing disk", "58030"],
    ["an error of its own", "XX000"],
    ["a missing right", "42501"],
  ])("answers with 503 and Retry-After if the server reports %s", async ([, state]) => {
    const run = (sql: string) => withClient(setup.location, (client) => client.query(sql));
    await run(`
      CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'no' USING ERRCODE = '${state}'; END $$;
      CREATE TRIGGER fail BEFORE INSERT ON workflow_runs EXECUTE FUNCTION fail()`);
    try {
      const answer = await send("POST /v1/workflows/hello/trigger", { recipients: ["ada"] });
      expect(answer).toMatchObject({ ...UNAVAILABLE, code: "store_unusable" });
    } finally {
      await run("DROP FUNCTION fail CASCADE");
    }
  });

  it.for(OUTAGES)("is not ready during $name, and is ready afterwards", async (outage, { skip }) => {
    if (outage.needsDisk && setup.disk === null) skip();
    const trigger = () => send("POST /v1/workflows/hello/trigger", { recipients: ["ada"] });
    const isReady = async () => (await send("GET /__knock/ready")).status === 200;
    expect(await isReady()).toBe(true);
    await outage.begin(setup);
    try {
      await eventually(async () => !(await isReady()));
      expect(await send("GET /__knock/ready")).toMatchObject(UNAVAILABLE);
      expect(await send("POST /v1/users/bulk/identify", { users: [{ id: "cy" }] })).toMatchObject(UNAVAILABLE);
      if (outage.isStop) return;
      // Connections that are open may work until they end.
      const { status, ...answer } = await trigger();
      if (status !== 200) expect({ status, ...answer }).toMatchObject(UNAVAILABLE);
    } finally {
      await outage.end(setup);
      await eventually(isReady);
    }
    await eventually(async () => (await trigger()).status === 200);
  });
});
