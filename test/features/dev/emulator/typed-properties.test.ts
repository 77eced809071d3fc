import { describe, expect, it } from "vitest";
import { withApi } from "../../../helpers/test-emulator.js";

/** The bodies of identifications: a request, and the prefix of the pointer as the API's field names it. */
const IDENTIFICATIONS: [name: string, on: string, body: (properties: object) => unknown, field: string][] = [
  ["a user", "PUT /v1/users/n1", (properties) => properties, ""],
  ["an object", "PUT /v1/objects/projects/n1", (properties) => properties, ""],
  ["a tenant", "PUT /v1/tenants/n1", (properties) => properties, ""],
  ["a tenant as an object", "PUT /v1/objects/$tenants/n1", (properties) => properties, ""],
  [
    "an inline recipient",
    "POST /v1/workflows/hello/trigger",
    (properties) => ({ recipients: ["u1", { id: "n1", ...properties }] }),
    "recipients[1].",
  ],
  [
    "an inline object",
    "POST /v1/workflows/hello/trigger",
    (properties) => ({ recipients: [{ id: "n1", collection: "projects", ...properties }] }),
    "recipients[0].",
  ],
  [
    "an inline actor",
    "POST /v1/workflows/hello/trigger",
    (properties) => ({ recipients: ["u1"], actor: { id: "n1", ...properties } }),
    "actor.",
  ],
  [
    "an inline tenant",
    "POST /v1/workflows/hello/trigger",
    (properties) => ({ recipients: ["u1"], tenant: { id: "n1", ...properties } }),
    "tenant.",
  ],
  [
    "a scheduled recipient",
    "POST /v1/schedules",
    (properties) => ({
      workflow: "hello",
      scheduled_at: "2030-01-01T00:00:00Z",
      recipients: [{ id: "n1", ...properties }],
    }),
    "recipients[0].",
  ],
  [
    "a subscriber",
    "POST /v1/objects/projects/p1/subscriptions",
    (properties) => ({ recipients: [{ id: "n1", ...properties }] }),
    "recipients[0].",
  ],
  [
    "an audience member",
    "POST /v1/audiences/vip/members?create_audience=true",
    (properties) => ({ members: [{ user: { id: "n1", ...properties } }] }),
    "members[0].user.",
  ],
  [
    "a row of a bulk identification",
    "POST /v1/users/bulk/identify",
    (properties) => ({ users: [{ id: "n0" }, { id: "n1", ...properties }] }),
    "users[1].",
  ],
  [
    "a row of a bulk set of objects",
    "POST /v1/objects/projects/bulk/set",
    (properties) => ({ objects: [{ id: "n1", ...properties }] }),
    "objects[0].",
  ],
  [
    "a row of a bulk set of tenants",
    "POST /v1/tenants/bulk/set",
    (properties) => ({ tenants: ["n0", { id: "n1", ...properties }] }),
    "tenants[1].",
  ],
  [
    "a recipient of a bulk subscription",
    "POST /v1/objects/projects/bulk/subscriptions/add",
    (properties) => ({ subscriptions: [{ id: "p1", recipients: [{ id: "n1", ...properties }] }] }),
    "subscriptions[0].recipients[0].",
  ],
  [
    "a recipient of a bulk schedule",
    "POST /v1/schedules/bulk/create",
    (properties) => ({
      schedules: [{ workflow: "hello", scheduled_at: "2030-01-01T00:00:00Z", recipient: { id: "n1", ...properties } }],
    }),
    "schedules[0].recipient.",
  ],
  [
    "a user of the test helper",
    "POST /__knock/seed",
    (properties) => ({ users: [{ id: "n1", ...properties }] }),
    "users[0].",
  ],
];

const TYPED: [property: string, value: unknown, expected: string][] = [
  ["email", 5, "must be a string or null, found a number"],
  ["name", ["Ada"], "must be a string or null, found a list"],
  ["avatar", {}, "must be a string or null, found an object"],
  ["phone_number", 15005550006, "must be a string or null, found a number"],
  ["timezone", 1, "must be a string or null, found a number"],
  ["locale", true, "must be a string or null, found a boolean"],
  ["created_at", 1_700_000_000, "must be an ISO 8601 time or null, found a number"],
  ["created_at", "yesterday", 'must be an ISO 8601 time or null, found "yesterday"'],
];

