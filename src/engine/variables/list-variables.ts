import { hasLiquid } from "../../domain/template/has-liquid.js";
import { parseText } from "../liquid/liquid.js";
import { ITEM, readVariables } from "../liquid/read-variables.js";

/** Returns the paths of the variables that a text reads; none for a text that cannot be parsed. */
export function listVariables(text: string): string[] {
  const parsed = hasLiquid(text) ? parseText(text) : null;
  if (parsed === null) return [];
  const { reads } = readVariables(parsed);
  return [...new Set(reads.map(({ path }) => path.map((key) => (key === ITEM ? "*" : key)).join(".")))];
}
