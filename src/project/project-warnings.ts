import { recipientWarnings } from "../domain/recipient/recipient-warnings.js";
import { placeOf } from "../domain/shape/place.js";
import { isJsonObject, type Json, type JsonObject, pointerOf } from "../util/json.js";
import { findInJson } from "../util/json-place.js";
import { parseJson } from "../util/parse-json.js";
import { timeZoneFault } from "../util/time-zones.js";
import { type ProjectFile, readProjectText } from "./read-json-file.js";

interface Warning {
  path: PropertyKey[];
  message: string;
}

function inRecipients(raw: JsonObject): Warning[] {
  return ["users", "objects", "tenants"].flatMap((list) =>
    (Array.isArray(raw[list]) ? (raw[list] as Json[]) : []).flatMap((one, index) =>
      isJsonObject(one)
        ? recipientWarnings(one, list === "tenants").map(({ key, message }) => ({ path: [list, index, key], message }))
        : [],
    ),
  );
}

/** An environment's file, or a recipients file; text that is not valid JSON is reported elsewhere. */
async function warningsOf(file: ProjectFile, find: (raw: JsonObject) => Warning[]): Promise<string[]> {
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
    texts.push(`${file.shown}${at}: ${placeOf(pointerOf(path))} ${message}`);
  }
  return texts;
}

/** Reads what is probably a mistake in a project's environments and recipients files, a line each. */
export async function readProjectWarnings(
  environments: readonly ProjectFile[],
  recipients: readonly ProjectFile[],
): Promise<string[]> {
  const found: string[] = [];
  const inEnvironment = (raw: JsonObject): Warning[] => {
    const fault = timeZoneFault(raw.timezone);
    return fault === null ? [] : [{ path: ["timezone"], message: fault }];
  };
  for (const file of environments) found.push(...(await warningsOf(file, inEnvironment)));
  for (const file of recipients) found.push(...(await warningsOf(file, inRecipients)));
  return found;
}
