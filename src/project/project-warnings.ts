import { recipientWarnings } from "../domain/recipient/recipient-warnings.js";
import type { Finding } from "../domain/schema/check-document.js";
import { CHECK_ALL } from "../domain/schema/valid-documents.js";
import { describeFault } from "../domain/shape/place.js";
import { isJsonObject, type Json, type JsonObject, pointerOf } from "../util/json.js";
import { findInJson } from "../util/json-place.js";
import { parseJson } from "../util/parse-json.js";
import { timeZoneFault } from "../util/time-zones.js";
import { type DocumentFolder, findUnknownKeysIn } from "./find-unknown-keys.js";
import { type ProjectFile, readProjectText } from "./read-json-file.js";

function inRecipients(raw: JsonObject): Finding[] {
  return ["users", "objects", "tenants"].flatMap((list) =>
    (Array.isArray(raw[list]) ? (raw[list] as Json[]) : []).flatMap((one, index) =>
      isJsonObject(one)
        ? recipientWarnings(one, list === "tenants").map(({ key, message }) => ({ path: [list, index, key], message }))
        : [],
    ),
  );
}

/** Warnings of one file; text that is not valid JSON is reported elsewhere. */
async function warningsOf(file: ProjectFile, find: (raw: JsonObject) => Finding[]): Promise<string[]> {
  const text = readProjectText(file.path, file.shown);
  const parsed = await parseJson(text);
  if ("fault" in parsed || !isJsonObject(parsed.value)) return [];
  const texts: string[] = [];
  for (const { path, message } of find(parsed.value)) {
    const found = await findInJson(
      text,
      path.map((part) => [String(part)]),
    );
    const at = found === null ? "" : `:${found.line}:${found.column}`;
    texts.push(`${file.shown}${at}: ${describeFault({ pointer: pointerOf(path), message })}`);
  }
  return texts;
}

/** The files that every local run reads. */
interface RunFiles {
  environments: readonly ProjectFile[];
  recipients: readonly ProjectFile[];
}

function inEnvironment(raw: JsonObject): Finding[] {
  const fault = timeZoneFault(raw.timezone);
  return fault === null ? [] : [{ path: ["timezone"], message: fault }];
}

/** Reads the files of a run and returns a line for each likely mistake, with its file, line and column. */
export async function readRunWarnings(files: RunFiles): Promise<string[]> {
  const found: string[] = [];
  for (const file of files.environments) found.push(...(await warningsOf(file, inEnvironment)));
  for (const file of files.recipients) found.push(...(await warningsOf(file, inRecipients)));
  return found;
}

/** Reads documents of a folder and returns a line for each unknown key, with its file, line and column. */
export async function readDocumentWarnings(
  folder: DocumentFolder,
  files: readonly ProjectFile[],
  valid = CHECK_ALL,
): Promise<string[]> {
  const findUnknownKeys = (raw: JsonObject): Finding[] => {
    if (valid.has(folder, raw)) return [];
    const unknown = findUnknownKeysIn(folder, raw);
    if (unknown.length === 0) valid.add(folder, raw);
    return unknown;
  };
  const found: string[] = [];
  for (const file of files) found.push(...(await warningsOf(file, findUnknownKeys)));
  return found;
}
