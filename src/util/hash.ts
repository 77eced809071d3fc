import { sha1 } from "@noble/hashes/legacy.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { loadCrypto } from "./load-crypto.js";

/**
 * The number of hashes that are computed without `node:crypto`. Loading it takes 5 ms, a tenth of a `knock notify`, which
 * computes about ten. It then saves 1 µs for each.
 */
const MAX_PORTABLE_HASHES = 1_000;

const encoder = new TextEncoder();
let hashCount = 0;

function computeHash(
  algorithm: "sha1" | "sha256",
  computePortable: (bytes: Uint8Array) => Uint8Array,
  content: string | Uint8Array,
): Uint8Array {
  // Copied, because in a context of its own, as in Jest, the package does not recognize arrays of the main context.
  if (++hashCount <= MAX_PORTABLE_HASHES)
    return computePortable(new Uint8Array(typeof content === "string" ? encoder.encode(content) : content));
  // A hash as text takes half the time of a hash in a buffer of its own.
  return Buffer.from(loadCrypto().hash(algorithm, content, "binary"), "binary");
}

/** Returns the 20 bytes of a SHA-1. */
export function hashSha1(content: string | Uint8Array): Uint8Array {
  return computeHash("sha1", sha1, content);
}

/** Returns the 32 bytes of a SHA-256. */
export function hashSha256(content: string | Uint8Array): Uint8Array {
  return computeHash("sha256", sha256, content);
}

const BLOCK_BYTES = 64;

/** Returns the 32 bytes of an HMAC-SHA-256 (RFC 2104). The key has up to 64 bytes. */
export function computeHmacSha256(key: string, text: string): Uint8Array {
  const [inner, outer] = [Buffer.alloc(BLOCK_BYTES, 0x36), Buffer.alloc(BLOCK_BYTES, 0x5c)];
  for (const [index, byte] of Buffer.from(key).entries()) {
    inner[index] = byte ^ 0x36;
    outer[index] = byte ^ 0x5c;
  }
  return hashSha256(Buffer.concat([outer, hashSha256(Buffer.concat([inner, Buffer.from(text)]))]));
}
