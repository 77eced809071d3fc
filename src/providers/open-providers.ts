import type { Channel } from "../domain/environment/environment.js";
import type {
  Delivery,
  DeliveryCheck,
  Provider,
  ProviderEvent,
  ProviderWebhook,
  RecordExchange,
  UserLookupResult,
  WebhookAnswer,
} from "../ports/provider.js";
import { NO_TRACER, type Tracer } from "../ports/tracer.js";
import { stableStringify } from "../util/json.js";
import type { ProviderServices, RecordedRequest, SendRequest } from "./call-api.js";
import { findProviderDefinition, type ProviderDefinition } from "./catalog.js";
import { DeliveryError } from "./delivery-error.js";
import { buildDeliveryExchange, collectRequests, recordRequest } from "./delivery-record.js";
import { SettingsReader, type Variables } from "./settings-reader.js";
import { VENDOR_MODULES } from "./vendor-modules.js";
import { createRefusedError } from "./verify-signature.js";

const MAX_REASON_CHARACTERS = 500;

export interface Providers {
  /** Returns the provider that delivers for a channel; null if there is no implementation of it. */
  findProvider(channel: Channel): Provider | null;
  /**
   * Returns the events of a vendor's webhook for a channel (CH-045), or null if the vendor has no such webhook. Throws
   * `authentication` if the signature is missing, old or wrong.
   */
  readEvents(channel: Channel, webhook: ProviderWebhook): Promise<ProviderEvent[] | WebhookAnswer | null>;
  /** Closes connections that are kept open. */
  close(): Promise<void>;
}

export interface ProviderOptions {
  /** The environment variables that settings refer to. */
  variables: Variables;
  /** Real time in milliseconds. */
  now?: () => number;
  /** Addresses and ranges that are not public but may be requested. */
  privateAddresses?: () => Promise<readonly string[]>;
  /** Values of secret variables. Messages may contain them, but logs must not. */
  secretValues?: () => Promise<readonly string[]>;
  /** Records the requests of providers. */
  tracer?: Tracer;
  /** The public URL of this server, to which vendors send their webhooks. */
  webhookUrl?: string | undefined;
}

/** Returns a reason that can be stored and printed: without secrets and control characters from a server, and truncated. */
function sanitizeReason(reason: string, secrets: readonly string[]): string {
  let text = reason;
  for (const secret of secrets) text = text.replaceAll(secret, "[redacted]");
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are the characters to remove.
  text = text.replace(/[\u0000-\u001f\u007f-\u009f]+/g, " ").trim();
  return text.length > MAX_REASON_CHARACTERS ? `${text.slice(0, MAX_REASON_CHARACTERS)}…` : text;
}

/** Sanitizes the id that a server assigns to a message, because it is also text from the server. */
function sanitizeExternalId(delivery: Delivery): Delivery {
  if (!("metadata" in delivery) || typeof delivery.metadata?.external_id !== "string") return delivery;
  return {
    ...delivery,
    metadata: { ...delivery.metadata, external_id: sanitizeReason(delivery.metadata.external_id, []) },
  };
}

const SECRET_NAMES = new Set(["access_token", "url", "signing_key"]);

/** Returns tokens of connections, URLs of incoming webhooks and signing keys. */
function collectSecrets(...values: unknown[]): string[] {
  const found: string[] = [];
  JSON.stringify(values, (name, value: unknown) => {
    if (SECRET_NAMES.has(name) && typeof value === "string" && value.length > 3) found.push(value);
    return value;
  });
  return found;
}

