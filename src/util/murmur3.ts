const [C1, C2, C3, C4] = [0x239b961b, 0xab0e9789 | 0, 0x38b34ae5, 0xa1e38b93 | 0];

function scrambled(lane: number, first: number, bits: number, second: number): number {
  const product = Math.imul(lane, first);
  return Math.imul((product << bits) | (product >>> (32 - bits)), second);
}

function stirred(h: number, bits: number, next: number, constant: number): number {
  return (Math.imul((((h << bits) | (h >>> (32 - bits))) + next) | 0, 5) + constant) | 0;
}

/** The finalizer: each bit of the input changes half of the output's. */
function mixed(x: number): number {
  const once = Math.imul(x ^ (x >>> 16), 0x85ebca6b);
  const twice = Math.imul(once ^ (once >>> 13), 0xc2b2ae35);
  return twice ^ (twice >>> 16);
}

/**
 * MurmurHash3 of a text's UTF-8: the 128 bits of its x86 form with seed 0, the first lane first. A name for content that nobody
 * would forge; in a process that just started it takes a fraction of what SHA-1 takes, and of its memory: there, each sum that
 * leaves the range of small integers is a number on the heap.
 */
export function murmur3(text: string): Buffer {
  const length = Buffer.byteLength(text);
  const whole = (length >> 4) << 2;
  const lanes = new Int32Array(whole + 4); // zeros behind the last bytes change nothing
  Buffer.from(lanes.buffer).write(text);
  let [h1, h2, h3, h4] = [0, 0, 0, 0];
  for (let at = 0; at < whole; at += 4) {
    h1 = stirred(h1 ^ scrambled(lanes[at] as number, C1, 15, C2), 19, h2, 0x561ccd1b);
    h2 = stirred(h2 ^ scrambled(lanes[at + 1] as number, C2, 16, C3), 17, h3, 0x0bcaa747);
    h3 = stirred(h3 ^ scrambled(lanes[at + 2] as number, C3, 17, C4), 15, h4, 0x96cd1c35);
    h4 = stirred(h4 ^ scrambled(lanes[at + 3] as number, C4, 18, C1), 13, h1, 0x32ac3b17);
  }
  h1 ^= scrambled(lanes[whole] as number, C1, 15, C2) ^ length;
  h2 ^= scrambled(lanes[whole + 1] as number, C2, 16, C3) ^ length;
  h3 ^= scrambled(lanes[whole + 2] as number, C3, 17, C4) ^ length;
  h4 ^= scrambled(lanes[whole + 3] as number, C4, 18, C1) ^ length;
  h1 = (h1 + h2 + h3 + h4) | 0;
  [h1, h2, h3, h4] = [mixed(h1), mixed((h2 + h1) | 0), mixed((h3 + h1) | 0), mixed((h4 + h1) | 0)];
  h1 = (h1 + h2 + h3 + h4) | 0;
  const digest = Buffer.alloc(16);
  for (const [index, lane] of [h1, h2 + h1, h3 + h1, h4 + h1].entries()) digest.writeInt32BE(lane | 0, index * 4);
  return digest;
}
