import { closeSync, openSync, readSync } from "node:fs";
import { getBuiltinModule } from "node:process";

/** Enough for the ids of a small trigger. */
const FIRST_BYTES = 256;
const POOL_BYTES = 8_192;

let pool = Buffer.alloc(0);
let used = 0;
let fills = 0;

/**
 * A start needs a few random bytes, and `node:crypto` takes 4 ms to load: the first ones come from the kernel's own
 * device, where there is one. Whoever needs more pays for the module once.
 */
function fromDevice(target: Uint8Array): boolean {
  try {
    const device = openSync("/dev/urandom", "r");
    try {
      return readSync(device, target) === target.length;
    } finally {
      closeSync(device);
    }
  } catch {
    return false;
  }
}

function refill(): void {
  pool = Buffer.alloc(fills === 0 ? FIRST_BYTES : POOL_BYTES);
  if (fills > 0 || !fromDevice(pool)) getBuiltinModule("node:crypto").randomFillSync(pool);
  fills++;
  used = 0;
}

/** Up to 64 bytes fit for ids, each given out once. */
export function randomBytes(count: number): Uint8Array {
  if (used + count > pool.length) refill();
  const bytes = Uint8Array.prototype.slice.call(pool, used, used + count);
  pool.fill(0, used, used + count);
  used += count;
  return bytes;
}
