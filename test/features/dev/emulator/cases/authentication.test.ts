import { createHmac, createPublicKey, generateKeyPairSync, sign } from "node:crypto";
import { signUserToken } from "@knocklabs/node";
import { expect } from "vitest";
import { buildErrorBody, describeApiCases } from "../../../../helpers/api-case.js";
import type { TestEmulator } from "../../../../helpers/test-emulator.js";

const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
const PEM = String(privateKey.export({ type: "pkcs8", format: "pem" }));
const PUBLIC_PEM = String(createPublicKey(PEM).export({ type: "spki", format: "pem" }));
const OTHER = generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey;
const NOW = Math.floor(Date.now() / 1_000);

function signToken(claims: object, key = privateKey, alg = "RS256", secret = PUBLIC_PEM): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const text = `${part({ alg, typ: "JWT" })}.${part(claims)}`;
  const signature =
    alg === "RS256" ? sign("RSA-SHA256", Buffer.from(text), key) : createHmac("sha256", secret).update(text).digest();
  return `${text}.${signature.toString("base64url")}`;
}

const FEED = "GET /v1/users/u1/feeds/feed";
const pk = (token?: string): Record<string, string> => ({
  authorization: "Bearer pk_dev",
  ...(token === undefined ? {} : { "x-knock-user-token": token }),
});
const signed = ({ harness }: TestEmulator): void => {
  harness.environment.access = { keys: null, enhanced_security: true, signing_key: "$KNOCK_SIGNING_KEY" };
};
const setup = { variables: { KNOCK_SIGNING_KEY: PEM } };
const grants = (what: object, more: object = {}) =>
  signToken({ sub: "u1", exp: NOW + 600, grants: what, explicit_grants: true, ...more });
const U1 = "https://api.knock.app/v1/users/u1";

