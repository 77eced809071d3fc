import type { ProviderEvent, ProviderWebhook } from "../../../ports/provider.js";
import { formatErrorDetail } from "../../call-api.js";
import type { ReadEvents } from "../../vendor-api.js";
import { toEvents } from "../../vendor-events.js";
import { checkHmac, requireHeader } from "../../verify-signature.js";
import { getCallbackMessageId } from "../parse-sms.js";
import { definition } from "./definition.js";

/** Codes for a number that is invalid, permanently unreachable or opted out. */
const BAD_NUMBER_CODES = new Set(["50", "70", "200"]);
const FAILED = new Set(["failed", "undelivered", "rejected"]);

const sortPairs = (pairs: Iterable<[string, string]>, separator: string): string[] =>
  [...pairs].map(([name, value]) => `${name}${separator}${value}`).sort();

/** Returns the text that version 3 signs: the URL with its sorted query, and the sorted fields of the form. */
function buildSignedText({ url, body }: ProviderWebhook): string {
  const { origin, pathname, searchParams } = new URL(url);
  const query = sortPairs(searchParams, "=").join("&");
  const fields = sortPairs(new URLSearchParams(body), "").join("");
  const base = query === "" && fields === "" ? `${origin}${pathname}` : `${origin}${pathname}?${query}`;
  return `${base}${query !== "" && fields !== "" ? "." : ""}${fields}`;
}

/**
 * Checks the signature of version 3, or otherwise of version 2, which signs only the URL without its query. Messages have the
 * second in Plivo's documentation. Several signatures, of several tokens, are separated by commas (CH-115).
 */
function checkSignature(webhook: ProviderWebhook, token: string): void {
  const hasNew = webhook.headers["x-plivo-signature-v3"] !== undefined;
  const name = `x-plivo-signature-${hasNew ? "v3" : "v2"}`;
  const signatures = requireHeader(webhook, name)
    .split(",")
    .map((signature) => signature.trim());
  const nonce = requireHeader(webhook, `${name}-nonce`);
  const { origin, pathname } = new URL(webhook.url);
  // Version 2 keeps the path as it is written, so a URL without one has none.
  const path = pathname === "/" && !/^\w+:\/\/[^/]+\//.test(webhook.url) ? "" : pathname;
  const text = hasNew ? `${buildSignedText(webhook)}.${nonce}` : `${origin}${path}${nonce}`;
  checkHmac(signatures, text, token, "sha256", "base64");
}

function toType(status: string, code: string): ProviderEvent["type"] | undefined {
  if (status === "delivered") return "delivered";
  if (!FAILED.has(status)) return undefined;
  return BAD_NUMBER_CODES.has(code) ? "bounced" : "undelivered";
}

/** Reads a status callback. It has no time (CH-115). */
export const readEvents: ReadEvents = (webhook, settings, { now }) => {
  checkSignature(webhook, settings.required("authentication_token"));
  const fields = new URLSearchParams(webhook.body);
  const status = fields.get("Status") ?? "";
  const code = fields.get("ErrorCode") ?? "";
  const report = { message_id: getCallbackMessageId(webhook.url), type: toType(status, code), at: now() };
  return toEvents(definition, { ...report, reason: formatErrorDetail(status, code) });
};
