import { randomFillSync } from "node:crypto";

/** Bytes per refill: one call of `randomFillSync` per ID costs several times as much. */
const POOL_BYTES = 8_192;

let pool = Buffer.alloc(0);
let usedBytes = 0;

/** Returns up to 64 random bytes that are suitable for IDs. No byte is returned twice. */
export function randomBytes(count: number): Uint8Array {
  if (usedBytes + count > pool.length) {
    pool = randomFillSync(Buffer.alloc(POOL_BYTES));
    usedBytes = 0;
  }
  const bytes = Uint8Array.prototype.slice.call(pool, usedBytes, usedBytes + count);
  pool.fill(0, usedBytes, usedBytes + count);
  usedBytes += count;
  return bytes;
}
