import { type KeyObject, X509Certificate } from "node:crypto";
import type { SecureContextOptions } from "node:tls";
import type { Delivery, Provider } from "../../ports/provider.js";
import { uuidV5 } from "../../util/ids.js";
import { isJsonObject, type JsonObject } from "../../util/json.js";
import { type ApiAnswer, DEFAULT_TIMEOUT_MS, failed, parsedObject, retryAfter, type Services } from "../api-call.js";
import { withOverrides } from "../payload-overrides.js";
import type { SettingsReader } from "../settings-reader.js";
import { pemOf, privateKeyOf, signJwt } from "../signed-jwt.js";
import { bounced, passing, refused, type Undeliverable } from "../undeliverable.js";
import { Http2Session } from "./http2-session.js";
import { type Push, pushOf, shownOf } from "./push-content.js";

const VENDOR = "APNs";
const HOSTS = { production: "https://api.push.apple.com", sandbox: "https://api.sandbox.push.apple.com" };
/** Apple wants a token reused for at least 20 minutes, and refuses one older than 60. */
const TOKEN_LIFE_MS = 40 * 60_000;
/** Names `apns-id`s are derived in, which must be UUIDs; message ids are none. Never change it. */
const APNS_ID_NAMESPACE = "5b0f6f6e-1f3c-4f0e-9a55-6b7c1d0e2f43";

const BAD_TOKEN = new Set(["BadDeviceToken", "DeviceTokenNotForTopic", "Unregistered", "ExpiredToken"]);
/** What the next attempt, with a new provider token, may cure. */
const PASSING = new Set(["ExpiredProviderToken", "IdleTimeout", "Shutdown"]);

/** The provider's token (ES256), signed anew when it grows old. */
class ProviderToken {
  private current: { token: Promise<string>; at: number } | undefined;

  constructor(
    private readonly key: KeyObject,
    private readonly names: { kid: string; iss: string },
    private readonly settings: SettingsReader,
  ) {}

  /** Returns the token to use at a time in milliseconds. */
  at(now: number): Promise<string> {
    if (this.current && now - this.current.at < TOKEN_LIFE_MS && now >= this.current.at) return this.current.token;
    const token = this.sign(now);
    this.current = { token, at: now };
    return token;
  }

  private async sign(now: number): Promise<string> {
    const { kid, iss } = this.names;
    const token = await signJwt({ alg: "ES256", kid }, { iss, iat: Math.floor(now / 1_000) }, this.key);
    this.settings.addSecret(token);
    return token;
  }

  /** Forgets a token that was refused, unless there is a newer one. */
  async drop(token: string): Promise<void> {
    const { current } = this;
    if ((await current?.token) === token && this.current === current) this.current = undefined;
  }
}

/** Overrides hold the request's headers beside the payload's parts (CH-141). */
function requestOf(push: Push, bundleId: string): { headers: Record<string, string>; payload: JsonObject } {
  const { headers = {}, ...overrides } = push.overrides;
  const aps: JsonObject = push.silent ? { "content-available": 1 } : { alert: shownOf(push) };
  const own = Object.entries(isJsonObject(headers) ? headers : {}).map(([name, value]) => [
    name.toLowerCase(),
    typeof value === "string" ? value : JSON.stringify(value),
  ]);
  // HTTP/2 itself would carry line breaks in a value to whatever reads it as HTTP/1.
  const broken = own.find(
    ([name, value]) => !/^[a-z0-9-]+$/.test(String(name)) || !/^[\x20-\x7e]*$/.test(String(value)),
  );
  if (broken) throw refused(`the header ${JSON.stringify(broken[0])} of the overrides is not valid`);
  return {
    payload: withOverrides({ ...push.data, aps }, overrides),
    headers: {
      "apns-topic": bundleId,
      // A background push with priority 10 is refused.
      "apns-push-type": push.silent ? "background" : "alert",
      "apns-priority": push.silent ? "5" : "10",
      ...(Object.fromEntries(own.filter(([name]) => name?.startsWith("apns-"))) as Record<string, string>),
    },
  };
}

/** 410 and its kind bounce with the token (CH-044). */
function failureOf(answer: ApiAnswer, { token }: Push, now: number): Undeliverable {
  const reason = parsedObject(answer.text)?.reason;
  const code = typeof reason === "string" ? reason : "";
  if (answer.status === 410 || BAD_TOKEN.has(code)) return bounced(`${VENDOR}: ${code || answer.status}`, token);
  if (PASSING.has(code))
    return passing(`${VENDOR} answered ${answer.status}: ${code}`, retryAfter(answer.headers, now));
  return failed(VENDOR, answer, code || null, now);
}

/** By certificate: the connection itself says who is asking, and requests carry no token. */
function clientCertificate(settings: SettingsReader): SecureContextOptions {
  const cert = pemOf(settings.required("certificate"));
  const key = privateKeyOf(settings.required("private_key"), "settings.private_key");
  let certificate: X509Certificate;
  try {
    certificate = new X509Certificate(cert);
  } catch {
    throw refused("settings.certificate is not a certificate in PEM form");
  }
  if (!certificate.checkPrivateKey(key)) throw refused("settings.private_key is not the key of settings.certificate");
  return { cert, key: key.export({ type: "pkcs8", format: "pem" }) };
}

/** By token: each request carries one, signed with the key. */
function tokenOf(settings: SettingsReader): ProviderToken | null {
  if (settings.text("certificate") !== null) return null;
  const names = { kid: settings.required("key_id"), iss: settings.required("team_id") };
  return new ProviderToken(privateKeyOf(settings.required("signing_key"), "settings.signing_key"), names, settings);
}

/** APNs over HTTP/2 with either way to authenticate, by token or by certificate (CH-141). A repeat has the same `apns-id`. */
export function openApns(settings: SettingsReader, services: Services): Provider {
  const mode = settings.text("application_mode") === "sandbox" ? "sandbox" : "production";
  const base = settings.url("base_url", HOSTS[mode]);
  const bundleId = settings.required("bundle_id");
  const provider = tokenOf(settings);
  const timeout_ms = settings.number("timeout_ms", DEFAULT_TIMEOUT_MS);
  const ca = settings.text("ca");
  const session = new Http2Session(base, {
    ...(ca === null ? {} : { ca: ca.replaceAll("\\n", "\n") }),
    ...(provider === null ? clientCertificate(settings) : {}),
  });
  services.onClose(() => session.close());
  return {
    async send(message): Promise<Delivery> {
      const push = pushOf(message);
      const { headers, payload } = requestOf(push, bundleId);
      const token = await provider?.at(services.now());
      const authorization: Record<string, string> = token === undefined ? {} : { authorization: `bearer ${token}` };
      const id = uuidV5(APNS_ID_NAMESPACE, message.id);
      const request = {
        path: `/3/device/${encodeURIComponent(push.token)}`,
        headers: { ...authorization, "apns-id": id, "content-type": "application/json", ...headers },
        body: JSON.stringify(payload),
        timeout_ms,
      };
      const answer = await session.post(request);
      services.record({ ...request, method: "POST", url: base + request.path, answer });
      if ("failure" in answer) {
        const reason = `${VENDOR} could not be reached: ${answer.message}`;
        throw answer.failure === "malformed" ? refused(reason) : passing(reason);
      }
      if (answer.status === 200) return { status: "sent", metadata: { external_id: answer.headers["apns-id"] ?? id } };
      // Only then: Apple counts how often the token changes.
      if (token !== undefined && parsedObject(answer.text)?.reason === "ExpiredProviderToken") provider?.drop(token);
      throw failureOf(answer, push, services.now());
    },
  };
}
