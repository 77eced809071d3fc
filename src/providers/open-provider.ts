import type { Channel } from "../domain/environment/environment.js";
import { type Vendor, type VendorName, vendorOf } from "../domain/environment/provider-catalogue.js";
import type { Delivery, DeliveryCheck, FoundUser, Provider, RecordExchange } from "../ports/provider.js";
import { stableStringify } from "../util/json.js";
import type { Exchange, Recorded, Services } from "./api-call.js";
import { exchangeOf, record, recordInto } from "./delivery-record.js";
import { SettingsReader, type Variables } from "./settings-reader.js";
import { Undeliverable } from "./undeliverable.js";

/** A vendor's file: from a channel's settings to somebody who delivers. Throws `Undeliverable` where they do not do. */
export type OpenVendor = (settings: SettingsReader, services: Services) => Provider;

/** By vendor; each is loaded when its first message goes out. */
const VENDORS: Readonly<Record<VendorName, () => Promise<OpenVendor>>> = {
  smtp: async () => (await import("./email/smtp.js")).openSmtp,
  sendgrid: async () => (await import("./email/sendgrid.js")).openSendgrid,
  postmark: async () => (await import("./email/postmark.js")).openPostmark,
  resend: async () => (await import("./email/resend.js")).openResend,
  twilio: async () => (await import("./sms/twilio.js")).openTwilio,
  fcm: async () => (await import("./push/fcm.js")).openFcm,
  apns: async () => (await import("./push/apns.js")).openApns,
  expo: async () => (await import("./push/expo.js")).openExpo,
  slack: async () => (await import("./chat/slack.js")).openSlack,
  discord: async () => (await import("./chat/discord.js")).openDiscord,
  "ms-teams": async () => (await import("./chat/ms-teams.js")).openMsTeams,
  "knock-webhook": async () => (await import("./http/knock-webhook.js")).openKnockWebhook,
};

const MAX_REASON = 500;

export interface Providers {
  /** Who delivers for a channel; null where its provider is none that delivers here. */
  providerFor(channel: Channel): Provider | null;
  /** Closes connections that are kept open. */
  close(): Promise<void>;
}

export interface ProviderOptions {
  /** Environment variables, to which settings refer. */
  variables: Variables;
  /** Real time in milliseconds. */
  now?: () => number;
  /** Addresses and ranges that are not public and may be requested all the same. */
  privateAddresses?: () => Promise<readonly string[]>;
  /** Values of secret variables, which messages may contain and no log may repeat. */
  secretValues?: () => Promise<readonly string[]>;
}

/** A reason as it may be stored and printed: no secret, no control character of a lying server, not without end. */
function presentable(reason: string, secrets: readonly string[]): string {
  let text = reason;
  for (const secret of secrets) text = text.replaceAll(secret, "[redacted]");
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must go.
  text = text.replace(/[\u0000-\u001f\u007f-\u009f]+/g, " ").trim();
  return text.length > MAX_REASON ? `${text.slice(0, MAX_REASON)}…` : text;
}

/** What a server calls a message is its text, too. */
function withPlainId(delivery: Delivery): Delivery {
  if (!("metadata" in delivery) || typeof delivery.metadata?.external_id !== "string") return delivery;
  return {
    ...delivery,
    metadata: { ...delivery.metadata, external_id: presentable(delivery.metadata.external_id, []) },
  };
}

const SECRET_NAMES = new Set(["access_token", "url", "signing_key"]);

/** Tokens of connections, URLs of incoming webhooks, keys to sign with. */
function secretsIn(...given: unknown[]): string[] {
  const found: string[] = [];
  JSON.stringify(given, (name, value: unknown) => {
    if (SECRET_NAMES.has(name) && typeof value === "string" && value.length > 3) found.push(value);
    return value;
  });
  return found;
}

