import { createPrivateKey, type KeyObject, sign } from "node:crypto";
import type { JsonObject } from "../util/json.js";
import { refused } from "./undeliverable.js";

const base64url = (value: JsonObject): string => Buffer.from(JSON.stringify(value)).toString("base64url");

/** PEM text as environment variables hold it: line breaks written out as `\n`, or the whole in base64. */
export function pemOf(text: string): string {
  return text.includes("-----BEGIN") ? text.replaceAll("\\n", "\n") : Buffer.from(text, "base64").toString("utf8");
}

/** A private key from PEM text. Throws `Undeliverable`, never with a part of the key. */
export function privateKeyOf(text: string, where: string): KeyObject {
  try {
    return createPrivateKey(pemOf(text));
  } catch {
    throw refused(`${where} is not a private key in PEM form`);
  }
}

/** A JSON Web Token, signed with RS256 or ES256 as its header says. */
export function signedJwt(header: JsonObject & { alg: "RS256" | "ES256" }, claims: JsonObject, key: KeyObject): string {
  const signed = `${base64url({ typ: "JWT", ...header })}.${base64url(claims)}`;
  const signature = sign("sha256", Buffer.from(signed), { key, dsaEncoding: "ieee-p1363" });
  return `${signed}.${signature.toString("base64url")}`;
}
