import { generateKeyPairSync, sign } from "node:crypto";
import { expect } from "vitest";
import { type ApiCase, describeApiCases } from "../../../../helpers/api-case.js";
import type { TestEmulator } from "../../../../helpers/test-emulator.js";

const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
const PEM = String(privateKey.export({ type: "pkcs8", format: "pem" }));
const FEED = "GET /v1/users/u1/feeds/feed";
const API = "https://api.knock.app/v1";

type Grants = Record<string, Record<string, unknown[]>>;

/** Sends a request as u1 with only these grants. */
async function tenantsSeen(api: TestEmulator, grants: Grants, explicit_grants = true) {
  const claims = { sub: "u1", exp: Math.floor(Date.now() / 1_000) + 600, grants, explicit_grants };
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const text = `${part({ alg: "RS256", typ: "JWT" })}.${part(claims)}`;
  const signed = `${text}.${sign("RSA-SHA256", Buffer.from(text), privateKey).toString("base64url")}`;
  const headers = { authorization: "Bearer pk_dev", "x-knock-user-token": signed };
  const { status, rows, body: answer } = await api.request(FEED, undefined, headers);
  const counts = (answer?.meta ?? {}) as { total_count?: number };
  return { status, tenants: rows.map(({ tenant }) => tenant).sort(), total: counts.total_count };
}

const setup: ApiCase["setup"] = { variables: { KNOCK_SIGNING_KEY: PEM } };
async function three({ harness }: TestEmulator): Promise<void> {
  harness.environment.access = { keys: null, enhanced_security: true, signing_key: "$KNOCK_SIGNING_KEY" };
  for (const tenant of ["acme", "other", undefined])
    await harness.trigger("hello", { recipients: ["u1"], ...(tenant ? { tenant } : {}) });
}
const read = { "user/feed_read": [{}] };

describeApiCases("access to feeds", [
  {
    title: "A-014 shows only a tenant's items with a grant on it, and with the user's own also those without a tenant",
    given: three,
    setup,
    request: FEED,
    headers: { authorization: "Bearer sk_dev" },
    status: 200,
    async check(api) {
      expect(await tenantsSeen(api, { [`${API}/tenants/acme`]: read })).toEqual({
        status: 200,
        tenants: ["acme"],
        total: 1,
      });
      expect(await tenantsSeen(api, { [`${API}/objects/$tenants/acme`]: { "feed/read": [] } })).toMatchObject({
        tenants: ["acme"],
      });
      const both = { [`${API}/tenants/acme`]: read, [`${API}/users/u1`]: read };
      expect(await tenantsSeen(api, both)).toMatchObject({ tenants: ["acme", null], total: 2 });
      expect(await tenantsSeen(api, { [`${API}/users/u1`]: read })).toMatchObject({ total: 3 });
    },
  },
  {
    title: "A-013, A-014 filters nothing without explicit grants, and a tenant's grant opens no other user's feed",
    given: three,
    setup,
    request: FEED,
    headers: { authorization: "Bearer sk_dev" },
    status: 200,
    async check(api) {
      expect(await tenantsSeen(api, { [`${API}/tenants/acme`]: read }, false)).toMatchObject({ total: 3 });
      expect(await tenantsSeen(api, { [`${API}/tenants/acme`]: { "user/guide_read": [] } })).toMatchObject({
        status: 403,
      });
      expect(await tenantsSeen(api, {})).toMatchObject({ status: 403 });
    },
  },
  {
    title: "A-105, CH-221 filters responses by the channel's configuration",
    async given({ harness, request }) {
      const { feed } = harness.environment.channels;
      harness.environment.variables = { app: "lark", inner: "x" };
      if (feed)
        feed.settings = {
          response_filter: {
            vars: { except: ["inner"] },
            data: { only: ["n", "deep.kept"] },
            actor: false,
            recipient: true,
          },
        };
      const data = { n: 1, hidden: 2, deep: { kept: 3, hidden: 4 } };
      await request("POST /v1/workflows/hello/trigger", { recipients: ["u1"], actor: "u2", data });
    },
    request: FEED,
    status: 200,
    expectedBody: { vars: { app: "lark" } },
    check(_api, { body, rows: [item] }) {
      expect(body?.vars).toEqual({ app: "lark" });
      expect(item).toMatchObject({ data: { n: 1, deep: { kept: 3 } }, actors: [], total_actors: 1 });
      expect(JSON.stringify(item)).not.toMatch(/hidden|Udo/);
      expect(item?.activities).toMatchObject([{ recipient: { id: "u1", name: "Una" }, actor: null }]);
      // As a word, because random IDs and cursors can contain these two characters.
      expect(JSON.stringify(body)).not.toMatch(/\bu2\b/);
    },
  },
  {
    title: "A-105, CH-221 limits an actor to the allowed keys, and keeps its type and id",
    async given({ harness, request }) {
      const { feed } = harness.environment.channels;
      if (feed) feed.settings = { response_filter: { actor: { only: ["email"] }, recipient: false } };
      await request("POST /v1/workflows/hello/trigger", { recipients: ["u1"], actor: "u2" });
    },
    request: FEED,
    status: 200,
    check(_api, { rows: [item] }) {
      const actor = { __typename: "User", id: "u2", email: "u2@lark.test" };
      expect(item?.actors).toEqual([actor]);
      expect(item?.activities).toEqual([expect.objectContaining({ actor })]);
      expect(JSON.stringify(item)).not.toContain("Una");
      expect(item?.activities).toEqual([expect.not.objectContaining({ recipient: expect.anything() })]);
    },
  },
]);
