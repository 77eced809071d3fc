import { hashSha256 } from "../../../util/hash.js";

/** An index of PostgreSQL takes up to 2.7 kB per row. Keys with values of a trigger's data may be of any length. */
const MAX_KEY_CHARACTERS = 400;

/** Returns a text that identifies a key, fits into an index and is stored unchanged: without NUL and halves of surrogate pairs. */
export function toIndexedKey(key: string): string {
  if (key.length <= MAX_KEY_CHARACTERS && !key.includes("\0") && key.isWellFormed()) return key;
  const start = key
    .slice(0, MAX_KEY_CHARACTERS / 2)
    .replaceAll("\0", "\ufffd")
    .toWellFormed();
  return `${start}…${Buffer.from(hashSha256(key)).toString("hex")}`;
}
