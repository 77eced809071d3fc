import { createPublicKey, type KeyObject, verify } from "node:crypto";
import type { JsonObject } from "../../src/util/json.js";

/** Returns a token's header and claims. Throws if its signature is invalid. */
export function verifyJwt(token: string, key: KeyObject): { header: JsonObject; claims: JsonObject } {
  const [header = "", claims = "", signature = ""] = token.split(".");
  const ok = verify(
    "sha256",
    Buffer.from(`${header}.${claims}`),
    { key: createPublicKey(key), dsaEncoding: "ieee-p1363" },
    Buffer.from(signature, "base64url"),
  );
  if (!ok) throw new Error("the token's signature does not fit");
  const decodePart = (text: string): JsonObject =>
    JSON.parse(Buffer.from(text, "base64url").toString("utf8")) as JsonObject;
  return { header: decodePart(header), claims: decodePart(claims) };
}
