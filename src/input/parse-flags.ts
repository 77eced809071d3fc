import { KnockError } from "../errors/knock-error.js";
import { deepMerge, isJsonObject, type Json, type JsonObject } from "../util/json.js";
import { assignAtPath, fillHoles, parsePath } from "./assign-at-path.js";
import { type InputReader, parseJsonInput } from "./input-source.js";
import { quoteForShell, suggestSet } from "./restore-quotes.js";

/** Returns whether a flag's text is meant as JSON rather than as an ID. */
function looksLikeJson(text: string): boolean {
  return /^\s*[[{"]/.test(text);
}

/** Throws `usage` for a single dash, which stands for standard input in other tools. */
function checkNotDash(text: string, flag: string): void {
  if (text.trim() !== "-") return;
  throw new KnockError("usage", `${flag}: "-" is not an ID`, {
    hint: `Did you mean ${flag} @-, which reads standard input? For a whole payload: --file -`,
  });
}

/**
 * Parses comma-separated IDs and trims them. Throws `usage` for an empty ID, because it is always a typing mistake. `words`
 * are all words of the flag, for the hint.
 */
export function parseIds(text: string, flag: string, words: readonly string[] = [text]): string[] {
  checkNotDash(text, flag);
  const ids = text.split(",").map((id) => id.trim());
  if (ids.some((id) => id === "")) {
    const all = words.flatMap((word) => word.split(",")).filter((id) => /^[\w.@+-]+$/.test(id));
    const example = all.length === 0 ? "" : `: ${flag} ${all.join(",")}`;
    throw new KnockError("usage", `${flag}: an ID is empty in ${JSON.stringify(text)}`, {
      hint: `Separate IDs with single commas, without spaces or a comma at the start or end${example || "."}`,
    });
  }
  return ids;
}

/**
 * Parses `--recipients`: IDs (comma-separated, repeated or as several words; `42` is the ID "42"), JSON (one recipient
 * or a list), `@file` or `@-`. The result is not checked yet. Throws `usage` or `invalid_json`.
 */
export async function parseRecipientsFlag(
  values: readonly string[],
  reader: InputReader,
  flag = "--recipients",
): Promise<Json[]> {
  const recipients: Json[] = [];
  for (const raw of values) {
    const { text, name } = await reader.readValue(raw, flag);
    if (!raw.startsWith("@") && !looksLikeJson(text)) {
      for (const id of parseIds(text, flag, values)) recipients.push(id);
      continue;
    }
    const value = await parseJsonInput(text, name);
    if (isJsonObject(value) && "recipients" in value && !("id" in value))
      throw new KnockError("usage", `${name} contains a whole payload, not recipients`, {
        hint: `--file ${raw.slice(1)} takes it.`,
      });
    for (const recipient of Array.isArray(value) ? value : [value]) recipients.push(recipient);
  }
  return recipients;
}

/** Parses `--object collection/id`. Throws `usage`. */
export function parseObjectFlag(values: readonly string[]): { collection: string; id: string }[] {
  return values
    .flatMap((value) => parseIds(value, "--object"))
    .map((text) => {
      const [collection, id, ...rest] = text.split("/");
      if (!collection || !id || rest.length > 0) {
        throw new KnockError("usage", `--object: ${JSON.stringify(text)} is not collection/id`, {
          hint: "For example --object projects/apollo.",
        });
      }
      return { collection, id };
    });
}

/** Parses `--actor` or `--tenant`: an ID, JSON, or `@file`. Throws `usage` or `invalid_json`. */
export async function parseIdOrJsonFlag(raw: string, flag: string, reader: InputReader): Promise<Json> {
  const { text, name } = await reader.readValue(raw, flag);
  if (raw.startsWith("@") || looksLikeJson(text)) return parseJsonInput(text, name);
  if (text.trim() === "") throw new KnockError("usage", `${flag}: the ID is empty`);
  checkNotDash(text, flag);
  return text.trim();
}

/**
 * Parses a flag with JSON: the text itself, `@file` or `@-`. The content is not checked here. Throws `invalid_json`.
 */
export async function parseJsonFlag(raw: string, flag: string, reader: InputReader): Promise<Json> {
  const { text, name } = await reader.readValue(raw, flag);
  return parseJsonInput(text, name);
}

/**
 * Parses `--data`: JSON objects, `@file` or `@-`. They are merged deeply, and later ones take precedence. Throws
 * `usage` or `invalid_json`.
 */
export async function parseDataFlags(values: readonly string[], reader: InputReader): Promise<JsonObject> {
  let merged: JsonObject = {};
  for (const raw of values) {
    const { text, name } = await reader.readValue(raw, "--data");
    const value = await parseJsonInput(text, name);
    if (!isJsonObject(value)) {
      throw new KnockError(
        "usage",
        `${name}: must be a JSON object, found ${value === null ? "null" : Array.isArray(value) ? "a list" : `a ${typeof value}`}`,
        {
          details: [{ pointer: "/data", message: "must be an object" }],
          hint: `For example --data '{"page":"Home"}', or --set page=Home.`,
        },
      );
    }
    merged = deepMerge(merged, value);
  }
  return merged;
}

/** Parses the JSON of `--set path:=json`. Without a bracket, brace or quote it is probably text, which needs `=`. */
async function parseSetJson(path: string, text: string): Promise<Json> {
  try {
    return await parseJsonInput(text, `--set ${path}`);
  } catch (error) {
    if (!(error instanceof KnockError) || error.code !== "invalid_json" || /^\s*[[{"]/.test(text)) throw error;
    throw error.copyWith({ hint: `Use = for text: --set ${quoteForShell(`${path}=${text}`)}` });
  }
}

/** Applies `--set path=text` and `--set path:=json` to a copy of `data`, in order. Throws `usage` or `invalid_json`. */
export async function applySetFlags(data: JsonObject, values: readonly string[]): Promise<JsonObject> {
  const target = structuredClone(data);
  for (const raw of values) {
    const [match, path = "", operator, text = ""] = /^((?:\\.|[^=\\])*?)(:?=)([\s\S]*)$/.exec(raw) ?? [];
    if (match === undefined)
      throw new KnockError("usage", `--set: ${JSON.stringify(raw)} has no "="`, {
        hint: suggestSet(raw) ?? "For example --set page=Home, or --set count:=3 for JSON.",
      });

    const name = `--set: ${JSON.stringify(raw)}`;
    const value = operator === ":=" ? await parseSetJson(path, text) : text;
    assignAtPath(target, parsePath(path, name), value, name);
  }
  return fillHoles(target) as JsonObject;
}