describe("typed properties (A-090; A-413 to A-424)", () => {
  describe.each(IDENTIFICATIONS)("of %s", (_name, on, body, field) => {
    it("are rejected with 422 and the field if their type is wrong", () =>
      withApi(async ({ request, knock }) => {
        for (const [property, value, expected] of TYPED) {
          const { status, body: refused } = await request(on, body({ [property]: value }));
          expect([status, refused], property).toEqual([
            422,
            expect.objectContaining({
              code: "invalid_params",
              errors: [{ field: field + property, message: expected, type: null }],
            }),
          ]);
        }
        await expect(knock.users.get("n1")).rejects.toMatchObject({ status: 404 });
        await expect(knock.users.get("n0")).rejects.toMatchObject({ status: 404 });
        await expect(knock.objects.get("projects", "n1")).rejects.toMatchObject({ status: 404 });
        await expect(knock.tenants.get("n1")).rejects.toMatchObject({ status: 404 });
      }));

    it("are stored if they are strings or null", () =>
      withApi(async ({ request }) => {
        const properties = {
          email: "n1@lark.test",
          name: null,
          phone_number: null,
          created_at: "2024-05-22T12:00:00Z",
        };
        const { status, text } = await request(on, body(properties));
        expect(status, text).toBeLessThan(300);
      }));
  });

  it("stores a date or a time without an offset as the API's date-time in UTC", () =>
    withApi(async ({ request }) => {
      for (const [given, stored] of [
        ["2024-05-22", "2024-05-22T00:00:00.000Z"],
        ["2024-05-22 12:30:00", "2024-05-22T12:30:00.000Z"],
        ["2024-05-22T12:30:00.123456Z", "2024-05-22T12:30:00.123456Z"],
        ["2024-05-22T12:30:00+02:00", "2024-05-22T12:30:00+02:00"],
        [null, null],
      ])
        expect((await request("PUT /v1/users/n1", { created_at: given })).body).toMatchObject({ created_at: stored });
    }));

  it("rejects invalid settings of a tenant in every identification", () =>
    withApi(async ({ request }) => {
      const cases: [settings: unknown, field: string][] = [
        ["dark", "settings"],
        [{ branding: "red" }, "settings.branding"],
        [{ branding: { primary_color: 5 } }, "settings.branding.primary_color"],
        [{ preference_set: [] }, "settings.preference_set"],
        [{ preference_set: { channel_types: { emial: true } } }, "settings.preference_set.channel_types.emial"],
      ];
      for (const [settings, field] of cases) {
        const put = await request("PUT /v1/tenants/n1", { settings });
        expect([put.status, put.body?.errors], field).toMatchObject([422, [{ field }]]);
        const inline = await request("POST /v1/workflows/hello/trigger", {
          recipients: ["u1"],
          tenant: { id: "n1", settings },
        });
        expect([inline.status, inline.body?.errors], field).toMatchObject([422, [{ field: `tenant.${field}` }]]);
      }
      const none = { settings: { branding: null, preference_set: null } };
      expect((await request("PUT /v1/tenants/n1", none)).status).toBe(200);
    }));

  it.each([
    [
      "a set of preferences",
      { preferences: { default: { channel_types: { emial: true } } } },
      "preferences.default.channel_types.emial",
    ],
    ["a list of tokens", { channel_data: { push: { tokens: "t1" } } }, "channel_data.push.tokens"],
    ["a token", { channel_data: { push: { tokens: ["t1", 5] } } }, "channel_data.push.tokens[1]"],
    ["a device", { channel_data: { push: { devices: ["t1"] } } }, "channel_data.push.devices[0]"],
    ["a list of connections", { channel_data: { chat: { connections: {} } } }, "channel_data.chat.connections"],
  ])("rejects %s that breaks the API description in every identification", (_what, properties, field) =>
    withApi(async ({ request, knock }) => {
      const put = await request("PUT /v1/users/n1", properties);
      expect([put.status, put.body?.errors]).toMatchObject([422, [{ field }]]);
      const inline = await request("POST /v1/workflows/hello/trigger", { recipients: [{ id: "n1", ...properties }] });
      expect([inline.status, inline.body?.errors]).toMatchObject([422, [{ field: `recipients[0].${field}` }]]);
      await expect(knock.users.get("n1")).rejects.toMatchObject({ status: 404 });
    }),
  );
});
