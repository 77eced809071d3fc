/** When a template is compiled to JavaScript: after some renderings, before the first one, or never. */
export type LiquidMode = "automatic" | "compile" | "interpret";

let defaultMode: LiquidMode = "automatic";

/** Returns the mode of texts whose compiler does not set one. */
export function getLiquidMode(): LiquidMode {
  return defaultMode;
}

/** Sets the mode of the process from the text of `KNOCK_LIQUID`. Returns false if the text has no effect. */
export function setLiquidMode(text: string | undefined): boolean {
  const isKnown = text === "compile" || text === "interpret";
  defaultMode = isKnown ? text : "automatic";
  return isKnown || !text;
}
