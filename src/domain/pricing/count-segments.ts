/** The characters of the GSM 7-bit default alphabet, each of one septet. */
const GSM_BASIC = new Set(
  "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà",
);
/** The characters of its extension table, each of two septets. */
const GSM_EXTENDED = new Set("\f^{}\\[~]|€");

/** The units of a text of one segment, and of each segment of a longer text, whose parts have a header. */
const LIMITS = { gsm: { single: 160, part: 153 }, ucs2: { single: 70, part: 67 } } as const;

/**
 * Returns the number of segments in which an SMS is sent and priced: 160 or 153 septets of GSM-7, or 70 or 67 UTF-16 units if one
 * character needs UCS-2. A character of two units is never divided. An empty text is one segment.
 */
export function countSegments(text: string): number {
  const characters = [...text];
  const isGsm = characters.every((character) => GSM_BASIC.has(character) || GSM_EXTENDED.has(character));
  const { single, part } = isGsm ? LIMITS.gsm : LIMITS.ucs2;
  const sizes = characters.map((character) => (isGsm ? (GSM_EXTENDED.has(character) ? 2 : 1) : character.length));
  if (sizes.reduce((total, size) => total + size, 0) <= single) return 1;
  let segments = 1;
  let used = 0;
  for (const size of sizes) {
    if (used + size > part) {
      segments++;
      used = 0;
    }
    used += size;
  }
  return segments;
}
