/** Words of the block at hand; kept, because ids are made by the thousand. */
const words = new Int32Array(80);

/**
 * The SHA-1 digest (RFC 3174), 20 bytes: what a UUID v5 is made of. Written out because a start needs a dozen blocks of it,
 * run before any compiler has seen them: a call per round, as libraries have it, took 1 ms, and loading `node:crypto` 2 to 4.
 * Not for secrets.
 */
export function sha1(bytes: Uint8Array): Buffer {
  const length = bytes.length;
  const blocks = ((length + 8) >> 6) + 1;
  const padded = Buffer.alloc(blocks * 64);
  padded.set(bytes);
  padded[length] = 0x80;
  padded.writeUInt32BE(Math.floor(length / 0x2000_0000), padded.length - 8);
  padded.writeUInt32BE((length << 3) >>> 0, padded.length - 4);
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
  const digest = Buffer.alloc(20);
  [h0, h1, h2, h3, h4].forEach((word, index) => {
    digest.writeInt32BE(word | 0, index * 4);
  });
  return digest;
}
