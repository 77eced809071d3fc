import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parseTrigger } from "../../src/domain/trigger/parse-trigger.js";
import { createRequestGuard } from "../../src/domain/trigger/recipient-guard.js";
import { KnockError } from "../../src/errors/knock-error.js";
import { type ApiClient, createApiClient } from "../../src/remote/api-client.js";
import { openRemote } from "../../src/remote/open-remote.js";
import type { Json, JsonObject } from "../../src/util/json.js";
import { getPropertyRuns } from "../helpers/get-property-runs.js";
import { RUN_ID } from "./api-bodies.js";
import { buildClientOptions } from "./open-options.js";

const ALLOW = ["*@example.com", "user:qa-*", "object:projects/qa-*", "phone:+1555*", "token:test-*"];
const guardRequest = createRequestGuard([{ allow: ALLOW, source: "knock.json", origin: "project" }]);

/** Every disallowed identity contains this text or this number, so that a leak is found in any part of a request. */
const OUTSIDER = "outsider";
const OUTSIDE_NUMBER = "20790";

const received: string[] = [];
const server = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on("data", (chunk: Buffer) => chunks.push(chunk));
  request.on("end", () => {
    received.push(
      `${request.method} ${decodeURIComponent(request.url ?? "")} ${Buffer.concat(chunks).toString("utf8")}`,
    );
    response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify({ workflow_run_id: RUN_ID }));
  });
});
let options: ReturnType<typeof buildClientOptions>;
let client: ApiClient;

beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  options = buildClientOptions({ url, apiKey: "sk_test_1" }, { guardRequest });
  client = createApiClient(options);
});
afterAll(async () => {
  await client.close();
  await new Promise((resolve) => server.close(resolve));
});

/** A value, and whether it contains an identity that the guard must refuse. */
interface Sample<T extends Json = Json> {
  value: T;
  isOutside: boolean;
}

const inside = <T extends Json>(value: T): Sample<T> => ({ value, isOutside: false });
const outside = <T extends Json>(value: T): Sample<T> => ({ value, isOutside: true });

const padding = fc.constantFrom("", " ", "\n", "\t", "\u200b", "\u00a0");
const suffix = fc.stringMatching(/^[a-z0-9]{1,5}$/);

const userId = fc.oneof(
  { weight: 5, arbitrary: suffix.map((text) => inside(`qa-${text}`)) },
  {
    weight: 1,
    arbitrary: fc
      .tuple(fc.constantFrom("", "qa", "QA-", "qа-", " qa-", "-qa-", "user:qa-", "@example.com "), suffix, padding)
      .map(([prefix, text, end]) => outside(`${prefix}${OUTSIDER}${text}${end}`)),
  },
  { weight: 1, arbitrary: fc.constantFrom("@example.com", "qa-1@example.com").map((text) => outside(OUTSIDER + text)) },
);
const email = fc.oneof(
  { weight: 5, arbitrary: suffix.map((text) => inside(`${text}@${text.length % 2 ? "example" : "Example"}.com`)) },
  {
    weight: 2,
    arbitrary: fc
      .constantFrom<(text: string) => string>(
        (text) => `${text}@acme.com`,
        (text) => `${text}@acme.com,qa@example.com`,
        (text) => `qa@example.com, ${text}@acme.com`,
        (text) => `"qa@example.com" <${text}@acme.com>`,
        (text) => `${text}@acme.com (qa@example.com`,
        (text) => `${text}@acme.com\r\nX: @example.com`,
        (text) => `${text}@example.com.acme.com`,
        (text) => `${text}@EXAMPLE.COM.`,
        (text) => `${text}@exаmple.com`,
        (text) => `${text}@example.com `,
        (text) => `${text}@sub.example.com`,
        (text) => `user:${text}@example.com`,
      )
      .map((build) => outside(build(OUTSIDER))),
  },
);
const phone = fc.oneof(
  fc.constant(inside("+15550100")),
  fc.constantFrom(`+44${OUTSIDE_NUMBER}`, `+1555${OUTSIDE_NUMBER}, +44`, `1555${OUTSIDE_NUMBER}`).map(outside),
);
const token = fc.oneof(
  { weight: 4, arbitrary: suffix.map((text) => inside(`test-${text}`)) },
  { weight: 1, arbitrary: fc.constantFrom("", "Test-", "test ", " test-").map((text) => outside(text + OUTSIDER)) },
);

/** Combines samples in an object or list, which is outside if one of its parts is. */
const combine = (parts: Readonly<Record<string, fc.Arbitrary<Sample>>>, requiredKeys: string[] = []) =>
  fc.record(parts, { requiredKeys }).map(
    (record): Sample<JsonObject> => ({
      value: Object.fromEntries(Object.entries(record).map(([key, sample]) => [key, (sample as Sample).value])),
      isOutside: Object.values(record).some((sample) => (sample as Sample).isOutside),
    }),
  );
