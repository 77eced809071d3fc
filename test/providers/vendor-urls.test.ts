import { describe, expect, it } from "vitest";
import type { ApiRequest, ProviderServices } from "../../src/providers/call-api.js";
import { getProviderCatalog } from "../../src/providers/catalog.js";
import { SettingsReader } from "../../src/providers/settings-reader.js";
import { VENDOR_FAKES } from "../../src/providers/vendor-fakes.js";
import { VENDOR_MODULES } from "../../src/providers/vendor-modules.js";
import type { JsonObject } from "../../src/util/json.js";
import { buildChannel, buildEmailMessage, buildMessage, NOW } from "../helpers/provider-harness.js";

const MESSAGES = {
  email: buildEmailMessage(),
  sms: buildMessage("sms", { to: "+15550000001", body: "Hi" }),
  push: buildMessage("push", {
    token: "arn:aws:sns:eu-west-1:123456789012:endpoint/APNS/app/1",
    title: "T",
    body: "B",
  }),
  chat: buildMessage("chat", {
    connection: { phone_number: "+15550000001" },
    template: { json_content: { template: { name: "hello_world", language: { code: "en_US" } } } },
  }),
};

/** Returns the request of a vendor with the settings of its fake and others, but without the URL of a test server. */
async function captureRequest(vendor: keyof typeof VENDOR_FAKES, others: JsonObject = {}): Promise<ApiRequest> {
  const definition = getProviderCatalog().find((known) => known.vendor === vendor);
  if (definition === undefined) throw new Error(`${vendor} is not in the catalog`);
  const { settings: known } = await VENDOR_FAKES[vendor]();
  const variables: Record<string, string> = {};
  const settings: JsonObject = {};
  for (const [name, value] of Object.entries({ ...known, ...others })) {
    const isSecret = definition.settings[name]?.kind === "secret";
    if (isSecret) variables[name.toUpperCase()] = String(value);
    settings[name] = isSecret ? `$${name.toUpperCase()}` : value;
  }
  const channel = buildChannel(definition.type, definition.names[0] as string, settings);
  const requests: ApiRequest[] = [];
  const services: ProviderServices = {
    sendRequest: async (request) => {
      requests.push(request);
      return { status: 500, headers: {}, text: "" };
    },
    record: () => undefined,
    now: () => NOW,
    onClose: () => undefined,
  };
  const { openVendor } = await VENDOR_MODULES[vendor].send();
  const provider = openVendor(new SettingsReader(channel, variables), services);
  const message = MESSAGES[definition.type as keyof typeof MESSAGES];
  await expect(provider.send(message, channel, { recipient: {}, tenant: {} })).rejects.toThrow();
  return requests[0] as ApiRequest;
}

/** Vendors whose first request is one for a token, or that have a connection of their own. */
const OTHERS = new Set(["apns", "fcm", "ms-teams", "slack", "discord"]);
const vendors = (Object.keys(VENDOR_FAKES) as (keyof typeof VENDOR_FAKES)[]).filter((vendor) => !OTHERS.has(vendor));

it.each(vendors)("%s requests the URL that its reference names", async (vendor) => {
  const { request: text = "" } = getProviderCatalog().find((known) => known.vendor === vendor) ?? {};
  const { settings } = await VENDOR_FAKES[vendor]();
  const { method, url } = await captureRequest(vendor);
  const named = /`([A-Z]+ https:[^`]+)`/.exec(text)?.[1];
  const region = { region: "eu-west-1", ...settings };
  expect(`${method} ${url}`).toBe(
    named?.replace(/<(\w+)>/g, (_all, name: keyof typeof region) => String(region[name])),
  );
});

describe("regions and environments", () => {
  it.each([
    ["mailgun", { region: "eu" }, "https://api.eu.mailgun.net/v3/mg.lark.test/messages"],
    ["sparkpost", { region: "eu" }, "https://api.eu.sparkpost.com/api/v1/transmissions"],
    ["mailtrap", { api: "testing", inbox_id: "42" }, "https://sandbox.api.mailtrap.io/api/send/42"],
    ["messagemedia", { region: "eu" }, "https://eu.app.api.sinch.com/v1/messages"],
    ["sinch", { region: "br" }, "https://br.sms.api.sinch.com/xms/v1/fakeplan0123456789/batches"],
    [
      ...(["africas-talking", { username: "sandbox" }] as const),
      "https://api.sandbox.africastalking.com/version1/messaging",
    ],
    [
      ...(["aws-ses", { aws_region: "us-gov-west-1" }] as const),
      "https://email.us-gov-west-1.amazonaws.com/v2/email/outbound-emails",
    ],
  ] as [keyof typeof VENDOR_FAKES, JsonObject, string][])("of %s with %j", async (vendor, settings, url) =>
    expect((await captureRequest(vendor, settings)).url).toBe(url),
  );
});
