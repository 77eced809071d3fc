import { generateKeyPairSync } from "node:crypto";
import type { JsonObject } from "../../../util/json.js";
import { type FakeFailure, type FakeResponse, type FakeVendor, fail, getField, readJwt } from "../../fake-vendor.js";
import { toObject } from "../../vendor-events.js";

const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
const ACCOUNT = {
  type: "service_account",
  client_email: "push@fake-project.iam.gserviceaccount.com",
  private_key_id: "fake0123456789",
  private_key: privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
};
const SETTINGS = { project_id: "fake-project", service_account_json: JSON.stringify(ACCOUNT) };
const ACCESS_TOKEN = "ya29.fake-access-token";
const GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer";
const MAX_BYTES = 4_096;

const rejectGrant = (message: string): FakeResponse => ({
  status: 400,
  body: { error: "invalid_grant", error_description: message },
});
const reject = (code: number, status: string, message: string, ...details: JsonObject[]): FakeResponse => ({
  status: code,
  body: { error: { code, message, status, details } },
});
const fcmError = (errorCode: string): JsonObject => ({
  "@type": "type.googleapis.com/google.firebase.fcm.v1.FcmError",
  errorCode,
});
const rejectArgument = (message: string, field?: string): FakeResponse =>
  reject(
    400,
    "INVALID_ARGUMENT",
    message,
    fcmError("INVALID_ARGUMENT"),
    ...(field === undefined
      ? []
      : [{ "@type": "type.googleapis.com/google.rpc.BadRequest", fieldViolations: [{ field, description: message }] }]),
  );
const UNAUTHENTICATED = reject(401, "UNAUTHENTICATED", "Request had invalid authentication credentials.");

/** Returns the response to a request for an access token. */
function authorize(body: FakeResponse["body"], url: string): FakeResponse {
  if (getField(body, "grant_type") !== GRANT)
    return { status: 400, body: { error: "unsupported_grant_type", error_description: "Invalid grant_type" } };
  const claims = readJwt(getField(body, "assertion") ?? "", publicKey);
  if (claims === null) return rejectGrant("Invalid JWT Signature.");
  if (claims.iss !== ACCOUNT.client_email || claims.aud !== url) return rejectGrant("Invalid JWT: iss or aud");
  if (claims.scope !== "https://www.googleapis.com/auth/firebase.messaging")
    return { status: 400, body: { error: "invalid_scope", error_description: "Invalid OAuth scope" } };
  return { status: 200, body: { access_token: ACCESS_TOKEN, expires_in: 3_599, token_type: "Bearer" } };
}

/** Returns the error of a message, or null. */
function checkMessage(message: JsonObject): FakeResponse | null {
  if (getField(message, "token") === undefined)
    return rejectArgument("Recipient of the message is not set.", "message.token");
  const data = Object.entries(toObject(message.data));
  const [wrong] = data.find(([, value]) => typeof value !== "string") ?? [];
  if (wrong !== undefined)
    return rejectArgument(`Invalid value at 'message.data' (TYPE_STRING): ${wrong}`, "message.data");
  const [reserved] = data.find(([name]) => /^(from|message_type|google.*|gcm.*)$/.test(name)) ?? [];
  if (reserved !== undefined) return rejectArgument(`Invalid data payload key: ${reserved}`);
  return Buffer.byteLength(JSON.stringify(message)) > MAX_BYTES ? rejectArgument("Message is too big") : null;
}

const failSend = (...failure: Parameters<typeof fail>): FakeFailure => ({ ...fail(...failure), request: /:send$/ });

/** FCM's HTTP v1 API and Google's token server. Its keys are new in each process. */
export const fake: FakeVendor = {
  settings: SETTINGS,
  locate: (url) => ({ base_url: url, token_url: `${url}/token` }),
  respond({ method, path, headers, body }): FakeResponse {
    if (method === "POST" && path === "/token") return authorize(body, `http://${headers.host}/token`);
    if (headers.authorization !== `Bearer ${ACCESS_TOKEN}`) return UNAUTHENTICATED;
    if (method !== "POST" || path !== `/v1/projects/${SETTINGS.project_id}/messages:send`)
      return reject(404, "NOT_FOUND", "Requested entity was not found.");
    const refusal = checkMessage(toObject(toObject(body).message));
    return (
      refusal ?? { status: 200, body: { name: `projects/${SETTINGS.project_id}/messages/0:1500415314455276%31bd1c96` } }
    );
  },
  failures: {
    invalid_account: { ...fail("permanent", rejectGrant("Invalid JWT Signature.")), request: /\/token$/ },
    unauthenticated: failSend("temporary", UNAUTHENTICATED),
    unregistered: failSend(
      "bounced",
      reject(404, "NOT_FOUND", "Requested entity was not found.", fcmError("UNREGISTERED")),
    ),
    invalid_token: failSend(
      "bounced",
      rejectArgument("The registration token is not a valid FCM registration token", "message.token"),
    ),
    invalid_payload: failSend("permanent", rejectArgument("Invalid data payload key: from")),
    mismatched_sender: failSend(
      "permanent",
      reject(403, "PERMISSION_DENIED", "SenderId mismatch", fcmError("SENDER_ID_MISMATCH")),
    ),
    apple_credentials: failSend(
      "permanent",
      reject(401, "UNAUTHENTICATED", "Auth error from APNS", fcmError("THIRD_PARTY_AUTH_ERROR")),
    ),
    rate_limited: failSend(
      "temporary",
      reject(429, "RESOURCE_EXHAUSTED", "Quota exceeded.", fcmError("QUOTA_EXCEEDED")),
      60,
    ),
    unavailable: failSend(
      "temporary",
      reject(503, "UNAVAILABLE", "The service is currently unavailable.", fcmError("UNAVAILABLE")),
    ),
    internal_error: failSend("temporary", reject(500, "INTERNAL", "Internal error.", fcmError("INTERNAL"))),
  },
};