const listOf = (item: fc.Arbitrary<Sample>, maxLength = 3) =>
  fc.array(item, { minLength: 1, maxLength }).map(
    (samples): Sample => ({
      value: samples.map(({ value }) => value),
      isOutside: samples.some(({ isOutside }) => isOutside),
    }),
  );

const providerData = fc.oneof(
  combine({ tokens: listOf(token) }, ["tokens"]),
  combine({ devices: listOf(combine({ token, locale: fc.constant(inside("de-DE")) }, ["token"])) }, ["devices"]),
  combine({ player_ids: listOf(token) }, ["player_ids"]),
  combine(
    {
      connections: listOf(
        combine({
          channel_id: token,
          access_token: token,
          user_id: token,
          incoming_webhook: combine({ url: token }, ["url"]),
        }),
      ),
      extra: combine({ deep: listOf(token) }),
    },
    ["connections"],
  ),
);
const addresses = {
  email,
  phone_number: phone,
  channel_data: combine({ fcm: providerData, "0d1e6b1c-6b62-4a5e-8d3e-2f4d6b1f4a11": providerData }),
  name: fc.constant(inside("Zoë")),
  preferences: fc.constant(inside({ default: { channel_types: { email: true } } })),
};
const inlineUser = combine({ id: userId, ...addresses }, ["id"]);
/** Adds a collection to some rows. A row is outside if it is not the collection of its request. */
const withCollection = (row: fc.Arbitrary<Sample<JsonObject>>, own: string) =>
  fc.tuple(row, fc.option(fc.constantFrom("projects", "$users", "$tenants", "people"))).map(
    ([sample, collection]): Sample<JsonObject> => ({
      value: collection === null ? sample.value : { ...sample.value, collection },
      isOutside: sample.isOutside || (collection !== null && collection !== own),
    }),
  );
const objectId = suffix.map((text) => inside(`qa-${text}`));
const object = fc.oneof(
  combine({ id: objectId, collection: fc.constant(inside("projects")), ...addresses }, ["id", "collection"]),
  fc
    .constantFrom<JsonObject>(
      { id: "qa-1", collection: OUTSIDER },
      { id: OUTSIDER, collection: "projects" },
      { id: OUTSIDER, collection: "$users" },
      { id: OUTSIDER, collection: "$tenants" },
    )
    .map(outside),
);
const recipient: fc.Arbitrary<Sample> = fc.oneof(userId, inlineUser, inlineUser, object);
const recipients = fc.oneof(
  recipient,
  listOf(recipient),
  fc.tuple(recipient).map(([only]) => duplicate(only)),
);
const duplicate = ({ value, isOutside }: Sample): Sample => ({ value: [value, value], isOutside });
const tenant = fc.oneof(
  fc.constant(inside("acme")),
  combine({ id: fc.constant(inside("acme")), ...addresses, settings: fc.constant(inside({ branding: {} })) }, ["id"]),
);
const tenantRow = withCollection(combine({ id: fc.constant(inside("acme")), ...addresses }, ["id"]), "$tenants");
const member = combine({ user: fc.oneof(userId, withCollection(inlineUser, "$users")), tenant }, ["user"]);
const trigger = combine(
  {
    recipients,
    actor: recipient,
    tenant,
    data: fc.constant(inside({ page: "Home" })),
    settings: fc.constant(inside({ sandbox_mode: true })),
  },
  ["recipients"],
);

/** Runs a call and checks that an outsider is refused before the request, and that everyone else is reached. */
async function check({ isOutside }: Sample, call: () => Promise<unknown>): Promise<void> {
  received.length = 0;
  const error = await call().then(
    () => null,
    (thrown: unknown) => thrown,
  );
  for (const request of received) {
    expect(request).not.toContain(OUTSIDER);
    expect(request).not.toContain(OUTSIDE_NUMBER);
  }
  if (!isOutside) {
    expect([error, received.length]).toEqual([null, 1]);
    return;
  }
  expect(received).toEqual([]);
  expect(error).toBeInstanceOf(KnockError);
  expect((error as KnockError).code).toBe("recipient_not_allowed");
  expect((error as KnockError).details.length).toBeGreaterThan(0);
}

