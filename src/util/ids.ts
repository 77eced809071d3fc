import { hashSha1, hashSha256 } from "./hash.js";
import { randomBytes } from "./random.js";

/** The source of ids and random bytes. Tests use a seeded one. */
export interface IdSource {
  /** Returns a UUID v4. Later ones are greater. */
  uuid(): string;
  /** Returns 16 bytes, random except for six bits of time: the payload of a KSUID. */
  ksuidPayload(): Uint8Array;
  /** The key that signs links. Absent if it is the secret of the store. */
  readonly linkKey?: string;
}

export const systemIds: IdSource = {
  uuid: () => formatUuid(stampMilliseconds(randomBytes(16)), 4),
  ksuidPayload: () => stampSubsecond(randomBytes(16)),
};

/**
 * Replaces the first 6 of 16 random bytes with the time, which leaves 74 random bits. An index of such ids grows at its end:
 * with fully random ids, each trigger of a large store writes a separate page.
 */
function stampMilliseconds(bytes: Uint8Array): Uint8Array {
  let left = Date.now();
  for (let index = 5; index >= 0; index--) {
    bytes[index] = left % 256;
    left = Math.floor(left / 256);
  }
  return bytes;
}

/**
 * Replaces the first six bits with the sixty-fourth of the second. A KSUID has only whole seconds before them, and thousands of
 * one second would be spread over their whole part of the index. With more bits of time, ids that are created together would
 * have the same prefix.
 */
function stampSubsecond(bytes: Uint8Array): Uint8Array {
  const part = Math.floor(((Date.now() % 1_000) * 64) / 1_000);
  bytes[0] = (part << 2) | ((bytes[0] as number) & 3);
  return bytes;
}

const HEX = Buffer.from("0123456789abcdef", "latin1");
const uuidCodes = Buffer.from("xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx", "latin1");

/**
 * Returns the first 16 bytes as a UUID of a version (RFC 9562), created from the codes of its characters at once. Text that is
 * concatenated digit by digit would be a tree of pieces of ten times the size, and a trigger's ids all live until its
 * transaction.
 */
function formatUuid(bytes: Uint8Array, version: 4 | 5 | 8): string {
  for (let index = 0, at = 0; index < 16; index++) {
    let byte = bytes[index] as number;
    if (index === 6) byte = (byte & 0x0f) | (version << 4);
    else if (index === 8) byte = (byte & 0x3f) | 0x80;
    if (index > 3 && index < 11 && index % 2 === 0) at++; // a dash
    uuidCodes[at++] = HEX[byte >> 4] as number;
    uuidCodes[at++] = HEX[byte & 15] as number;
  }
  return uuidCodes.toString("latin1");
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

export function isUuid(text: string): boolean {
  return UUID.test(text);
}

/** The namespace of the last UUID v5: the runs of a trigger share theirs. */
let lastNamespace = { uuid: "", bytes: Buffer.alloc(0) };

function parseNamespace(uuid: string): Buffer {
  if (uuid !== lastNamespace.uuid) lastNamespace = { uuid, bytes: Buffer.from(uuid.replaceAll("-", ""), "hex") };
  return lastNamespace.bytes;
}

/** Returns the UUID v5 (RFC 9562) of a name in a namespace that is itself a UUID. */
export function createUuidV5(namespace: string, name: string): string {
  const namespaceBytes = parseNamespace(namespace);
  const bytes = Buffer.allocUnsafe(namespaceBytes.length + Buffer.byteLength(name));
  bytes.set(namespaceBytes);
  bytes.write(name, namespaceBytes.length);
  return formatUuid(hashSha1(bytes), 5);
}

/** Returns a UUID v8 (RFC 9562) of a text: equal texts have equal IDs. */
export function createContentUuid(text: string): string {
  return formatUuid(hashSha256(text), 8);
}

/** Returns the first 8 bytes of a text's SHA-256 as an unsigned number. */
export function computeSha256Prefix(text: string): bigint {
  return Buffer.from(hashSha256(text)).readBigUInt64BE(0);
}

/** Returns a short name for a text's content: equal texts have equal digests. Not for secrets. */
export function computeDigest(text: string): string {
  return Buffer.from(hashSha1(text)).toString("hex");
}

export const BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const BASE62_CODES = Buffer.from(BASE62, "latin1");
const ksuidCodes = Buffer.alloc(27);
const limbs = new Float64Array(10);
const KSUID_EPOCH_SECONDS = 1_400_000_000;

/** Returns a KSUID: 27 base-62 characters that sort by time (second resolution), the form of message ids. */
export function createKsuid(atMilliseconds: number, payload: Uint8Array): string {
  // All times before May 2014 or after 2150 give the same prefix: the virtual clock may be set there, and must not wrap.
  const seconds = Math.floor(atMilliseconds / 1_000) - KSUID_EPOCH_SECONDS;
  const time = Math.min(0xffff_ffff, Math.max(0, seconds));
  // Long division of the 160-bit number by 62⁵: ten 16-bit limbs at a time, five digits for each division.
  limbs[0] = time >>> 16;
  limbs[1] = time & 0xffff;
  for (let limb = 2, byte = 0; limb < 10; limb++, byte += 2)
    limbs[limb] = ((payload[byte] as number) << 8) | (payload[byte + 1] as number);
  for (let digit = 26, first = 0; digit >= 0; ) {
    let remainder = 0;
    for (let limb = first; limb < 10; limb++) {
      const value = remainder * 65_536 + (limbs[limb] as number);
      const quotient = Math.floor(value / 916_132_832);
      limbs[limb] = quotient;
      remainder = value - quotient * 916_132_832;
    }
    while (first < 10 && limbs[first] === 0) first++;
    for (let count = 0; count < 5 && digit >= 0; count++, digit--) {
      const rest = Math.floor(remainder / 62);
      ksuidCodes[digit] = BASE62_CODES[remainder - rest * 62] as number;
      remainder = rest;
    }
  }
  return ksuidCodes.toString("latin1");
}
