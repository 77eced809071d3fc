import type { Delivery, Provider } from "../../ports/provider.js";
import { isJsonObject, type Json, type JsonObject } from "../../util/json.js";
import { AccessToken } from "../access-token.js";
import {
  type ApiAnswer,
  callApi,
  DEFAULT_TIMEOUT_MS,
  detailOf,
  failed,
  isSuccess,
  parsedObject,
  plainText,
  type Services,
  successField,
} from "../api-call.js";
import { withOverrides } from "../payload-overrides.js";
import type { SettingsReader } from "../settings-reader.js";
import { privateKeyOf, signJwt } from "../signed-jwt.js";
import { bounced, passing, refused, type Undeliverable } from "../undeliverable.js";
import { type Push, pushOf, shownOf } from "./push-content.js";

const VENDOR = "FCM";
const SCOPE = "https://www.googleapis.com/auth/firebase.messaging";
const TOKEN_URL = "https://oauth2.googleapis.com/token";
const ASSERTION_LIFE_S = 3_600;

/** `{"a":{"b":[1,false]}}` → `{"a.b.0":"1","a.b.1":"false"}`: FCM takes texts under plain keys only (CH-140, E-183). */
export function flattened(data: JsonObject): Record<string, string> {
  const flat: Record<string, string> = {};
  const open: [path: string, value: Json][] = Object.entries(data).reverse();
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const [path, value] = next;
    if (typeof value !== "object" || value === null) flat[path] = typeof value === "string" ? value : String(value);
    else for (const [key, inner] of Object.entries(value).reverse()) open.push([`${path}.${key}`, inner as Json]);
  }
  return flat;
}

function messageOf(push: Push): JsonObject {
  const message = {
    token: push.token,
    ...(push.silent ? {} : { notification: shownOf(push) }),
    data: flattened(push.data),
  };
  return withOverrides(message, push.overrides);
}

/** FCM's own code, which is more than the status: in the details of the error. */
function errorOf(answer: ApiAnswer): { code: string; detail: string | null; isAboutToken: boolean } {
  const error = parsedObject(answer.text)?.error;
  if (!isJsonObject(error)) return { code: "", detail: null, isAboutToken: false };
  const details = Array.isArray(error.details) ? error.details.filter(isJsonObject) : [];
  const own = details.find(({ errorCode }) => typeof errorCode === "string")?.errorCode ?? error.status;
  const code = typeof own === "string" ? own : "";
  const fields = details.flatMap(({ fieldViolations }) => (Array.isArray(fieldViolations) ? fieldViolations : []));
  const isAboutToken =
    fields.some((one) => isJsonObject(one) && one.field === "message.token") ||
    /registration token/i.test(plainText(error.message));
  return { code, detail: detailOf(error.message, code), isAboutToken };
}

/** A device that is gone, or a token that is none, bounces with its token (CH-140, CH-044). */
function failureOf(answer: ApiAnswer, { token }: Push, now: number): Undeliverable {
  const { code, detail, isAboutToken } = errorOf(answer);
  if (code === "UNREGISTERED" || (code === "INVALID_ARGUMENT" && isAboutToken))
    return bounced(`${VENDOR}: ${detail}`, token);
  // An access token that has become invalid: the next attempt gets another.
  if (answer.status === 401 && code !== "THIRD_PARTY_AUTH_ERROR")
    return passing(`${VENDOR} answered 401${detail ? `: ${detail}` : ""}`);
  return failed(VENDOR, answer, detail, now);
}

function accessTokenOf(settings: SettingsReader, services: Services, timeout_ms: number): AccessToken {
  const account = settings.json("service_account_json");
  const { client_email, private_key, private_key_id, token_uri } = account ?? {};
  if (typeof client_email !== "string" || typeof private_key !== "string")
    throw refused(
      "settings.service_account_json has no client_email or private_key: give the whole JSON of its key file",
    );
  settings.addSecret(private_key);
  const key = privateKeyOf(private_key, "the service account's private_key");
  const url = settings.url("token_url", typeof token_uri === "string" ? token_uri : TOKEN_URL);
  const form = async () => {
    const now = Math.floor(services.now() / 1_000);
    const header = { alg: "RS256" as const, ...(typeof private_key_id === "string" ? { kid: private_key_id } : {}) };
    const claims = { iss: client_email, scope: SCOPE, aud: url, iat: now, exp: now + ASSERTION_LIFE_S };
    const assertion = await signJwt(header, claims, key);
    return { grant_type: "urn:ietf:params:oauth:grant-type:jwt-bearer", assertion };
  };
  const onToken = (token: string) => settings.addSecret(token);
  return new AccessToken({ vendor: VENDOR, url, form, timeout_ms, onToken }, services);
}

/** FCM's HTTP v1 API (CH-140). It takes no idempotency key; the device gets the message id with the data. */
export function openFcm(settings: SettingsReader, services: Services): Provider {
  const base = settings.url("base_url", "https://fcm.googleapis.com");
  const project = settings.required("project_id");
  const timeout_ms = settings.number("timeout_ms", DEFAULT_TIMEOUT_MS);
  const access = accessTokenOf(settings, services, timeout_ms);
  return {
    async send(message): Promise<Delivery> {
      const push = pushOf(message);
      const token = await access.get();
      const answer = await callApi(services, VENDOR, {
        method: "POST",
        url: `${base}/v1/projects/${encodeURIComponent(project)}/messages:send`,
        headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
        body: JSON.stringify({ message: messageOf(push) }),
        timeout_ms,
      });
      if (answer.status === 401) access.drop(token);
      if (!isSuccess(answer)) throw failureOf(answer, push, services.now());
      return { status: "sent", metadata: { external_id: successField(VENDOR, answer, "name") } };
    },
  };
}
