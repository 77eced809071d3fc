import { filterObjects, type Json, type JsonObject } from "../../../util/json.js";
import { AccessToken } from "../../access-token.js";
import { applyPayloadOverrides } from "../../apply-payload-overrides.js";
import {
  type ApiResponse,
  DEFAULT_TIMEOUT_MS,
  getSuccessField,
  type ProviderServices,
  parseJsonObject,
  toPlainText,
} from "../../call-api.js";
import { createPermanentError } from "../../delivery-error.js";
import type { SettingsReader } from "../../settings-reader.js";
import { parsePrivateKey, signJwt } from "../../sign-jwt.js";
import { createSend, type OpenVendor, type VendorError } from "../../vendor-api.js";
import { toObject } from "../../vendor-events.js";
import { buildNotification, type Push, parsePush } from "../parse-push.js";
import { definition } from "./definition.js";

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

/**
 * Returns FCM's own code from the error's details, which is more specific than the status, and the field that the error is about
 * (CH-140).
 */
function readError({ text }: ApiResponse): VendorError {
  const { message, status, details } = toObject(parseJsonObject(text)?.error);
  const parts = filterObjects(details);
  const [violation] = parts.flatMap(({ fieldViolations }) => filterObjects(fieldViolations));
  const field = toPlainText(violation?.field);
  return {
    message: `${toPlainText(message)}${field ? ` (${field})` : ""}`,
    code: parts.map(({ errorCode }) => toPlainText(errorCode)).find(Boolean) ?? status,
  };
}

function createAccessToken(settings: SettingsReader, services: ProviderServices): AccessToken {
  const timeout_ms = settings.number("timeout_ms", DEFAULT_TIMEOUT_MS);
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
  return new AccessToken({ vendor: definition.title, url, buildForm: form, timeout_ms, onToken }, services);
}

/** Opens FCM's HTTP v1 API. It supports no idempotency key; the device gets the message id with the data (CH-140). */
export const openVendor: OpenVendor = (settings, services) => {
  const base = settings.url("base_url", "https://fcm.googleapis.com");
  const url = `${base}/v1/projects/${encodeURIComponent(settings.required("project_id"))}/messages:send`;
  const access = createAccessToken(settings, services);
  return {
    send: createSend(definition, settings, services, {
      async buildRequest(message) {
        const push = parsePush(message);
        const bearer = await access.get();
        return {
          url,
          headers: { authorization: `Bearer ${bearer}`, "content-type": "application/json" },
          body: JSON.stringify({ message: buildMessage(push) }),
          token: push.token,
          onError: (_error, status) => {
            if (status === 401) access.invalidate(bearer);
          },
        };
      },
      readError,
      readId: (response) => getSuccessField(definition.title, response, "name"),
    }),
  };
};
