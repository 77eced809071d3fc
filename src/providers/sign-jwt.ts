import { createPrivateKey, type KeyObject } from "node:crypto";
import type { JsonObject } from "../util/json.js";
import { createPermanentError } from "./delivery-error.js";

/** Returns PEM text from an environment variable, where line breaks are written as `\n` or the text is in base64. */
export function parsePem(text: string): string {
  return text.includes("-----BEGIN") ? text.replaceAll("\\n", "\n") : Buffer.from(text, "base64").toString("utf8");
}

/** Parses a private key in PEM form. Throws `DeliveryError`, which never contains a part of the key. */
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
