import { createHmac, timingSafeEqual } from "node:crypto";
import { isJsonObject } from "../../util/json.js";

const HEAD = part({ alg: "HS256", typ: "JWT" });

function part(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString("base64url");
}

function signature(text: string, key: string): Buffer {
  return createHmac("sha256", key).update(text).digest();
}

/** Returns a JSON Web Token that opens one user's preference center; it never expires. `now` in milliseconds. */
export function centerToken(user: string, key: string, now: number): string {
  const text = `${HEAD}.${part({ sub: user, iat: Math.floor(now / 1_000) })}`;
  return `${text}.${signature(text, key).toString("base64url")}`;
}

/** Returns the user whose preference center a token opens; null for any other text. */
export function userOfToken(token: string, key: string): string | null {
  const [head, body, sign, ...more] = token.split(".");
  if (head !== HEAD || body === undefined || sign === undefined || more.length > 0) return null;
  const [given, expected] = [Buffer.from(sign, "base64url"), signature(`${head}.${body}`, key)];
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) return null;
  const claims: unknown = JSON.parse(Buffer.from(body, "base64url").toString("utf8"));
  return isJsonObject(claims) && typeof claims.sub === "string" ? claims.sub : null;
}
