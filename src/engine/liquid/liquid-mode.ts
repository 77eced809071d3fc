/** When a template is compiled to JavaScript: after some renderings, before the first one, or never. */
export type LiquidMode = "automatic" | "compile" | "interpret";

let defaultMode: LiquidMode = "automatic";

/** Returns the mode of texts whose compiler does not set one. */
export function getLiquidMode(): LiquidMode {
  return defaultMode;
}

/** Sets the mode of the process, from the text of an environment variable. Other text means `automatic`. */
export function setLiquidMode(text: string | undefined): void {
  defaultMode = text === "compile" || text === "interpret" ? text : "automatic";
}
