import { createPrivateKey, type KeyObject } from "node:crypto";
import type { JsonObject } from "../util/json.js";
import { createPermanentError } from "./delivery-error.js";

/** PEM text as environment variables hold it: line breaks written out as `\n`, or the whole in base64. */
export function parsePem(text: string): string {
  return text.includes("-----BEGIN") ? text.replaceAll("\\n", "\n") : Buffer.from(text, "base64").toString("utf8");
}

/** A private key from PEM text. Throws `Undeliverable`, never with a part of the key. */
export function parsePrivateKey(text: string, keyName: string): KeyObject {
  try {
    return createPrivateKey(parsePem(text));
  } catch {
    throw createPermanentError(`${keyName} is not a private key in PEM form`);
  }
}

/** Signs claims as a JSON Web Token with RS256 or ES256, as the header says. */
export async function signJwt(
  header: JsonObject & { alg: "RS256" | "ES256" },
  claims: JsonObject,
  key: KeyObject,
): Promise<string> {
  const { SignJWT } = await import("jose");
  return new SignJWT(claims).setProtectedHeader({ typ: "JWT", ...header }).sign(key);
}