/** Opens the providers that deliver for real. They open no connection before a message is sent. */
export function openProviders({
  variables,
  now = Date.now,
  privateAddresses,
  secretValues,
  tracer = NO_TRACER,
  webhookUrl,
}: ProviderOptions): Providers {
  const closeCallbacks: (() => void | Promise<void>)[] = [];
  let httpClient: Promise<{ sendRequest: SendRequest; close: () => Promise<void> }> | undefined;
  const services: ProviderServices = {
    now,
    onClose: (close) => void closeCallbacks.push(close),
    async sendRequest(request) {
      httpClient ??= import("./open-http-client.js").then(({ openHttpClient }) =>
        openHttpClient(privateAddresses ? { privateAddresses } : {}),
      );
      const { sendRequest } = await httpClient;
      const response = await tracer.traceRequest(request, (headers) =>
        sendRequest({ ...request, headers: { ...headers, ...request.headers } }),
      );
      recordRequest({ ...request, body: request.body?.toString() ?? null, response });
      return response;
    },
    record: recordRequest,
  };
  /**
   * The opened vendors by channel with all its settings, so that connections and tokens are kept while the settings
   * stay the same.
   */
  const openedVendors = new Map<string, Promise<{ provider: Provider; settings: SettingsReader }>>();

  async function openVendorProvider(channel: Channel, { vendor }: ProviderDefinition) {
    const settings = new SettingsReader(channel, variables, webhookUrl);
    const { openVendor } = await VENDOR_MODULES[vendor].send();
    return { provider: openVendor(settings, services), settings };
  }

  function getVendorProvider(channel: Channel, definition: ProviderDefinition) {
    const key = stableStringify(channel);
    const known = openedVendors.get(key);
    if (known) return known;
    const pending = openVendorProvider(channel, definition);
    openedVendors.set(key, pending);
    // The next message tries again to open the provider.
    pending.catch(() => openedVendors.delete(key));
    return pending;
  }

  /** Runs work with a vendor's provider. Records its requests, returns its errors as results, and removes secrets from both. */
  async function runVendor<T extends object>(
    channel: Channel,
    definition: ProviderDefinition,
    knownSecrets: readonly string[],
    recordExchange: RecordExchange | undefined,
    work: (provider: Provider) => Promise<T>,
  ): Promise<T | DeliveryError["delivery"]> {
    let secrets = [...knownSecrets, ...((await secretValues?.()) ?? [])];
    const requests: RecordedRequest[] = [];
    try {
      const { provider, settings } = await getVendorProvider(channel, definition);
      try {
        const result = await collectRequests(requests, () => work(provider));
        return "reason" in result
          ? { ...result, reason: sanitizeReason(String(result.reason), [...secrets, ...settings.secrets]) }
          : result;
      } finally {
        secrets = [...secrets, ...settings.secrets];
      }
    } catch (error) {
      if (!(error instanceof DeliveryError)) {
        const reason = error instanceof Error ? error.message : String(error);
        return { status: "failed", retryable: true, reason: sanitizeReason(reason, secrets) };
      }
      return { ...error.delivery, reason: sanitizeReason(error.delivery.reason, secrets) };
    } finally {
      for (const request of requests) recordExchange?.(buildDeliveryExchange(definition.title, request, secrets));
    }
  }

  return {
    findProvider(channel) {
      const vendor = findProviderDefinition(channel.type, channel.provider);
      if (vendor === null) return null;
      return {
        send(message, _channel, stored, recordExchange): Promise<Delivery> {
          const send = async (provider: Provider): Promise<Delivery> => {
            const delivery = sanitizeExternalId(await provider.send(message, channel, stored));
            return delivery.status === "sent" && provider.check ? { ...delivery, tracked: true } : delivery;
          };
          return runVendor(channel, vendor, collectSecrets(stored, message.secrets), recordExchange, send);
        },
        async findUser(email, token): Promise<UserLookupResult> {
          const find = async (provider: Provider) => ({
            found: (await provider.findUser?.(email, token, channel)) ?? null,
          });
          const result = await runVendor(channel, vendor, [token], undefined, find);
          if ("found" in result) {
            if (result.found === null || "connection" in result.found) return result.found;
            return { missing: sanitizeReason(result.found.missing, [token]) };
          }
          return result.status === "failed" && result.retryable ? null : { missing: result.reason };
        },
        async check(message, _channel, recordExchange): Promise<DeliveryCheck> {
          const check = async (provider: Provider): Promise<DeliveryCheck> =>
            (await provider.check?.(message, channel)) ?? { status: "unknown", reason: "its provider is not asked" };
          const result = await runVendor(channel, vendor, [], recordExchange, check);
          if (result.status !== "failed") return result;
          return result.retryable ? { status: "pending" } : { status: "unknown", reason: result.reason };
        },
      };
    },
    async readEvents(channel, webhook) {
      const vendor = findProviderDefinition(channel.type, channel.provider);
      const loadEvents = vendor === null ? undefined : VENDOR_MODULES[vendor.vendor].events;
      if (loadEvents === undefined) return null;
      try {
        const { readEvents } = await loadEvents();
        return await readEvents(webhook, new SettingsReader(channel, variables, webhookUrl), services);
      } catch (error) {
        // The settings that the signature is checked with are missing.
        if (error instanceof DeliveryError) throw createRefusedError(error.delivery.reason);
        throw error;
      }
    },
    async close() {
      for (const close of closeCallbacks.splice(0)) await close();
      if (httpClient) await (await httpClient).close();
      openedVendors.clear();
    },
  };
}
