import { createPublicKey, type KeyObject, verify } from "node:crypto";
import { isJsonObject, type JsonObject } from "../../util/json.js";
import { ApiError } from "../http/api-error.js";

/** The claims of a verified user token. */
export interface UserToken {
  sub: string;
  explicit_grants: boolean;
  /** Entity's URL → capability → anything. */
  grants: Record<string, JsonObject>;
}

function invalid(why: string): ApiError {
  return new ApiError(401, "invalid_user_token", `The user token ${why}`);
}

const keys = new Map<string, KeyObject>();

/** The public half of a signing key: PKCS#8 PEM, or base64 of it. */
function publicKeyOf(signingKey: string): KeyObject {
  const known = keys.get(signingKey);
  if (known) return known;
  const pem = signingKey.includes("-----BEGIN")
    ? signingKey.replaceAll("\\n", "\n")
    : Buffer.from(signingKey, "base64").toString("latin1");
  try {
    const key = createPublicKey(pem);
    keys.set(signingKey, key);
    return key;
  } catch {
    throw new ApiError(
      401,
      "missing_jwt_signing_key",
      "The environment's signing_key is no PEM key, nor base64 of one, so that no user token can be verified",
    );
  }
}

function partOf(text: string | undefined): JsonObject {
  try {
    const value: unknown = JSON.parse(Buffer.from(text ?? "", "base64url").toString("utf8"));
    if (isJsonObject(value)) return value;
  } catch {
    // told below
  }
  throw invalid("is no JSON Web Token");
}

/** RS256 and nothing else: a token that chooses its own algorithm is not believed. `now` in milliseconds. */
export function verifyUserToken(token: string, signingKey: string | null, now: number): UserToken {
  if (signingKey === null)
    throw new ApiError(
      401,
      "missing_jwt_signing_key",
      `No key to verify user tokens by: environment.json needs "signing_key": "$KNOCK_SIGNING_KEY", and that variable the key`,
    );
  const key = publicKeyOf(signingKey);
  const [head, body, signature, ...more] = token.split(".");
  if (signature === undefined || more.length > 0) throw invalid("is no JSON Web Token");
  if (partOf(head).alg !== "RS256") throw invalid("is not signed with RS256");
  const isGenuine = verify("RSA-SHA256", Buffer.from(`${head}.${body}`), key, Buffer.from(signature, "base64url"));
  if (!isGenuine) throw invalid("is signed with another key");
  const { sub, exp, nbf, grants, explicit_grants } = partOf(body);
  if (typeof sub !== "string" || sub === "") throw invalid("names no user (sub)");
  if (exp !== undefined && (typeof exp !== "number" || exp * 1_000 <= now)) throw invalid("has expired");
  if (typeof nbf === "number" && nbf * 1_000 > now) throw invalid("is not valid yet");
  const entities = Object.entries(isJsonObject(grants) ? grants : {}).filter(([, value]) => isJsonObject(value));
  return {
    sub,
    explicit_grants: explicit_grants === true,
    grants: Object.fromEntries(entities) as UserToken["grants"],
  };
}
