import { type ErrorDetail, KnockError } from "../errors/knock-error.js";
import { parsePointer } from "../util/json.js";
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
  const prefix = `${name}: `;
  const rest = error.message.startsWith(prefix) ? error.message.slice(prefix.length) : error.message;
  return error.copyWith({ message: `${name}:${first.line}:${first.column}: ${rest}`, details });
}
