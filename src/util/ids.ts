import { createHash, randomBytes, randomUUID } from "node:crypto";

/** Where ids and chance come from; tests hand in a seeded one. */
export interface IdSource {
  /** A UUID v4. */
  uuid(): string;
  /** 16 random bytes, the payload of a KSUID. */
  bytes(): Uint8Array;
}

export const systemIds: IdSource = { uuid: () => randomUUID(), bytes: () => randomBytes(16) };

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

export function isUuid(text: string): boolean {
  return UUID.test(text);
}

/** UUID v5 (RFC 9562) of a name in a namespace that is itself a UUID. */
export function uuidV5(namespace: string, name: string): string {
  const hash = createHash("sha1")
    .update(Buffer.from(namespace.replaceAll("-", ""), "hex"))
    .update(name, "utf8")
    .digest()
    .subarray(0, 16);
  hash[6] = ((hash[6] as number) & 0x0f) | 0x50;
  hash[8] = ((hash[8] as number) & 0x3f) | 0x80;
  const hex = hash.toString("hex");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

const BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const KSUID_EPOCH_SECONDS = 1_400_000_000;

/** A KSUID: 27 base-62 characters that sort by time (second resolution), the form of message ids. */
export function ksuid(atMilliseconds: number, payload: Uint8Array): string {
  const bytes = new Uint8Array(20);
  new DataView(bytes.buffer).setUint32(0, Math.max(0, Math.floor(atMilliseconds / 1_000) - KSUID_EPOCH_SECONDS));
  bytes.set(payload.subarray(0, 16), 4);
  // Long division of the 160-bit number by 62, five 32-bit limbs at a time.
  const view = new DataView(bytes.buffer);
  let limbs = [0, 4, 8, 12, 16].map((offset) => view.getUint32(offset));
  let text = "";
  for (let digit = 0; digit < 27; digit++) {
    let remainder = 0;
    limbs = limbs.map((limb) => {
      const value = remainder * 4_294_967_296 + limb;
      remainder = value % 62;
      return Math.floor(value / 62);
    });
    text = BASE62[remainder] + text;
  }
  return text;
}
