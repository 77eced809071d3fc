import { dirname, join } from "node:path";
import type { Finding } from "../domain/schema/check-document.js";
import { describeFault } from "../domain/shape/place.js";
import { type ErrorDetail, KnockError } from "../errors/knock-error.js";
import { pointerOf } from "../util/json.js";
import { findInJson } from "../util/json-place.js";
import { type ProjectFile, readProjectText } from "./read-json-file.js";

const partsOf = (pointer: string): string[] =>
  pointer
    .split("/")
    .slice(1)
    .map((part) => part.replaceAll("~1", "/").replaceAll("~0", "~"));

/** The place of a fault, in the file itself or in the JSON file that it refers to on the way (F-013). */
async function placeIn(
  file: ProjectFile,
  parts: readonly string[],
): Promise<(ProjectFile & { line: number; column: number }) | null> {
  const found = await findInJson(
    readProjectText(file.path, file.shown),
    parts.map((part) => [part, `${part}@`]),
  );
  if (found === null) return null;
  const { line, column, depth, text } = found;
  const rest = parts.slice(depth);
  if (rest.length > 0 && text?.endsWith(".json")) {
    const path = join(dirname(file.path), text);
    const nested = await placeIn({ path, shown: join(dirname(file.shown), text) }, rest).catch(() => null);
    if (nested !== null) return nested;
  }
  return { ...file, line, column };
}

/**
 * A file's fault that is known by JSON pointers, with line and column: `workflow.json:12:7: steps[0].type …`. `owner`: what its
 * message begins with, unless with the file's name; faults of other files are left as they are. Read only when something is wrong.
 */
export async function withPlaces(error: unknown, file: ProjectFile, owner?: string): Promise<unknown> {
  if (!(error instanceof KnockError)) return error;
  const begin = [owner, `${file.shown}: `].find((one) => one !== undefined && error.message.startsWith(one));
  if (begin === undefined) return error;
  const places = await Promise.all(
    error.details.map(({ pointer }) => placeIn(file, partsOf(pointer)).catch(() => null)),
  );
  const [first] = places;
  if (!first) return error;
  const details = error.details.map((detail, index): ErrorDetail => {
    const place = places[index];
    return place ? { ...detail, file: place.shown, line: place.line, column: place.column } : detail;
  });
  const { code, hint, cause } = error;
  const message = `${first.shown}:${first.line}:${first.column}: ${error.message.slice(begin.length)}`;
  return new KnockError(code, message, { hint, details, cause });
}

/** Returns findings as lines with file, line and column: `workflow.json:12:7: settings: unknown key "is_comercial"`. */
export async function describeFindings(file: ProjectFile, findings: readonly Finding[]): Promise<string[]> {
  return Promise.all(
    findings.map(async ({ path, message }) => {
      const place = await placeIn(file, path.map(String));
      const at = place === null ? file.shown : `${place.shown}:${place.line}:${place.column}`;
      return `${at}: ${describeFault({ pointer: pointerOf(path), message })}`;
    }),
  );
}
