import { closeSync, openSync, readSync } from "node:fs";
import { loadCrypto } from "./load-crypto.js";

/** Bytes per refill: one read per ID costs several times as much. */
const POOL_BYTES = 8_192;

/** The random generator of Linux and macOS, which needs no module to be loaded. */
const SYSTEM_GENERATOR = "/dev/urandom";

/** Returns bytes of the system's generator, or of `node:crypto` where the system has no such file. */
function readRandomBytes(): Buffer {
  const bytes = Buffer.alloc(POOL_BYTES);
  try {
    const file = openSync(SYSTEM_GENERATOR, "r");
    try {
      if (readSync(file, bytes, 0, POOL_BYTES, null) === POOL_BYTES) return bytes;
    } finally {
      closeSync(file);
    }
  } catch {}
  return loadCrypto().randomFillSync(bytes);
}

let pool: Buffer = Buffer.alloc(0);
let usedBytes = 0;

/** Returns up to 64 random bytes that are suitable for IDs. No byte is returned twice. */
export function randomBytes(count: number): Uint8Array {
  if (usedBytes + count > pool.length) {
    pool = readRandomBytes();
    usedBytes = 0;
  }
  const bytes = Uint8Array.prototype.slice.call(pool, usedBytes, usedBytes + count);
  pool.fill(0, usedBytes, usedBytes + count);
  usedBytes += count;
  return bytes;
}
