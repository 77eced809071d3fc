import { hashSha256 } from "./hash.js";
import type { IdSource } from "./ids.js";

const BYTES_PER_ID = 16;
/** A SHA-256 has the bytes of two IDs. */
const IDS_PER_BLOCK = 2;

/** IDs and random numbers that are the same in every run with the same seed. */
interface SeededIds extends IdSource {
  /** Returns 0 ≤ x < 1. */
  random(): number;
  /** How many IDs and random numbers were created. With an earlier position, those after it are created again. */
  position: number;
}

/** Returns a source of IDs that depend only on the seed and on how many were created before. Later ones are greater. */
export function createSeededIds(seed: string): SeededIds {
  let count = 0;
  let block = Buffer.alloc(0);
  /** The position of the first ID of the block. */
  let blockStart = -1;
  /** Returns 16 bytes that begin with the count, because later IDs must be greater. */
  const nextBytes = (): Buffer => {
    const index = count % IDS_PER_BLOCK;
    if (count - index !== blockStart) {
      blockStart = count - index;
      block = Buffer.from(hashSha256(`${seed}/${blockStart}`));
    }
    count += 1;
    const bytes = block.subarray(index * BYTES_PER_ID, (index + 1) * BYTES_PER_ID);
    bytes.writeUIntBE(count, 0, 6);
    return bytes;
  };
  return {
    uuid() {
      const hex = nextBytes().toString("hex");
      return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20)}`;
    },
    get position() {
      return count;
    },
    set position(position) {
      count = position;
    },
    ksuidPayload: nextBytes,
    linkKey: "seeded",
    random: () => nextBytes().readUInt32BE(8) / 2 ** 32,
  };
}
