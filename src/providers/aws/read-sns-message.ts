import { createPublicKey, createVerify, type KeyObject } from "node:crypto";
import type { ProviderWebhook } from "../../ports/provider.js";
import type { JsonObject } from "../../util/json.js";
import {
  type ApiResponse,
  DEFAULT_TIMEOUT_MS,
  isSuccess,
  type ProviderServices,
  parseJsonObject,
  toPlainText,
} from "../call-api.js";
import type { SettingsReader } from "../settings-reader.js";
import { checkAge, createRefusedError, requireHeader } from "../verify-signature.js";

const NOTIFICATION_FIELDS = ["Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"];
const CONFIRMATION_FIELDS = ["Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"];
const ALGORITHMS: Readonly<Record<string, string>> = { "1": "RSA-SHA1", "2": "RSA-SHA256" };
/** Certificates change once a year. The limit is for URLs that only look like those of certificates. */
const MAX_KEYS = 20;
const keys = new Map<string, KeyObject>();

/** Returns whether a URL is one of Amazon SNS, which only Amazon can answer. */
function isSnsUrl(url: string): boolean {
  return /^https:\/\/sns\.[a-z]{2,4}(-[a-z]+)+-\d\.amazonaws\.(com|eu)\/[^@\s\\]*$/.test(url) && URL.canParse(url);
}

/**
 * Requests a URL in a webhook, which must be one of Amazon SNS. If the channel's `base_url` is a local test server, it is
 * requested instead, with the same path.
 */
async function requestSns(
  address: string,
  name: string,
  settings: SettingsReader,
  { sendRequest }: ProviderServices,
): Promise<ApiResponse> {
  if (!isSnsUrl(address))
    throw createRefusedError(`The webhook's ${name} is no URL of sns.<region>.amazonaws.com: it was not requested`);
  const { pathname, search } = new URL(address);
  const base = new URL(settings.url("base_url", address));
  const isTest = ["127.0.0.1", "localhost", "[::1]"].includes(base.hostname);
  const url = isTest ? `${base.origin}${pathname}${search}` : address;
  const timeout_ms = settings.number("timeout_ms", DEFAULT_TIMEOUT_MS);
  const response = await sendRequest({ method: "GET", url, headers: {}, body: null, timeout_ms, from_data: !isTest });
  if ("failure" in response || !isSuccess(response))
    throw createRefusedError(
      `The webhook's ${name} could not be requested: ${"failure" in response ? response.message : `status ${response.status}`}`,
    );
  return response;
}

/** Returns the key of a certificate, which is requested once. */
async function readKey(address: string, settings: SettingsReader, services: ProviderServices): Promise<KeyObject> {
  const cacheKey = `${settings.text("base_url") ?? ""} ${address}`;
  const known = keys.get(cacheKey);
  if (known !== undefined) return known;
  const { text } = await requestSns(address, "SigningCertURL", settings, services);
  try {
    const key = createPublicKey(text);
    if (keys.size >= MAX_KEYS) keys.clear();
    keys.set(cacheKey, key);
    return key;
  } catch {
    throw createRefusedError("The webhook's SigningCertURL has no certificate");
  }
}

async function checkSignature(
  message: JsonObject,
  settings: SettingsReader,
  services: ProviderServices,
): Promise<void> {
  const algorithm = ALGORITHMS[toPlainText(message.SignatureVersion)];
  if (algorithm === undefined) throw createRefusedError("The webhook has no SignatureVersion of 1 or 2");
  const fields = message.Type === "Notification" ? NOTIFICATION_FIELDS : CONFIRMATION_FIELDS;
  const content = fields.filter((name) => message[name] !== undefined && message[name] !== null);
  const verify = createVerify(algorithm).update(
    content.map((name) => `${name}\n${toPlainText(message[name])}\n`).join(""),
  );
  const key = await readKey(toPlainText(message.SigningCertURL), settings, services);
  if (!verify.verify(key, toPlainText(message.Signature), "base64"))
    throw createRefusedError("The webhook's signature is wrong");
}

/**
 * Returns the text of a notification of the channel's topic, or null for a message about its subscription, which is confirmed. Throws
 * `authentication` for a signature that is missing, old or wrong, and for other topics: everyone can have messages of their own
 * topic signed by Amazon SNS.
 */
export async function readSnsMessage(
  webhook: ProviderWebhook,
  settings: SettingsReader,
  services: ProviderServices,
): Promise<string | null> {
  requireHeader(webhook, "x-amz-sns-message-type");
  const message = parseJsonObject(webhook.body) ?? {};
  const topic = settings.required("topic_arn");
  if (message.TopicArn !== topic) throw createRefusedError("The webhook is not of the topic in settings.topic_arn");
  await checkSignature(message, settings, services);
  checkAge(String(Date.parse(toPlainText(message.Timestamp)) / 1_000), services.now());
  if (message.Type === "Notification") return toPlainText(message.Message);
  if (message.Type === "SubscriptionConfirmation")
    await requestSns(toPlainText(message.SubscribeURL), "SubscribeURL", settings, services);
  return null;
}
