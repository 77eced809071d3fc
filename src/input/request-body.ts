import { KnockError } from "../errors/knock-error.js";
import { deepMerge, isJsonObject, type JsonObject } from "../util/json.js";
import { type InputReader, parseJsonInput } from "./input-source.js";
import { applySetFlags, parseDataFlags } from "./parse-flags.js";

/** The flags that make up a request's body, as the user typed them. */
export interface RequestBodyFlags {
  /** The path of a file; `-` is standard input. */
  file?: string | undefined;
  data?: string[] | undefined;
  set?: string[] | undefined;
}

/**
 * Reads the body: `--data` is merged deeply over `--file`, and `--set` is applied last. Returns null if none of them is
 * given.
 */
export async function readRequestBody(
  { file, data, set }: RequestBodyFlags,
  reader: InputReader,
): Promise<JsonObject | null> {
  if (file === undefined && data === undefined && set === undefined) return null;
  let body: JsonObject = {};
  if (file !== undefined) {
    const inputName = file === "-" ? "standard input" : file;
    const value = await parseJsonInput(await reader.readText(file, "--file"), inputName);
    if (!isJsonObject(value)) {
      throw new KnockError("invalid_params", `${inputName}: must be a JSON object`, {
        details: [{ pointer: "", message: "must be an object" }],
        hint: "The body is one resource in the format of the API.",
      });
    }
    body = value;
  }
  if (data !== undefined) body = deepMerge(body, await parseDataFlags(data, reader));
  return set === undefined ? body : applySetFlags(body, set);
}
