import type { ErrorCode } from "../errors/error-codes.js";
import { KnockError } from "../errors/knock-error.js";
import type { Json } from "../util/json.js";
import { parseJson } from "../util/parse-json.js";
import { readTextFile } from "../util/text-file.js";

/** A file, and its display path. */
export interface ProjectFile {
  path: string;
  displayPath: string;
}

/** Maximum size of a project file. Project files are written by hand, so a larger one is a mistake. */
export const MAX_FILE_BYTES = 16 * 1024 * 1024;

/** Reads a project's text file. Throws `code`, with the display path, if it cannot be read. */
export function readProjectText(path: string, displayPath: string, code: ErrorCode = "project_invalid"): string {
  const read = readTextFile(path, MAX_FILE_BYTES, { onlyRegular: true });
  if ("error" in read) throw new KnockError(code, `${displayPath} ${read.error}`);
  return read.text;
}

/** Reads a project's JSON file. Throws `code`, with line and column, if it is not valid. */
export async function readProjectJson(
  path: string,
  displayPath: string,
  code: ErrorCode = "project_invalid",
): Promise<Json> {
  const parsed = await parseJson(readProjectText(path, displayPath, code));
  if ("value" in parsed) return parsed.value;
  throw new KnockError(code, `${displayPath}:${parsed.line}:${parsed.column}: invalid JSON: ${parsed.error}`, {
    details: [{ pointer: "", message: `${parsed.error} at line ${parsed.line}, column ${parsed.column}` }],
    hint: parsed.hint,
  });
}
