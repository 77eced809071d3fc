import { type Context, type Liquid, type Template, toValueSync } from "liquidjs";

/**
 * Limits of one template, so that a runaway loop cannot block a run: the time to render it in milliseconds, the characters
 * and items that filters may create, and its length in characters.
 */
export const LIQUID_LIMITS = { renderLimit: 2_000, memoryLimit: 20_000_000, parseLimit: 10_000_000 };
/** Limits the output of one template in characters. No channel accepts a message of this size. */
export const MAX_OUTPUT_CHARACTERS = 10_000_000;

export function throwOutputOverflow(): never {
  throw new Error(`the output is longer than the limit of ${MAX_OUTPUT_CHARACTERS} characters`);
}

/** Collects the output of a rendering. Throws if it is longer than the limit. */
export class LimitedEmitter {
  buffer = "";

  write(piece: unknown): void {
    if (typeof piece === "string") this.buffer += piece;
    else if (Array.isArray(piece)) for (const item of piece) this.write(item);
    else if (piece !== null && piece !== undefined) this.buffer += String(piece);
    if (this.buffer.length > MAX_OUTPUT_CHARACTERS) throwOutputOverflow();
  }
}

/** Renders templates with liquidjs. Throws if the output is longer than the limit. */
export function renderLimited({ renderer }: Liquid, templates: readonly Template[], context: Context): string {
  const emitter = new LimitedEmitter();
  toValueSync(renderer.renderTemplates(templates as Template[], context, emitter));
  return emitter.buffer;
}
