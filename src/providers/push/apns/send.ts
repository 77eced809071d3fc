import { type KeyObject, X509Certificate } from "node:crypto";
import type { SecureContextOptions } from "node:tls";
import type { Message } from "../../../domain/message/message.js";
import { createUuidV5 } from "../../../util/ids.js";
import { isJsonObject, type JsonObject } from "../../../util/json.js";
import { applyPayloadOverrides } from "../../apply-payload-overrides.js";
import { parseJsonObject, type SendRequest } from "../../call-api.js";
import { createPermanentError } from "../../delivery-error.js";
import type { SettingsReader } from "../../settings-reader.js";
import { parsePem, parsePrivateKey, signJwt } from "../../sign-jwt.js";
import { createSend, type OpenVendor } from "../../vendor-api.js";
import { buildNotification, type Push, parsePush } from "../parse-push.js";
import { definition } from "./definition.js";
import { Http2Session } from "./http2-session.js";

const HOSTS_BY_MODE = { production: "https://api.push.apple.com", sandbox: "https://api.sandbox.push.apple.com" };
/** Apple requires that a token is reused for at least 20 minutes, and rejects one that is older than 60. */
const TOKEN_LIFETIME_MS = 40 * 60_000;
/** Namespace of the `apns-id`s, which must be UUIDs, unlike message ids. Never change it. */
const APNS_ID_NAMESPACE = "5b0f6f6e-1f3c-4f0e-9a55-6b7c1d0e2f43";

/** The provider's token (ES256), which is signed again when it is too old. */
class ProviderToken {
  private current: { token: Promise<string>; signedAt: number } | undefined;

  constructor(
    private readonly key: KeyObject,
    private readonly claims: { kid: string; iss: string },
    private readonly settings: SettingsReader,
  ) {}

  /** Returns the token to use at a time in milliseconds. */
  at(now: number): Promise<string> {
    if (this.current && now - this.current.signedAt < TOKEN_LIFETIME_MS && now >= this.current.signedAt)
      return this.current.token;
    const token = this.sign(now);
    this.current = { token, signedAt: now };
    return token;
  }

  private async sign(now: number): Promise<string> {
    const { kid, iss } = this.claims;
    const token = await signJwt({ alg: "ES256", kid }, { iss, iat: Math.floor(now / 1_000) }, this.key);
    this.settings.addSecret(token);
    return token;
  }

  /** Discards a rejected token, unless a newer one has replaced it. */
  async invalidate(token: string): Promise<void> {
    const { current } = this;
    if ((await current?.token) === token && this.current === current) this.current = undefined;
  }
}

/** Builds a request. Overrides contain its headers next to the parts of the payload (CH-141). */
function buildRequest(push: Push, bundleId: string): { headers: Record<string, string>; payload: JsonObject } {
  const { headers = {}, ...overrides } = push.overrides;
  const aps: JsonObject = push.isSilent ? { "content-available": 1 } : { alert: buildNotification(push) };
  const overriddenHeaders = Object.entries(isJsonObject(headers) ? headers : {}).map(
    ([name, value]): [string, string] => [
      name.toLowerCase(),
      typeof value === "string" ? value : JSON.stringify(value),
    ],
  );
  // HTTP/2 would pass line breaks in a value on to a server that reads them as HTTP/1.
  const invalidHeader = overriddenHeaders.find(
    ([name, value]) => !/^[a-z0-9-]+$/.test(name) || !/^[\x20-\x7e]*$/.test(value),
  );
  if (invalidHeader)
    throw createPermanentError(`the header ${JSON.stringify(invalidHeader[0])} of the overrides is not valid`);
  return {
    payload: applyPayloadOverrides({ ...push.data, aps }, overrides),
    headers: {
      "apns-topic": bundleId,
      // A background push with priority 10 is rejected.
      "apns-push-type": push.isSilent ? "background" : "alert",
      "apns-priority": push.isSilent ? "5" : "10",
      ...Object.fromEntries(overriddenHeaders.filter(([name]) => name.startsWith("apns-"))),
    },
  };
}

/** Reads the client certificate, which identifies the sender of the whole connection, so that requests carry no token. */
function parseClientCertificate(settings: SettingsReader): SecureContextOptions {
  const cert = parsePem(settings.required("certificate"));
  const key = parsePrivateKey(settings.required("private_key"), "settings.private_key");
  let certificate: X509Certificate;
  try {
    certificate = new X509Certificate(cert);
  } catch {
    throw createPermanentError("settings.certificate is not a certificate in PEM form");
  }
  if (!certificate.checkPrivateKey(key))
    throw createPermanentError("settings.private_key is not the key of settings.certificate");
  return { cert, key: key.export({ type: "pkcs8", format: "pem" }) };
}

/** Returns the token that each request carries; null if the channel authenticates by certificate. */
function createProviderToken(settings: SettingsReader): ProviderToken | null {
  if (settings.text("certificate") !== null) return null;
  const names = { kid: settings.required("key_id"), iss: settings.required("team_id") };
  return new ProviderToken(parsePrivateKey(settings.required("signing_key"), "settings.signing_key"), names, settings);
}

/** Opens APNs over HTTP/2, authenticated by token or certificate. A repeat has the same `apns-id` (CH-141). */
export const openVendor: OpenVendor = (settings, services) => {
  const mode = settings.text("application_mode") === "sandbox" ? "sandbox" : "production";
  const base = settings.url("base_url", HOSTS_BY_MODE[mode]);
  const bundleId = settings.required("bundle_id");
  const provider = createProviderToken(settings);
  const ca = settings.text("ca");
  const session = new Http2Session(base, {
    ...(ca === null ? {} : { ca: ca.replaceAll("\\n", "\n") }),
    ...(provider === null ? parseClientCertificate(settings) : {}),
  });
  services.onClose(() => session.close());
  const sendRequest: SendRequest = async (request) => {
    const body = String(request.body);
    const response = await session.post({ ...request, path: request.url.slice(base.length), body });
    services.record({ ...request, body, response });
    return response;
  };
  const createId = (message: Message): string => createUuidV5(APNS_ID_NAMESPACE, message.id);
  return {
    send: createSend(
      definition,
      settings,
      { ...services, sendRequest },
      {
        async buildRequest(message) {
          const push = parsePush(message);
          const { headers, payload } = buildRequest(push, bundleId);
          const bearer = await provider?.at(services.now());
          return {
            url: `${base}/3/device/${encodeURIComponent(push.token)}`,
            headers: {
              ...(bearer === undefined ? {} : { authorization: `bearer ${bearer}` }),
              "apns-id": createId(message),
              "content-type": "application/json",
              ...headers,
            },
            body: JSON.stringify(payload),
            token: push.token,
            // Only for this reason, because Apple counts how often the token changes.
            onError: async ({ code }) => {
              if (bearer !== undefined && code === "ExpiredProviderToken") await provider?.invalidate(bearer);
            },
          };
        },
        readError: ({ text }) => ({ code: parseJsonObject(text)?.reason }),
        readId: ({ headers }, message) => headers["apns-id"] ?? createId(message),
      },
    ),
  };
};
