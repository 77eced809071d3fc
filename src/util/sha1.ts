/** Words of the block at hand; kept, as is the block of a short text, because ids are made by the thousand. */
const words = new Int32Array(80);
const shortBlock = Buffer.alloc(64);

/**
 * The SHA-1 digest (RFC 3174), 20 bytes: what a UUID v5 is made of. Written out because a start needs some blocks of it,
 * run before any compiler has seen them: a call per round, as libraries have it, took 1 ms, and loading `node:crypto` 2 to 4.
 * Not for secrets. `length`: of more bytes, only the first.
 */
export function sha1(bytes: Uint8Array, length = bytes.length): Buffer {
  const blocks = ((length + 8) >> 6) + 1;
  const padded = blocks === 1 ? shortBlock.fill(0) : Buffer.alloc(blocks * 64);
  for (let at = 0; at < length; at++) padded[at] = bytes[at] as number;
  padded[length] = 0x80;
  putWord(padded, padded.length - 8, Math.floor(length / 0x2000_0000));
  putWord(padded, padded.length - 4, length << 3);
  const w = words;
  let [h0, h1, h2, h3, h4] = [0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0];
  for (let block = 0; block < padded.length; block += 64) {
    for (let i = 0, at = block; i < 16; i++, at += 4) {
      w[i] =
        ((padded[at] as number) << 24) |
        ((padded[at + 1] as number) << 16) |
        ((padded[at + 2] as number) << 8) |
        (padded[at + 3] as number);
    }
    for (let i = 16; i < 80; i++) {
      const x = (w[i - 3] as number) ^ (w[i - 8] as number) ^ (w[i - 14] as number) ^ (w[i - 16] as number);
      w[i] = (x << 1) | (x >>> 31);
    }
    let [a, b, c, d, e] = [h0, h1, h2, h3, h4];
    for (let i = 0; i < 80; i++) {
      const f =
        i < 20
          ? ((b & c) | (~b & d)) + 0x5a827999
          : i < 40
            ? (b ^ c ^ d) + 0x6ed9eba1
            : i < 60
              ? ((b & c) | (b & d) | (c & d)) + 0x8f1bbcdc
              : (b ^ c ^ d) + 0xca62c1d6;
      const next = (((a << 5) | (a >>> 27)) + f + e + (w[i] as number)) | 0;
      e = d;
      d = c;
      c = (b << 30) | (b >>> 2);
      b = a;
      a = next;
    }
    h0 = (h0 + a) | 0;
    h1 = (h1 + b) | 0;
    h2 = (h2 + c) | 0;
    h3 = (h3 + d) | 0;
    h4 = (h4 + e) | 0;
  }
  const digest = Buffer.allocUnsafe(20);
  putWord(digest, 0, h0);
  putWord(digest, 4, h1);
  putWord(digest, 8, h2);
  putWord(digest, 12, h3);
  putWord(digest, 16, h4);
  return digest;
}

function putWord(bytes: Buffer, at: number, word: number): void {
  bytes[at] = word >>> 24;
  bytes[at + 1] = word >>> 16;
  bytes[at + 2] = word >>> 8;
  bytes[at + 3] = word;
}
