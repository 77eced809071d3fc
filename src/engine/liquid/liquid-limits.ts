/** One template may take this long and hold this many items: a runaway loop must not hang a run (`renderLimit` in ms). */
export const LIQUID_LIMITS = { renderLimit: 2_000, memoryLimit: 20_000_000, parseLimit: 10_000_000 };
/** Characters that one template may give: no channel takes a message of that size. */
const MAX_OUTPUT_CHARACTERS = 10_000_000;

/** Gathers output, up to the limit. */
export class LimitedEmitter {
  buffer = "";

  write(piece: unknown): void {
    if (typeof piece === "string") this.buffer += piece;
    else if (Array.isArray(piece)) for (const item of piece.flat(Number.POSITIVE_INFINITY)) this.write(item);
    else if (piece !== null && piece !== undefined) this.buffer += String(piece);
    if (this.buffer.length > MAX_OUTPUT_CHARACTERS)
      throw new Error(`the output is longer than the limit of ${MAX_OUTPUT_CHARACTERS} characters`);
  }
}
