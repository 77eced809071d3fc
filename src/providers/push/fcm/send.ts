import type { Delivery, Provider } from "../../../ports/provider.js";
import { filterObjects, isJsonObject, type Json, type JsonObject } from "../../../util/json.js";
import { AccessToken } from "../../access-token.js";
import { applyPayloadOverrides } from "../../apply-payload-overrides.js";
import {
  type ApiResponse,
  callApi,
  createStatusError,
  DEFAULT_TIMEOUT_MS,
  formatErrorDetail,
  getSuccessField,
  isSuccess,
  type ProviderServices,
  parseJsonObject,
  toPlainText,
} from "../../call-api.js";
import {
  createBounceError,
  createPermanentError,
  createRetryableError,
  type DeliveryError,
} from "../../delivery-error.js";
import type { SettingsReader } from "../../settings-reader.js";
import { parsePrivateKey, signJwt } from "../../sign-jwt.js";
import { buildNotification, type Push, parsePush } from "../parse-push.js";

const VENDOR = "FCM";
const SCOPE = "https://www.googleapis.com/auth/firebase.messaging";
const TOKEN_URL = "https://oauth2.googleapis.com/token";
const ASSERTION_LIFETIME_S = 3_600;

/**
 * Flattens data, because FCM accepts only texts under plain keys: `{"a":{"b":[1,false]}}` → `{"a.b.0":"1","a.b.1":"false"}`
 * (CH-140, E-183).
 */
export function flattenData(data: JsonObject): Record<string, string> {
  const flat: Record<string, string> = {};
  const open: [path: string, value: Json][] = Object.entries(data).reverse();
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const [path, value] = next;
    if (typeof value !== "object" || value === null) flat[path] = typeof value === "string" ? value : String(value);
    else for (const [key, inner] of Object.entries(value).reverse()) open.push([`${path}.${key}`, inner]);
  }
  return flat;
}

function buildMessage(push: Push): JsonObject {
  const message = {
    token: push.token,
    ...(push.isSilent ? {} : { notification: buildNotification(push) }),
    data: flattenData(push.data),
  };
  return applyPayloadOverrides(message, push.overrides);
}

/** Returns FCM's own code from the error's details, which is more specific than the status. */
function parseError(response: ApiResponse): { code: string; detail: string | null; isAboutToken: boolean } {
  const error = parseJsonObject(response.text)?.error;
  if (!isJsonObject(error)) return { code: "", detail: null, isAboutToken: false };
  const details = filterObjects(error.details);
  const fcmCode = details.find(({ errorCode }) => typeof errorCode === "string")?.errorCode ?? error.status;
  const code = typeof fcmCode === "string" ? fcmCode : "";
  const fields = details.flatMap(({ fieldViolations }) => (Array.isArray(fieldViolations) ? fieldViolations : []));
  const isAboutToken =
    fields.some((violation) => isJsonObject(violation) && violation.field === "message.token") ||
    /registration token/i.test(toPlainText(error.message));
  return { code, detail: formatErrorDetail(error.message, code), isAboutToken };
}

/** Returns the error for a response. An unregistered device or an invalid token bounces with its token (CH-140, CH-044). */
function toDeliveryError(response: ApiResponse, { token }: Push, now: number): DeliveryError {
  const { code, detail, isAboutToken } = parseError(response);
  if (code === "UNREGISTERED" || (code === "INVALID_ARGUMENT" && isAboutToken))
    return createBounceError(`${VENDOR}: ${detail}`, token);
  // The access token is no longer valid. The next attempt requests another one.
  if (response.status === 401 && code !== "THIRD_PARTY_AUTH_ERROR")
    return createRetryableError(`${VENDOR} responded 401${detail ? `: ${detail}` : ""}`);
  return createStatusError(VENDOR, response, detail, now);
}

function createAccessToken(settings: SettingsReader, services: ProviderServices, timeout_ms: number): AccessToken {
  const account = settings.json("service_account_json");
  const { client_email, private_key, private_key_id, token_uri } = account ?? {};
  if (typeof client_email !== "string" || typeof private_key !== "string")
    throw createPermanentError(
      "settings.service_account_json has no client_email or private_key: give the whole JSON of its key file",
    );
  settings.addSecret(private_key);
  const key = parsePrivateKey(private_key, "the service account's private_key");
  const url = settings.url("token_url", typeof token_uri === "string" ? token_uri : TOKEN_URL);
  const form = async () => {
    const now = Math.floor(services.now() / 1_000);
    const header = { alg: "RS256" as const, ...(typeof private_key_id === "string" ? { kid: private_key_id } : {}) };
    const claims = { iss: client_email, scope: SCOPE, aud: url, iat: now, exp: now + ASSERTION_LIFETIME_S };
    const assertion = await signJwt(header, claims, key);
    return { grant_type: "urn:ietf:params:oauth:grant-type:jwt-bearer", assertion };
  };
  const onToken = (token: string) => settings.addSecret(token);
  return new AccessToken({ vendor: VENDOR, url, buildForm: form, timeout_ms, onToken }, services);
}

/** Opens FCM's HTTP v1 API. It supports no idempotency key; the device gets the message id with the data (CH-140). */
export function openVendor(settings: SettingsReader, services: ProviderServices): Provider {
  const base = settings.url("base_url", "https://fcm.googleapis.com");
  const project = settings.required("project_id");
  const timeout_ms = settings.number("timeout_ms", DEFAULT_TIMEOUT_MS);
  const access = createAccessToken(settings, services, timeout_ms);
  return {
    async send(message): Promise<Delivery> {
      const push = parsePush(message);
      const token = await access.get();
      const response = await callApi(services, VENDOR, {
        method: "POST",
        url: `${base}/v1/projects/${encodeURIComponent(project)}/messages:send`,
        headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
        body: JSON.stringify({ message: buildMessage(push) }),
        timeout_ms,
      });
      if (response.status === 401) access.invalidate(token);
      if (!isSuccess(response)) throw toDeliveryError(response, push, services.now());
      return { status: "sent", metadata: { external_id: getSuccessField(VENDOR, response, "name") } };
    },
  };
}
