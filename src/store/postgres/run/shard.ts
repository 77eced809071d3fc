export const SHARDS = 256;
const FNV_OFFSET = 0x811c9dc5;
const FNV_PRIME = 0x01000193;

/** Returns the shard of a recipient, 0 to 255: a hash of the key (FNV-1a) that never changes. */
export function getShard(recipient: string): number {
  let hash = FNV_OFFSET;
  for (let index = 0; index < recipient.length; index++)
    hash = Math.imul(hash ^ recipient.charCodeAt(index), FNV_PRIME) >>> 0;
  return (hash ^ (hash >>> 16)) % SHARDS;
}
