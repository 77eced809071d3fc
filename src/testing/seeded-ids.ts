import { createUuidV5, type IdSource } from "../util/ids.js";

/** The namespace of IDs in scenarios. */
const NAMESPACE = "0b7f6d0c-5a0e-4d0a-9a0e-2f8f4f5c6a11";

/** IDs and random numbers that are the same in every run with the same seed. */
interface SeededIds extends IdSource {
  /** Returns 0 ≤ x < 1. */
  random(): number;
}

/** Returns a source of IDs that depend only on the seed and on how many were created before. Later ones are greater. */
export function createSeededIds(seed: string): SeededIds {
  let count = 0;
  /** Returns 16 bytes that begin with the count, because later IDs must be greater. */
  const nextBytes = (): Buffer => {
    count += 1;
    const bytes = Buffer.from(createUuidV5(NAMESPACE, `${seed}/${count}`).replaceAll("-", ""), "hex");
    bytes.writeUIntBE(count, 0, 6);
    return bytes;
  };
  return {
    uuid() {
      const hex = nextBytes().toString("hex");
      return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20)}`;
    },
    ksuidPayload: nextBytes,
    random: () => nextBytes().readUInt32BE(8) / 2 ** 32,
  };
}