describeApiCases("authentication (api-cases, section 1)", [
  {
    title: "AC-001 rejects a request of the management API without Authorization",
    request: "GET /v1/channel_groups",
    headers: { authorization: "" },
    status: 401,
    expectedBody: buildErrorBody("authentication_required", 401),
  },
  {
    title: "AC-001 rejects a request without Authorization",
    request: "GET /v1/users/u1",
    headers: { authorization: "" },
    status: 401,
    expectedBody: buildErrorBody("authentication_required", 401),
  },
  {
    title: "AC-002 rejects an unknown key",
    given: ({ harness }) => {
      harness.environment.access = { keys: ["sk_dev", "pk_dev"], enhanced_security: false, signing_key: null };
    },
    request: "GET /v1/users/u1",
    headers: { authorization: "Bearer sk_nope" },
    status: 401,
    expectedBody: buildErrorBody("api_key_missing", 401),
    async check({ request }) {
      expect((await request("GET /v1/users/u1", undefined, { authorization: "Bearer sk_dev" })).status).toBe(200);
    },
  },
  {
    title: "AC-004 rejects a key that is no longer listed",
    async given({ harness, request }) {
      harness.environment.access.keys = ["sk_dev", "sk_old"];
      expect((await request("GET /v1/users/u1", undefined, { authorization: "Bearer sk_old" })).status).toBe(200);
      harness.environment.access.keys = ["sk_dev"];
    },
    request: "GET /v1/users/u1",
    headers: { authorization: "Bearer sk_old" },
    status: 401,
    expectedBody: buildErrorBody("api_key_expired", 401),
    async check({ harness, request }) {
      expect((await request("GET /v1/users/u1", undefined, { authorization: "Bearer sk_new" })).body).toMatchObject({
        code: "api_key_missing",
      });
      harness.environment.access.keys = ["sk_dev", "sk_old"];
      expect((await request("GET /v1/users/u1", undefined, { authorization: "Bearer sk_old" })).status).toBe(200);
    },
  },
  {
    title: "AC-003 rejects Authorization without Bearer",
    request: "GET /v1/users/u1",
    headers: { authorization: "sk_dev" },
    status: 401,
    expectedBody: buildErrorBody("authentication_required", 401),
  },
  {
    title: "AC-005 rejects a public key for a trigger",
    request: "POST /v1/workflows/hello/trigger",
    body: { recipients: ["u1"] },
    headers: pk(),
    status: 403,
    expectedBody: buildErrorBody("incorrect_token_type", 403),
    check: async ({ harness }) => expect(await harness.listMessages()).toEqual([]),
  },
  {
    title: "AC-006 accepts a public key for a feed",
    request: FEED,
    headers: pk(),
    status: 200,
    expectedBody: { entries: [] },
  },
  {
    title: "AC-007 requires a user token with enhanced security",
    given: signed,
    setup,
    request: FEED,
    headers: pk(),
    status: 401,
    expectedBody: buildErrorBody("missing_user_token", 401),
  },
  {
    title: "AC-008 accepts a valid token",
    given: signed,
    setup,
    request: FEED,
    headers: pk(signToken({ sub: "u1", exp: NOW + 600 })),
    status: 200,
  },
  {
    title: "AC-009 rejects a token of another user",
    given: signed,
    setup,
    request: FEED,
    headers: pk(signToken({ sub: "u2", exp: NOW + 600 })),
    status: 403,
    expectedBody: buildErrorBody("authorization", 403),
  },
  {
    title: "AC-010 rejects an expired token",
    given: signed,
    setup,
    request: FEED,
    headers: pk(signToken({ sub: "u1", exp: NOW - 1 })),
    status: 401,
    expectedBody: buildErrorBody("invalid_user_token", 401),
  },
  {
    title: "AC-011 rejects a token signed with HS256 and the public key's text as its secret",
    given: signed,
    setup,
    request: FEED,
    headers: pk(signToken({ sub: "u1", exp: NOW + 600 }, privateKey, "HS256")),
    status: 401,
    expectedBody: buildErrorBody("invalid_user_token", 401),
    async check({ request }) {
      const token = signToken({ sub: "u1", exp: NOW + 600 }, privateKey, "HS256", PEM);
      expect((await request(FEED, undefined, pk(token))).status).toBe(401);
    },
  },
  {
    title: "A-008 rejects a token signed with another key",
    given: signed,
    setup,
    request: FEED,
    headers: pk(signToken({ sub: "u1", exp: NOW + 600 }, OTHER)),
    status: 401,
    expectedBody: buildErrorBody("invalid_user_token", 401),
  },
  {
    title: "A-008 rejects a garbled token",
    given: signed,
    setup,
    request: FEED,
    headers: pk("a.b"),
    status: 401,
    expectedBody: buildErrorBody("invalid_user_token", 401),
  },
  {
    title: "AC-012 rejects a token if no signing key is configured",
    request: FEED,
    headers: pk(signToken({ sub: "u1", exp: NOW + 600 })),
    status: 401,
    expectedBody: buildErrorBody("missing_jwt_signing_key", 401),
  },
  {
    title: "AC-013 rejects explicit grants without the required one",
    given: signed,
    setup,
    request: "PUT /v1/users/u1/preferences/default",
    body: { channel_types: { email: false } },
    headers: pk(grants({ [U1]: { "user/feed_read": [{}] } })),
    status: 403,
    expectedBody: buildErrorBody("authorization", 403),
  },
  {
    title: "A-011, A-012 accepts explicit grants in the SDK's format, with another spelling",
    given: signed,
    setup,
    request: FEED,
    headers: pk(grants({ [U1]: { "feed/read": [] } })),
    status: 200,
  },
  {
    title: "A-010, A-011 requires a separate grant for an object's channel data",
    given: signed,
    setup,
    request: "PUT /v1/objects/$tenants/acme/channel_data/chatty",
    body: { data: { connections: [] } },
    headers: pk(signToken({ sub: "u1", exp: NOW + 600 })),
    status: 403,
    async check({ request }) {
      const token = grants({ "https://api.knock.app/v1/tenants/acme": { "channel_data/write": [{}] } });
      const body = { data: { connections: [] } };
      expect((await request("PUT /v1/objects/$tenants/acme/channel_data/chatty", body, pk(token))).status).toBe(200);
    },
  },
  {
    title: "A-011 ignores a grant on an object whose id looks like the path of another entity",
    given: signed,
    setup,
    request: "GET /v1/users/u2/feeds/feed",
    headers: pk(grants({ "https://api.knock.app/v1/objects/docs/x%2Fv1%2Fusers%2Fu2": { "feed/read": [] } })),
    status: 403,
    async check({ request }) {
      const object = "https://api.knock.app/v1/objects/docs/x%2Fv1%2Ftenants%2Facme";
      const token = pk(grants({ [object]: { "channel_data/write": [] } }));
      const body = { data: { connections: [] } };
      expect((await request("PUT /v1/objects/$tenants/acme/channel_data/chatty", body, token)).status).toBe(403);
      const feed = await request(FEED, undefined, pk(grants({ [object]: { "feed/read": [] } })));
      expect(feed.status).toBe(403);
    },
  },
  {
    title: "A-010, A-011 lets a user's token read that user's guides, and mark them with a grant to write",
    given(api) {
      signed(api);
      api.harness.defineGuide("tour");
    },
    setup,
    request: "GET /v1/users/u1/guides/c-tours",
    headers: pk(grants({ [U1]: { "user/guide_read": [] } })),
    status: 200,
    expectedBody: { entries: [{ key: "tour" }] },
    async check({ request }) {
      const body = { guide_key: "tour" };
      const other = pk(signToken({ sub: "u2", exp: NOW + 600 }));
      const reader = pk(grants({ [U1]: { "user/guide_read": [] } }));
      const writer = pk(grants({ [U1]: { "user/guide_write": [] } }));
      const reset = async (headers: Record<string, string>) =>
        (await request("PUT /v1/users/u1/guides/engagements/reset", body, headers)).status;
      expect([await reset(other), await reset(reader), await reset(writer)]).toEqual([403, 403, 200]);
    },
  },
  {
    title: "AC-014 answers a preflight request without a key",
    request: "OPTIONS /v1/users/u1/feeds/feed",
    headers: {
      authorization: "",
      origin: "http://localhost:3000",
      "access-control-request-method": "GET",
      "access-control-request-headers": "x-knock-user-token",
    },
    status: 204,
    check: (_api, { headers }) => {
      expect(headers.get("access-control-allow-headers")?.toLowerCase()).toContain("x-knock-user-token");
      expect(headers.get("access-control-allow-origin")).toBe("http://localhost:3000");
    },
  },
  {
    title: "A-008 lets a user's token mark only that user's messages",
    async given(api) {
      signed(api);
      await api.request("POST /v1/workflows/hello/trigger", { recipients: ["u1", "u2"] });
    },
    setup,
    request: "GET /v1/messages?channel_id=feed",
    status: 200,
    async check({ request }, { rows }) {
      const mine = pk(signToken({ sub: "u1", exp: NOW + 600 }));
      const [others, own] = rows.map(({ id }) => id); // the newest message is u2's
      expect((await request(`PUT /v1/messages/${others}/read`, undefined, mine)).body).toMatchObject({
        code: "resource_missing",
      });
      expect((await request(`PUT /v1/messages/${own}/read`, undefined, mine)).status).toBe(200);
      const many = await request("POST /v1/messages/batch/seen", { message_ids: [others, own] }, mine);
      expect(many.rows.map(({ id }) => id)).toEqual([own]);
      const bulk = await request("POST /v1/channels/feed/messages/bulk/archive", {}, mine);
      expect(bulk.body).toMatchObject({ estimated_total_rows: 1 });
    },
  },
  {
    title: "A-011, A-012 requires the token's grant on the object whose workspace is requested",
    setup,
    given: signed,
    request:
      "GET /v1/providers/slack/c-chat/channels?access_token_object[object_id]=acme&access_token_object[collection]=$tenants",
    headers: pk(signToken({ sub: "u1", exp: NOW + 600 })),
    status: 403,
    expectedBody: buildErrorBody("authorization", 403),
    async check({ request, knock }) {
      await knock.tenants.set("acme", {});
      await knock.objects.setChannelData("$tenants", "acme", "c-chat", {
        data: { token: { access_token: "xoxb" }, connections: [] },
      });
      const where = "access_token_object[object_id]=acme&access_token_object[collection]=$tenants";
      const reader = pk(grants({ "https://api.knock.app/v1/tenants/acme": { "slack/channels_read": [{}] } }));
      const writer = pk(grants({ "https://api.knock.app/v1/tenants/acme": { "channel_data/write": [{}] } }));
      const ungranted = pk(signToken({ sub: "u1", exp: NOW + 600 }));
      const of = async (method: string, what: string, headers: Record<string, string>) =>
        (await request(`${method} /v1/providers/slack/c-chat/${what}?${where}`, undefined, headers)).status;
      expect(await of("PUT", "revoke_access", ungranted)).toBe(403);
      expect(await of("GET", "channels", reader)).toBe(200);
      expect(await of("PUT", "revoke_access", reader)).toBe(403);
      expect(await of("PUT", "revoke_access", writer)).toBe(200);
    },
  },
  {
    title: "A-018 lets pages read responses and errors",
    request: "GET /v1/users/ghost",
    headers: { origin: "http://localhost:3000" },
    status: 404,
    check: (_api, { headers }) => expect(headers.get("access-control-allow-origin")).toBe("http://localhost:3000"),
  },
  {
    title: "A-007 accepts the signing key in base64, and tokens that the SDK signs",
    given: ({ harness }) => {
      harness.environment.access = {
        keys: null,
        enhanced_security: true,
        signing_key: Buffer.from(PEM).toString("base64"),
      };
    },
    request: FEED,
    headers: pk(signToken({ sub: "u1", exp: NOW + 600 })),
    status: 200,
    async check({ request }) {
      const token = await signUserToken("u1", { signingKey: PEM });
      expect((await request(FEED, undefined, pk(token))).status).toBe(200);
    },
  },
]);
