import { createHmac, timingSafeEqual } from "node:crypto";
import { isJsonObject } from "../../../../util/json.js";

const TOKEN_HEADER = encodePart({ alg: "HS256", typ: "JWT" });

function encodePart(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString("base64url");
}

function sign(text: string, key: string): Buffer {
  return createHmac("sha256", key).update(text).digest();
}

/**
 * Returns a JSON Web Token that opens one user's preference center. It never expires. `now` is in milliseconds.
 */
export function createCenterToken(user: string, key: string, now: number): string {
  const text = `${TOKEN_HEADER}.${encodePart({ sub: user, iat: Math.floor(now / 1_000) })}`;
  return `${text}.${sign(text, key).toString("base64url")}`;
}

/** Returns the user whose preference center a token opens. Returns null for any other text. */
export function verifyCenterToken(token: string, key: string): string | null {
  const [header, body, encodedSignature, ...more] = token.split(".");
  if (header !== TOKEN_HEADER || body === undefined || encodedSignature === undefined || more.length > 0) return null;
  const [actual, expected] = [Buffer.from(encodedSignature, "base64url"), sign(`${header}.${body}`, key)];
  if (actual.length !== expected.length || !timingSafeEqual(actual, expected)) return null;
  const claims: unknown = JSON.parse(Buffer.from(body, "base64url").toString("utf8"));
  return isJsonObject(claims) && typeof claims.sub === "string" ? claims.sub : null;
}
