import { describe, expect, it } from "vitest";
import { parseVariableReference } from "../../../src/domain/environment/secret-variables.js";
import { parseEnvironment } from "../../../src/project/environment/parse-environment.js";
import { getProviderCatalog } from "../../../src/providers/catalog.js";
import { VENDOR_FAKES } from "../../../src/providers/vendor-fakes.js";
import type { Json, JsonObject } from "../../../src/util/json.js";
import { catchThrown, formatDetails } from "../../helpers/catch-error.js";

const parse = (channel: JsonObject) =>
  parseEnvironment({ channels: { out: channel } }, "environment.json").channels.out;
const faults = (channel: JsonObject): string[] => formatDetails(catchThrown(() => parse(channel)));
const delivering = (type: string, provider: string | null, settings: JsonObject = {}): JsonObject => ({
  type,
  deliver: true,
  ...(provider === null ? {} : { provider }),
  settings,
});
const S = "/channels/out/settings";
const LOGIN = { username: "u", password: "$P" };

const listNames = (type: string): string =>
  getProviderCatalog()
    .flatMap((provider) => (provider.type === type ? provider.names : []))
    .join(", ");

/** The settings that these providers need to deliver. The settings of the others are those of their fakes. */
const ENOUGH: Record<string, JsonObject> = {
  smtp: { host: "smtp.lark.test", ...LOGIN },
  sendgrid: { api_key: "$SENDGRID_KEY" },
  postmark: { api_key: "$K" },
  resend: { api_key: "$K" },
  twilio: { account_id: "AC1", auth_token: "$T", phone_number: "+1" },
  fcm: { project_id: "p", service_account_json: "$F" },
  apns: { bundle_id: "b", signing_key: "$K", key_id: "k", team_id: "t" },
  expo: {},
  slack: {},
  discord: {},
  "ms-teams": {},
  "knock-webhook": {},
};

/** Returns the settings of a provider's fake, with secrets as the names of variables. */
async function readFakeSettings(name: string): Promise<JsonObject> {
  const fake = await VENDOR_FAKES[name as keyof typeof VENDOR_FAKES]();
  const known = getProviderCatalog().find(({ vendor }) => vendor === name)?.settings;
  return Object.fromEntries(
    Object.entries(fake.settings).map(([key, value]) => [key, known?.[key]?.kind === "secret" ? "$SECRET" : value]),
  );
}

