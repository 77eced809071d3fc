import { type ErrorDetail, KnockError } from "../errors/knock-error.js";
import { isJsonObject, parsePointer } from "../util/json.js";
import { JsonLocator } from "../util/json-location.js";
import type { NamedPayload } from "./trigger-payload.js";

/**
 * Runs a function that checks or triggers a payload. If the payload is from a JSON file, errors about its content name the
 * line and column: `payload.json:3:5: unknown key "recipiens"`. The parser that finds them is loaded only then.
 */
export async function locatePayloadErrors<T>(payload: NamedPayload, run: () => T | Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    throw await addLocations(error, payload);
  }
}

/** Returns the number of keys of a JSON object, or null for another text. */
function countKeys(text: string): number | null {
  try {
    const value: unknown = JSON.parse(text);
    return isJsonObject(value) ? Object.keys(value).length : null;
  } catch {
    return null;
  }
}

async function addLocations(error: unknown, { name, file }: NamedPayload): Promise<unknown> {
  // The API's errors name the fields of the request.
  if (!(error instanceof KnockError) || error.code !== "invalid_params" || error.status !== undefined) return error;
  if (file === undefined) return error;
  const locator = await JsonLocator.open(file.text);
  const details = error.details.map((detail): ErrorDetail => {
    const path = parsePointer(detail.pointer);
    const isFromFlag = path[0] !== undefined && file.overriddenFields.has(path[0]);
    if (isFromFlag || locator === null) return detail;
    const { line, column } = locator.find(path.map((part) => [part]));
    return { ...detail, file: name, line, column };
  });
  const [first] = details;
  if (first?.line === undefined) return error.copyWith({ details });
  const unknown = details.filter(({ message }) => message.startsWith("unknown key"));
  const isOnlyData = unknown.length > 0 && unknown.length === countKeys(file.text);
  const hint = isOnlyData ? `Did you mean --data @${name}? --file reads a whole payload.` : error.hint;
  const prefix = `${name}: `;
  const rest = error.message.startsWith(prefix) ? error.message.slice(prefix.length) : error.message;
  return error.copyWith({ message: `${name}:${first.line}:${first.column}: ${rest}`, details, hint });
}
