import { recipientWarnings } from "../domain/recipient/recipient-warnings.js";
import type { Finding } from "../domain/schema/check-document.js";
import { CHECK_ALL, type ValidDocuments } from "../domain/schema/valid-documents.js";
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

interface WarningSearch {
  folder: DocumentFolder | "environments" | "recipients";
  find(raw: JsonObject): Finding[];
  valid?: ValidDocuments | undefined;
}

/** Warnings of one file; text that is not valid JSON is reported elsewhere. */
async function warningsOf(file: ProjectFile, { folder, find, valid = CHECK_ALL }: WarningSearch): Promise<string[]> {
  const text = readProjectText(file.path, file.shown);
  const parsed = await parseJson(text);
  if ("fault" in parsed || !isJsonObject(parsed.value)) return [];
  if (valid.has(folder, parsed.value)) return [];
  const findings = find(parsed.value);
  if (findings.length === 0) valid.add(folder, parsed.value);
  const texts: string[] = [];
  for (const { path, message } of findings) {
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
export async function readRunWarnings(files: RunFiles, valid?: ValidDocuments): Promise<string[]> {
  const found: string[] = [];
  for (const file of files.environments)
    found.push(...(await warningsOf(file, { folder: "environments", find: inEnvironment, valid })));
  for (const file of files.recipients)
    found.push(...(await warningsOf(file, { folder: "recipients", find: inRecipients, valid })));
  return found;
}

/** Reads documents of a folder and returns a line for each unknown key, with its file, line and column. */
export async function readDocumentWarnings(
  folder: DocumentFolder,
  files: readonly ProjectFile[],
  valid?: ValidDocuments,
): Promise<string[]> {
  const search = { folder, find: (raw: JsonObject) => findUnknownKeysIn(folder, raw), valid };
  const found: string[] = [];
  for (const file of files) found.push(...(await warningsOf(file, search)));
  return found;
}
