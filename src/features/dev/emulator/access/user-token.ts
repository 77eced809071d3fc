import { createPublicKey, type KeyObject } from "node:crypto";
import { isJsonObject, type JsonObject } from "../../../../util/json.js";
import { SizedCache } from "../../../../util/sized-cache.js";
import { ApiError } from "../http/api-error.js";

/** The claims of a verified user token. */
export interface UserToken {
  sub: string;
  explicit_grants: boolean;
  /** Capabilities by the URL of an entity. Only the presence of a capability matters, not its value. */
  grants: Record<string, JsonObject>;
}

function createInvalidTokenError(problem: string): ApiError {
  return new ApiError(401, "invalid_user_token", `The user token ${problem}`);
}

/** The memory of a public key. */
const KEY_BYTES = 5_000;
const publicKeys = new SizedCache<KeyObject>(1_000_000);

/**
 * Returns the public half of a signing key, which is PKCS#8 PEM or its Base64 form. Throws a 401 API error for
 * other texts.
 */
function getPublicKey(signingKey: string): KeyObject {
  const known = publicKeys.get(signingKey);
  if (known) return known;
  const pem = signingKey.includes("-----BEGIN")
    ? signingKey.replaceAll("\\n", "\n")
    : Buffer.from(signingKey, "base64").toString("latin1");
  try {
    const key = createPublicKey(pem);
    publicKeys.set(signingKey, key, KEY_BYTES);
    return key;
  } catch {
    throw new ApiError(
      401,
      "missing_jwt_signing_key",
      "User tokens cannot be verified: signing_key in environment.json is neither a PEM key nor the Base64 of one",
    );
  }
}

/** The problem with a token, by the error code of jose. */
const TOKEN_ERRORS: Readonly<Record<string, string>> = {
  ERR_JWT_EXPIRED: "has expired",
  ERR_JWS_SIGNATURE_VERIFICATION_FAILED: "was signed with another key",
  ERR_JOSE_ALG_NOT_ALLOWED: "is not signed with RS256",
};

function describeTokenError(error: unknown): string {
  const { code, claim } = error as { code?: string; claim?: string };
  if (code === "ERR_JWT_CLAIM_VALIDATION_FAILED" && claim === "nbf") return "is not valid yet";
  if (code === "ERR_JWT_CLAIM_VALIDATION_FAILED") return `has an invalid claim "${claim}"`;
  return TOKEN_ERRORS[code ?? ""] ?? "is not a JSON Web Token";
}

/**
 * Verifies a user token. It must be signed with RS256, so that a token cannot choose its own algorithm. `now` is in
 * milliseconds. Throws a 401 API error with the problem.
 */
export async function verifyUserToken(token: string, signingKey: string | null, now: number): Promise<UserToken> {
  if (signingKey === null)
    throw new ApiError(
      401,
      "missing_jwt_signing_key",
      'No key to verify user tokens: set "signing_key": "$KNOCK_SIGNING_KEY" in environment.json, and the variable to the key',
    );
  const key = getPublicKey(signingKey);
  const { jwtVerify } = await import("jose");
  const { payload } = await jwtVerify(token, key, { algorithms: ["RS256"], currentDate: new Date(now) }).catch(
    (error: unknown) => {
      throw createInvalidTokenError(describeTokenError(error));
    },
  );
  const { sub, grants, explicit_grants } = payload;
  if (typeof sub !== "string" || sub === "") throw createInvalidTokenError("does not name a user (sub)");
  const entities = Object.entries(isJsonObject(grants) ? grants : {}).filter(([, value]) => isJsonObject(value));
  return {
    sub,
    explicit_grants: explicit_grants === true,
    grants: Object.fromEntries(entities) as UserToken["grants"],
  };
}
