import { generateKeyPairSync } from "node:crypto";
import { createServer } from "node:http2";
import { isUuid } from "../../../util/ids.js";
import { type FakeRequest, type FakeResponse, type FakeVendor, fail, readJwt } from "../../fake-vendor.js";
import { toObject } from "../../vendor-events.js";

const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
const SETTINGS = {
  bundle_id: "test.lark.app",
  key_id: "FAKEKEY123",
  team_id: "FAKETEAM12",
  signing_key: privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
};
const MAX_BYTES = 4_096;
const PUSH_TYPES = /^(alert|background|location|voip|complication|fileprovider|mdm|liveactivity|pushtotalk|widgets)$/;

const reject = (status: number, reason: string): FakeResponse => ({ status, body: { reason } });

/** Returns the reason to refuse a request's headers, or null. */
function checkHeaders({ headers }: FakeRequest): FakeResponse | null {
  const [, token] = /^bearer (.+)$/.exec(headers.authorization ?? "") ?? [];
  if (token === undefined) return reject(403, "MissingProviderToken");
  if (readJwt(token, publicKey)?.iss !== SETTINGS.team_id) return reject(403, "InvalidProviderToken");
  const { "apns-topic": topic, "apns-id": id, "apns-push-type": type = "alert", "apns-priority": priority } = headers;
  if (topic === undefined) return reject(400, "MissingTopic");
  if (!topic.startsWith(SETTINGS.bundle_id)) return reject(400, "TopicDisallowed");
  if (id !== undefined && !isUuid(id)) return reject(400, "BadMessageId");
  if (!PUSH_TYPES.test(type)) return reject(400, "InvalidPushType");
  const isPriority = /^(1|5|10)$/.test(priority ?? "10") && !(type === "background" && priority === "10");
  return isPriority ? null : reject(400, "BadPriority");
}

/** Apple's push service over HTTP/2 without TLS. Its keys are new in each process. */
export const fake: FakeVendor = {
  settings: SETTINGS,
  createServer: ({ serve }) => createServer(serve),
  respond(request): FakeResponse {
    const { method, path, headers, body, text } = request;
    if (method !== "POST") return reject(405, "MethodNotAllowed");
    const [, token] = /^\/3\/device\/([^/]*)$/.exec(path) ?? [];
    if (token === undefined) return reject(404, "BadPath");
    const refusal = checkHeaders(request);
    if (refusal !== null) return refusal;
    if (!/^[0-9a-f]{64,200}$/i.test(token)) return reject(400, "BadDeviceToken");
    if (Buffer.byteLength(text) > MAX_BYTES) return reject(413, "PayloadTooLarge");
    if (Object.keys(toObject(body)).length === 0) return reject(400, "PayloadEmpty");
    return {
      status: 200,
      headers: { "apns-id": headers["apns-id"] ?? "eabeae54-14a8-11e5-b60b-1697f925ec7b" },
      body: "",
    };
  },
  failures: {
    bad_token: fail("bounced", reject(400, "BadDeviceToken")),
    other_app: fail("bounced", reject(400, "DeviceTokenNotForTopic")),
    unregistered: fail("bounced", { status: 410, body: { reason: "Unregistered", timestamp: 1_764_666_600_000 } }),
    expired_token: fail("bounced", reject(410, "ExpiredToken")),
    bad_topic: fail("permanent", reject(400, "BadTopic")),
    bad_certificate: fail("permanent", reject(403, "BadCertificate")),
    invalid_key: fail("permanent", reject(403, "InvalidProviderToken")),
    expired_key: fail("temporary", reject(403, "ExpiredProviderToken")),
    too_large: fail("permanent", reject(413, "PayloadTooLarge")),
    idle: fail("temporary", reject(400, "IdleTimeout")),
    token_updates: fail("temporary", reject(429, "TooManyProviderTokenUpdates")),
    rate_limited: fail("temporary", reject(429, "TooManyRequests"), 5),
    internal_error: fail("temporary", reject(500, "InternalServerError")),
    outage: fail("temporary", reject(503, "ServiceUnavailable")),
    shutdown: fail("temporary", reject(503, "Shutdown")),
  },
};