describe("a recipient guard", () => {
  it("never lets a trigger reach anyone else", async () => {
    const remote = openRemote(options);
    await fc.assert(
      fc.asyncProperty(trigger, (sample) =>
        check(sample, () =>
          remote.triggerWorkflow(parseTrigger(sample.value, "welcome").trigger, { idempotency_key: null }),
        ),
      ),
      getPropertyRuns(2_000),
    );
    await remote.close();
  });

  it("never lets another request reach or change anyone else", async () => {
    const post = (path: string, body: fc.Arbitrary<Sample<JsonObject>>) =>
      body.map((sample) => ({ method: "POST" as const, path, sample }));
    const put = (path: fc.Arbitrary<Sample<string>>, body: fc.Arbitrary<Sample<JsonObject>>) =>
      fc.tuple(path, body).map(([target, sample]) => ({
        method: "PUT" as const,
        path: target.value,
        sample: { value: sample.value, isOutside: sample.isOutside || target.isOutside },
      }));
    const userPath = (rest = "") =>
      userId.map(({ value, isOutside }) => ({ value: `/v1/users/${encodeURIComponent(value)}${rest}`, isOutside }));
    const objectPath = (rest = "") =>
      object.map(({ value, isOutside }) => {
        const { collection, id } = value as { collection: string; id: string };
        // The addresses of an inline object are not part of a path.
        const isOther = isOutside && !(collection === "projects" && id.startsWith("qa-"));
        return { value: `/v1/objects/${collection}/${id}${rest}`, isOutside: isOther };
      });
    const subscribers = combine({ recipients }, ["recipients"]);
    const schedule = combine({ recipient, actor: recipient, tenant }, ["recipient"]);
    const arbitrary = fc.oneof(
      post("/v1/schedules", trigger),
      post("/v1/schedules/bulk/create", combine({ schedules: listOf(schedule) }, ["schedules"])),
      post("/v1/notify", trigger),
      put(userPath(), combine(addresses)),
      put(userPath("/preferences/default"), fc.constant(inside({}))),
      put(userPath("/channel_data/fcm"), combine({ data: providerData }, ["data"])),
      put(objectPath(), combine(addresses)),
      put(objectPath("/channel_data/fcm"), combine({ data: providerData }, ["data"])),
      put(fc.constant(inside("/v1/tenants/acme")), combine(addresses)),
      post("/v1/users/qa-1/merge", combine({ from_user_id: userId }, ["from_user_id"])),
      post("/v1/users/bulk/identify", combine({ users: listOf(withCollection(inlineUser, "$users")) }, ["users"])),
      post(
        "/v1/objects/projects/bulk/set",
        combine({ objects: listOf(withCollection(combine({ id: objectId, ...addresses }, ["id"]), "projects")) }, [
          "objects",
        ]),
      ),
      post("/v1/users/bulk/preferences", combine({ user_ids: listOf(userId) }, ["user_ids"])),
      post("/v1/objects/projects/qa-1/subscriptions", subscribers),
      post(
        "/v1/objects/projects/bulk/subscriptions/add",
        combine(
          {
            subscriptions: listOf(
              withCollection(combine({ id: objectId, recipients }, ["id", "recipients"]), "projects"),
            ),
          },
          ["subscriptions"],
        ),
      ),
      post("/v1/tenants/bulk/set", combine({ tenants: listOf(fc.oneof(tenant, tenantRow)) }, ["tenants"])),
      post("/v1/audiences/beta/members", combine({ members: listOf(member) }, ["members"])),
    );
    await fc.assert(
      fc.asyncProperty(arbitrary, ({ method, path, sample }) =>
        check(sample, () => client.call(method, path, { body: sample.value })),
      ),
      getPropertyRuns(3_000),
    );
  });

  it.each<["POST" | "PUT" | "DELETE", string, JsonObject | null]>([
    ["PUT", "/v1/schedules", { schedule_ids: ["s1"] }],
    ["POST", "/v1/users/qa-1/feeds/x/read", {}],
    ["POST", "/v1/broadcasts", {}],
    ["POST", "//v1/users/bulk/delete", {}],
    ["PUT", "/v1/users/qa-1/../ada", {}],
    ["PUT", "/v1/users/%zz", {}],
    ["PUT", "/v1/users/qa-1/preferences/%2E%2E", {}],
    ["PUT", "/v1/users/qa-1/preferences/..%2F..%2Fada", {}],
    ["POST", "/v1/workflows/welcome/trigger", { recipients: ["qa-1"], tenant: { id: "ada", collection: "$users" } }],
    ["PUT", "/v1/users/qa-1", { id: "ada" }],
    ["PUT", "/v1/objects/projects/qa-1", { collection: "people" }],
    ["POST", "/v1/workflows/welcome/trigger", { recipients: [5] }],
    ["POST", "/v1/workflows/welcome/trigger", { recipients: [["qa-1"]] }],
    ["POST", "/v1/workflows/welcome/trigger", { recipients: [{ email: "qa@example.com" }] }],
    ["POST", "/v1/workflows/welcome/trigger", { recipients: [{ id: "qa-1", email: ["qa@example.com"] }] }],
    ["POST", "/v1/workflows/welcome/trigger", { recipients: [{ id: "qa-1", collection: 1 }] }],
    ["POST", "/v1/users/bulk/identify", { users: { 0: { id: "ada" } } }],
    ["POST", "/v1/audiences/beta/members", { members: "qa-1" }],
    ["POST", "/v1/users/bulk/identify", { users: [{ id: "ceo", collection: "projects" }] }],
    ["POST", "/v1/objects/people/bulk/set", { objects: [{ id: "qa-1", collection: "projects" }] }],
    ["POST", "/v1/objects/projects/bulk/set", { objects: [{ id: "qa-1", collection: "$users" }] }],
    ["POST", "/v1/objects/projects/bulk/subscriptions/add", { subscriptions: [{ id: "qa-1", collection: "people" }] }],
    [
      "POST",
      "/v1/objects/projects/bulk/subscriptions/delete",
      { subscriptions: [{ id: "qa-1", collection: "people" }] },
    ],
    ["POST", "/v1/audiences/beta/members", { members: [{ user: { id: "ceo", collection: "projects" } }] }],
    [
      "POST",
      "/v1/audiences/beta/members",
      { members: [{ user: "qa-1", tenant: { id: "acme", email: "a@acme.com" } }] },
    ],
    ["DELETE", "/v1/audiences/beta/members", { members: [{ user: { id: "ceo", collection: "projects" } }] }],
    ["DELETE", "/v1/audiences/beta/members", { members: [{ user: { id: "ceo", email: "qa@example.com" } }] }],
    ["DELETE", "/v1/audiences/beta/members", { members: [{ user: { id: "qa-1", email: "ceo@acme.com" } }] }],
    ["DELETE", "/v1/objects/projects/qa-1/subscriptions", { recipients: [{ id: "qa-1", email: "ceo@acme.com" }] }],
    ["POST", "/v1/workflows/welcome/cancel", { recipients: [{ id: "ceo", name: "Ceo" }] }],
    ["DELETE", "/v1/broadcasts", { recipients: ["qa-1"] }],
    ["PUT", "/v1/tenants/acme", { collection: "$users" }],
    ["POST", "/v1/tenants/bulk/set", { tenants: [{ id: "acme", collection: "$users" }] }],
    ["POST", "/v1/tenants/bulk/set", { tenants: { 0: { id: "acme", email: "ceo@acme.com" } } }],
    ["DELETE", "/v1/users/ada/preferences/default", null],
    ["DELETE", "/v1/objects/people/ada/preferences/default", null],
  ])("refuses what it does not know: %s %s %j", async (method, path, body) => {
    received.length = 0;
    await expect(client.call(method, path, { body })).rejects.toMatchObject({ code: "recipient_not_allowed" });
    expect(received).toEqual([]);
  });

  it("lets requests pass that reach no one", async () => {
    received.length = 0;
    await client.call("GET", "/v1/users/ada");
    await client.call("DELETE", "/v1/users/ada");
    await client.call("DELETE", "/v1/objects/preferences/ada");
    await client.call("POST", "/v1/workflows/welcome/cancel", {
      body: { cancellation_key: "c1", recipients: ["ada"] },
    });
    await client.call("PUT", "/v1/messages/m1/read");
    await client.call("DELETE", "/v1/messages/m1/read", { body: { metadata: {} } });
    await client.call("DELETE", "/v1/schedules", { body: { schedule_ids: ["s1"] } });
    const recipients: Json[] = ["ada", { id: "ada" }, { id: "p1", collection: "people" }];
    await client.call("DELETE", "/v1/objects/people/p1/subscriptions", { body: { recipients } });
    await client.call("DELETE", "/v1/audiences/beta/members", {
      body: { members: [{ user: "ada", tenant: "acme" }, { user: { id: "ada", collection: "$users" } }] },
    });
    expect(received).toHaveLength(9);
  });

  it("requires that every guard allows a recipient", async () => {
    const guard = createRequestGuard([
      { allow: ["user:qa-*", "user:ci-*"], source: "knock.json", origin: "project" },
      { allow: ["user:qa-*", "user:ada"], source: 'profile "staging"', origin: "profile" },
    ]);
    const send = (id: string) => guard({ method: "PUT", path: `/v1/users/${id}`, headers: {}, body: {} });
    expect(() => send("qa-1")).not.toThrow();
    expect(() => send("ci-1")).toThrow('/id: user "ci-1" is not allowed by profile "staging"');
    expect(() => send("ada")).toThrow('/id: user "ada" is not allowed by knock.json');
  });
});
