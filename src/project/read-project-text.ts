import { type ErrorCode, KnockError } from "../errors/knock-error.js";
import type { Json } from "../util/json.js";
import { parseJson } from "../util/parse-json.js";
import { readTextFile } from "../util/text-file.js";

/** A file, and how errors name it. */
export interface ProjectFile {
  path: string;
  displayPath: string;
}

/** Project files are written by hand; anything larger is a mistake. */
const MAX_FILE_BYTES = 16 * 1024 * 1024;

/** A project's text file. `shown` is how errors name it. */
export function readProjectText(path: string, displayPath: string, code: ErrorCode = "project_invalid"): string {
  const read = readTextFile(path, MAX_FILE_BYTES, { onlyRegular: true });
  if ("error" in read) throw new KnockError(code, `${displayPath} ${read.error}`);
  return read.text;
}

/** A project's JSON file; the error names line and column. */
export async function readProjectJson(
  path: string,
  displayPath: string,
  code: ErrorCode = "project_invalid",
): Promise<Json> {
  const parsed = await parseJson(readProjectText(path, displayPath, code));
  if ("value" in parsed) return parsed.value;
  throw new KnockError(code, `${displayPath}:${parsed.line}:${parsed.column}: not valid JSON: ${parsed.error}`, {
    details: [{ pointer: "", message: `${parsed.error} at line ${parsed.line}, column ${parsed.column}` }],
  });
}
