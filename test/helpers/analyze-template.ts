import { parseText } from "../../src/engine/liquid/liquid.js";
import { readTextKeys } from "../../src/engine/liquid/read-text-keys.js";
import { readVariables } from "../../src/engine/liquid/read-variables.js";

/** Reads the variables and keys of a template, as a trigger and `knock validate` do. Fails if a template cannot be read. */
export function analyzeTemplate(source: string): void {
  const parsed = parseText(source);
  if (parsed === null) return;
  readVariables(parsed);
  readTextKeys(parsed);
}
