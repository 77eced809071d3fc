import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import { isJsonObject } from "../../util/json.js";

/** As long as the emulator runs: whoever has a link has it for now. */
const SECRET = randomBytes(32);
const LIFETIME_S = 3_600;
const HEAD = part({ alg: "HS256", typ: "JWT" });

function part(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString("base64url");
}

function signature(text: string): Buffer {
  return createHmac("sha256", SECRET).update(text).digest();
}

/** A JSON Web Token that opens one user's preference center for an hour of real time. `now` in milliseconds. */
export function centerToken(user: string, now: number): string {
  const seconds = Math.floor(now / 1_000);
  const text = `${HEAD}.${part({ sub: user, iat: seconds, exp: seconds + LIFETIME_S })}`;
  return `${text}.${signature(text).toString("base64url")}`;
}

/** The user whose center it opens; null for what is none of these tokens, or an old one. */
export function userOfToken(token: string, now: number): string | null {
  const [head, body, sign, ...more] = token.split(".");
  if (head !== HEAD || body === undefined || sign === undefined || more.length > 0) return null;
  const [given, expected] = [Buffer.from(sign, "base64url"), signature(`${head}.${body}`)];
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) return null;
  const claims: unknown = JSON.parse(Buffer.from(body, "base64url").toString("utf8"));
  if (!isJsonObject(claims) || typeof claims.sub !== "string" || typeof claims.exp !== "number") return null;
  return claims.exp * 1_000 > now ? claims.sub : null;
}
