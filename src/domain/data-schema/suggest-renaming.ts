import type { ErrorDetail } from "../../errors/knock-error.js";
import { correctWord, type Hint } from "../../util/find-nearest.js";
import { type Json, type JsonObject, parsePointer } from "../../util/json.js";

/** Returns a text as JSON, or undefined. */
function parseText(text: string): Json | undefined {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return undefined;
  }
}

/**
 * Returns a hint for a property at the top of the data whose name is misspelled, with the flag that sets the right one to a
 * value of the right type: `--set page_id:=5` for `pageId` "5". Undefined without such a property. `isAccepted` returns
 * whether the schema accepts a value of a property.
 */
export function suggestRenaming(
  data: JsonObject,
  details: readonly ErrorDetail[],
  isAccepted: (name: string, value: Json) => boolean,
): Hint | undefined {
  for (const { pointer, message } of details) {
    const [, name = "", ...deeper] = parsePointer(pointer);
    const misspelled = /^is required, but the data has "(.*)"; did you mean/s.exec(message)?.[1];
    const value = misspelled === undefined ? undefined : data[misspelled];
    if (value === undefined || deeper.length > 0) continue;
    const renaming = `Rename ${JSON.stringify(misspelled)} to ${JSON.stringify(name)}`;
    const candidates = typeof value === "string" ? [value, parseText(value)] : [value];
    const fitting = candidates.find((candidate) => candidate !== undefined && isAccepted(name, candidate));
    const text = typeof value === "string" ? value : JSON.stringify(value);
    if (fitting === undefined || !/^[\w.+-]{1,40}$/.test(text))
      return correctWord(`${misspelled}`, name, `${renaming}.`);
    const hint = `${renaming}: --set ${name}${typeof fitting === "string" ? "=" : ":="}${text}`;
    // A value of another type needs another operator.
    return fitting === value ? correctWord(`${misspelled}`, name, hint) : hint;
  }
  return undefined;
}