/** Everybody who delivers for real. Nothing is opened before a message goes out. */
export function openProviders({
  variables,
  now = Date.now,
  privateAddresses,
  secretValues,
}: ProviderOptions): Providers {
  const closing: (() => void | Promise<void>)[] = [];
  let http: Promise<{ exchange: Exchange; close: () => Promise<void> }> | undefined;
  const services: Services = {
    now,
    onClose: (close) => void closing.push(close),
    async exchange(request) {
      http ??= import("./http-exchange.js").then(({ openExchange }) =>
        openExchange(privateAddresses ? { privateAddresses } : {}),
      );
      const answer = await (await http).exchange(request);
      record({ ...request, answer });
      return answer;
    },
    record,
  };
  /** By channel with all its settings: connections and tokens are kept as long as those stay the same. */
  const opened = new Map<string, Promise<{ provider: Provider; settings: SettingsReader }>>();

  async function open(channel: Channel, load: () => Promise<OpenVendor>) {
    const settings = new SettingsReader(channel, variables);
    const openVendor = await load();
    return { provider: openVendor(settings, services), settings };
  }

  function openedFor(channel: Channel, load: () => Promise<OpenVendor>) {
    const key = stableStringify(channel);
    const known = opened.get(key);
    if (known) return known;
    const fresh = open(channel, load);
    opened.set(key, fresh);
    // What could not be opened is tried anew with the next message.
    fresh.catch(() => opened.delete(key));
    return fresh;
  }

  /** Work of a vendor's file: its requests are told, what it throws is answered, and nothing of either has a secret. */
  async function through<T extends object>(
    channel: Channel,
    { title }: Vendor,
    load: () => Promise<OpenVendor>,
    given: readonly string[],
    tell: RecordExchange | undefined,
    work: (provider: Provider) => Promise<T>,
  ): Promise<T | Undeliverable["delivery"]> {
    let secrets = [...given, ...((await secretValues?.()) ?? [])];
    const requests: Recorded[] = [];
    try {
      const { provider, settings } = await openedFor(channel, load);
      try {
        const answer = await recordInto(requests, () => work(provider));
        return "reason" in answer
          ? { ...answer, reason: presentable(String(answer.reason), [...secrets, ...settings.secrets]) }
          : answer;
      } finally {
        secrets = [...secrets, ...settings.secrets];
      }
    } catch (error) {
      if (!(error instanceof Undeliverable)) {
        const reason = error instanceof Error ? error.message : String(error);
        return { status: "failed", retryable: true, reason: presentable(reason, secrets) };
      }
      return { ...error.delivery, reason: presentable(error.delivery.reason, secrets) };
    } finally {
      for (const one of requests) tell?.(exchangeOf(title, one, secrets));
    }
  }

  return {
    providerFor(channel) {
      const vendor = vendorOf(channel.type, channel.provider);
      if (vendor === null) return null;
      const load = VENDORS[vendor.vendor];
      return {
        send(message, _channel, stored, tell): Promise<Delivery> {
          const send = async (provider: Provider): Promise<Delivery> => {
            const delivery = withPlainId(await provider.send(message, channel, stored));
            return delivery.status === "sent" && provider.check ? { ...delivery, tracked: true } : delivery;
          };
          return through(channel, vendor, load, secretsIn(stored, message.secrets), tell, send);
        },
        async findUser(email, token): Promise<FoundUser> {
          const find = async (provider: Provider) => ({
            found: (await provider.findUser?.(email, token, channel)) ?? null,
          });
          const answer = await through(channel, vendor, load, [token], undefined, find);
          if ("found" in answer) {
            if (answer.found === null || "connection" in answer.found) return answer.found;
            return { missing: presentable(answer.found.missing, [token]) };
          }
          return answer.status === "failed" && answer.retryable ? null : { missing: answer.reason };
        },
        async check(message, _channel, tell): Promise<DeliveryCheck> {
          const check = async (provider: Provider): Promise<DeliveryCheck> =>
            (await provider.check?.(message, channel)) ?? { status: "unknown", reason: "its provider is not asked" };
          const answer = await through(channel, vendor, load, [], tell, check);
          if (answer.status !== "failed") return answer;
          return answer.retryable ? { status: "pending" } : { status: "unknown", reason: answer.reason };
        },
      };
    },
    async close() {
      for (const close of closing.splice(0)) await close();
      if (http) await (await http).close();
      opened.clear();
    },
  };
}
