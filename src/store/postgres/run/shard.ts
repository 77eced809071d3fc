const SHARDS = 256;
/** The range of all shards. */
export const ALL_SHARDS = { from: 1 - SHARDS, to: SHARDS - 1 };
const FNV_OFFSET = 0x811c9dc5;
const FNV_PRIME = 0x01000193;

/**
 * Returns the shard of a recipient: a hash of the key (FNV-1a) that never changes. It is the remainder of a signed number, so it is
 * from -255 to 255. Its last eight bits (`& 255`) are one of 256 shards.
 */
export function getShard(recipient: string): number {
  let hash = FNV_OFFSET;
  for (let index = 0; index < recipient.length; index++)
    hash = Math.imul(hash ^ recipient.charCodeAt(index), FNV_PRIME) >>> 0;
  return (hash ^ (hash >>> 16)) % SHARDS;
}