describe("a channel with deliver", () => {
  const every = getProviderCatalog().flatMap(({ vendor, type, names }) => names.map((name) => [type, name, vendor]));
  it.each(every)("delivers %s by %s", async (type, name, vendor) => {
    const settings = ENOUGH[String(vendor)] ?? (await readFakeSettings(String(vendor)));
    expect(parse(delivering(String(type), String(name), settings))).toMatchObject({
      deliver: true,
      provider: name,
      settings,
    });
  });

  it("accepts settings spelled as in the provider's own documentation", () => {
    expect(
      parse(delivering("email", "sendgrid", { apiKey: "$SENDGRID_KEY", from_address: "a@b.test" }))?.settings,
    ).toEqual({
      api_key: "$SENDGRID_KEY",
      from_address: "a@b.test",
    });
    const twilio = { accountSid: "$SID", authToken: "$T", from: "+1" };
    expect(parse(delivering("sms", "twilio", twilio))?.settings).toEqual({
      account_id: "$SID",
      auth_token: "$T",
      phone_number: "+1",
    });
  });

  it("accepts a whole number as text, as the fake of SMTP has its port", () => {
    const withPort = (port: Json) => delivering("email", "smtp", { host: "127.0.0.1", port });
    expect(parse(withPort("1025"))).toMatchObject({ settings: { port: "1025" } });
    for (const port of ["0", "1.5", "-1", "smtp", [25]])
      expect(faults(withPort(port))).toEqual([`${S}/port must be a whole number above 0`]);
  });

  it.each(["https://mg.lark.test", "mg.lark.test/v3", "hi@mg.lark.test"])("refuses %s as a domain", (domain) => {
    expect(faults(delivering("email", "mailgun", { api_key: "$K", domain }))).toEqual([
      `${S}/domain must be a domain without https:// and a path, such as "mg.example.com", found "${domain}"`,
    ]);
  });

  it("needs an inbox for the testing API of Mailtrap", () => {
    const withApi = (settings: JsonObject) => delivering("email", "mailtrap", { api_key: "$K", ...settings });
    expect(faults(withApi({ api: "testing" }))).toEqual([`${S}/inbox_id is required by email_mailtrap`]);
    for (const settings of [{ api: "sending" }, {}, { api: "testing", inbox_id: "7" }] as JsonObject[])
      expect(() => parse(withApi(settings))).not.toThrow();
  });

  it("needs a login for SMTP, except on localhost (CH-090)", () => {
    expect(faults(delivering("email", "smtp", { host: "smtp.lark.test" }))).toEqual([
      `${S}/username is required by smtp`,
      `${S}/password is required by smtp, such as "$PASSWORD"`,
    ]);
    for (const host of ["localhost", "127.0.0.1", "::1"])
      expect(parse(delivering("email", "smtp", { host, port: "$PORT" }))?.deliver).toBe(true);
    expect(faults(delivering("email", "smtp", { host: "127.0.0.1.lark.test" }))).toHaveLength(2);
  });

  it("needs for APNs a signing key with its names, or a certificate with its key, never both (CH-141)", () => {
    const apns = (settings: JsonObject) => faults(delivering("push", "push_apns", { bundle_id: "b", ...settings }));
    const certificate = { bundle_id: "b", certificate: "$C", private_key: "$K" };
    expect(parse(delivering("push", "push_apns", certificate))?.deliver).toBe(true);
    expect(apns({ certificate: "$C" })).toEqual([`${S}/private_key is required by push_apns, such as "$PRIVATE_KEY"`]);
    expect(apns({ signing_key: "$S" })).toEqual([
      `${S}/key_id is required by push_apns`,
      `${S}/team_id is required by push_apns`,
    ]);
    expect(apns({})).toEqual([`${S} must have exactly one of signing_key, certificate, has none`]);
    expect(apns({ certificate: "$C", private_key: "$K", signing_key: "$S", key_id: "k", team_id: "t" })).toEqual([
      `${S} must have exactly one of signing_key, certificate, has signing_key and certificate`,
    ]);
  });

  it("accepts Liquid as a webhook's signing key (E-195), but no literal text", () => {
    const fault = `${S}/signing_key is a secret and must name an environment variable, such as "$SIGNING_KEY": never write it here`;
    for (const signing_key of ["{{ vars.hook_key }}", "{{ recipient.keys.hook | default: tenant.hook_key }}"])
      expect(parse(delivering("http", null, { signing_key }))?.settings).toEqual({ signing_key });
    for (const signing_key of [
      "s3cret",
      "s3cret{{ recipient.id }}",
      '{{ "s3cret" }}',
      "{{ nope | default: 's3cret' }}",
    ])
      expect(faults(delivering("http", null, { signing_key }))).toEqual([fault]);
    expect(faults(delivering("chat", "slack", { bot_token: "{{ vars.token }}" }))).toHaveLength(1);
  });

  it("needs no provider for a webhook or an in-app feed", () => {
    expect(parse(delivering("http", null))).toMatchObject({ provider: "http_knock_webhook", deliver: true });
    expect(parse(delivering("in_app_feed", null))).toMatchObject({ provider: "in_app_feed_knock" });
  });

  const email = (settings: JsonObject): JsonObject => delivering("email", "smtp", { host: "h", ...LOGIN, ...settings });
  it.each<[string, JsonObject, string[]]>([
    ["no provider", delivering("email", null), ['/channels/out/provider is required if "deliver" is true']],
    [
      "a typing mistake in the provider's name",
      delivering("email", "sendgird"),
      [
        `/channels/out/provider must be a provider for email (${listNames("email")}), found "sendgird"; did you mean "sendgrid"?`,
      ],
    ],
    [
      "a provider of another channel type",
      delivering("sms", "slack"),
      [`/channels/out/provider must be a provider for sms (${listNames("sms")}), found "slack"`],
    ],
    [
      "a channel type without delivery",
      delivering("in_app_guide", "x"),
      ["/channels/out/provider is unsupported: channels of type in_app_guide cannot deliver"],
    ],
    [
      "missing settings",
      delivering("push", "apns", { key_id: "k" }),
      [`${S}/bundle_id is required by push_apns`, `${S} must have exactly one of signing_key, certificate, has none`],
    ],
    [
      "a typing mistake in a setting's name",
      delivering("email", "resend", { api_kye: "$K" }),
      [`${S}/api_key is required by resend, such as "$API_KEY"; is "api_kye" misspelled?`],
    ],
    [
      "a list under a part of its name",
      delivering("chat", "slack", { channels: [{ id: "C1", name: "general" }] }),
      [`${S}/channels is not a known setting of chat_slack; did you mean "slack_channels"?`],
    ],
    [
      "a list under a part of its name, without a provider",
      { type: "chat", settings: { teams: [] } },
      [`${S}/teams is not a known setting of a channel of type chat; did you mean "ms_teams_teams"?`],
    ],
    [
      "a misspelled setting of a sandboxed channel",
      { type: "email", settings: { form_address: "a@b.test" } },
      [`${S}/form_address is not a known setting of a channel of type email; did you mean "from_address"?`],
    ],
    [
      "a misspelled setting of a feed",
      { type: "in_app_feed", settings: { response_filters: {} } },
      [
        `${S}/response_filters is not a known setting of a channel of type in_app_feed; did you mean "response_filter"?`,
      ],
    ],
    [
      "an item of the list that is not a channel",
      { type: "chat", settings: { slack_channels: [{ id: "C1" }, "general"] } },
      [`${S}/slack_channels/0/name is required (a string)`, `${S}/slack_channels/1 must be an object, found a string`],
    ],
    [
      "a literal secret",
      delivering("email", "sendgrid", { apiKey: "SG.very-secret" }),
      [`${S}/api_key is a secret and must name an environment variable, such as "$API_KEY": never write it here`],
    ],
    [
      "a secret that is not a string",
      delivering("push", "fcm", { project_id: "p", service_account_json: { private_key: "very-secret" } }),
      [
        `${S}/service_account_json is a secret and must name an environment variable, such as "$SERVICE_ACCOUNT_JSON": never write it here`,
      ],
    ],
    [
      "an invalid variable name",
      email({ password: "$9" }),
      [`${S}/password is a secret and must name an environment variable, such as "$PASSWORD": never write it here`],
    ],
    ["an invalid port", email({ port: "587x" }), [`${S}/port must be a whole number above 0`]],
    [
      "TLS",
      email({ tls: "strattls" }),
      [`${S}/tls must be "implicit", "starttls" or "none", found "strattls"; did you mean "starttls"?`],
    ],
    [
      "an invalid URL",
      delivering("push", "expo", { base_url: "exp.host" }),
      [`${S}/base_url must be a URL that starts with http:// or https://, found "exp.host"`],
    ],
    ["an invalid boolean", delivering("http", null, { allow_http: "yes" }), [`${S}/allow_http must be true or false`]],
    [
      "no sender",
      delivering("sms", "twilio", { account_id: "a", auth_token: "$T" }),
      [`${S} must have exactly one of phone_number, short_code, messaging_service_sid, has none`],
    ],
    [
      "two senders",
      delivering("sms", "twilio", { account_id: "a", auth_token: "$T", from: "+1", short_code: "1" }),
      [
        `${S} must have exactly one of phone_number, short_code, messaging_service_sid, has phone_number and short_code`,
      ],
    ],
  ])("rejects %s", (_title, channel, expected) => {
    expect(faults(channel)).toEqual(expected);
    expect(JSON.stringify(catchThrown(() => parse(channel)))).not.toContain("very-secret");
  });
});

describe("a sandboxed channel", () => {
  it("accepts any provider and missing settings, but no literal secret", () => {
    for (const provider of ["smtp", "mailgun", "sendgrid"])
      expect(parse({ type: "email", provider })).toMatchObject({ provider, deliver: false });
    const [fault] = faults({ type: "email", provider: "sendgrid", settings: { api_key: "SG.1" } });
    expect(fault).toMatch(/is a secret and must name an environment variable/);
  });
});

it.each<[Json, string | null]>([
  ["$SENDGRID_KEY", "SENDGRID_KEY"],
  ["$_a1", "_a1"],
  ["SENDGRID_KEY", null],
  ["$", null],
  ["$1", null],
  ["a $B", null],
  ["$B c", null],
  [7, null],
])("reads the variable of %j as %j", (value, variable) => {
  expect(parseVariableReference(value)).toBe(variable);
});
