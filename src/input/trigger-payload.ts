import { KnockError } from "../errors/knock-error.js";
import { deepMerge, isJsonObject, type Json, type JsonObject } from "../util/json.js";
import { parseJson } from "../util/parse-json.js";
import { checkDepth, InputReader, type InputSource, parseJsonInput } from "./input-source.js";
import {
  applySetFlags,
  parseDataFlags,
  parseIdOrJsonFlag,
  parseObjectFlag,
  parseRecipientsFlag,
} from "./parse-flags.js";
import { readLines, type StreamLine } from "./read-lines.js";

/** The flags of `knock notify` that make up a payload, as the user typed them. */
export interface PayloadFlags {
  recipients?: string[] | undefined;
  object?: string[] | undefined;
  actor?: string | undefined;
  data?: string[] | undefined;
  set?: string[] | undefined;
  tenant?: string | undefined;
  cancellationKey?: string | undefined;
  idempotencyKey?: string | undefined;
  sandboxMode?: boolean | undefined;
  skipDelay?: boolean | undefined;
  file?: string | undefined;
  format?: string | undefined;
}

/** An unchecked payload, and the name that errors use for it: "the trigger" or a file. */
export interface NamedPayload {
  payload: unknown;
  name: string;
}

/** A payload has up to 10 MB; escape sequences and white space may make its line longer. */
const MAX_LINE_BYTES = 16 * 1024 * 1024;
/** The maximum number of lines that are yielded together and share a disk sync. */
const MAX_LINES = 100;

/** Returns the name of an input file in messages. */
export function formatInputName(path: string): string {
  return path === "-" ? "standard input" : path;
}

type PayloadFormat = "json" | "jsonl";

function resolveFormat({ file, format }: PayloadFlags): PayloadFormat {
  const extension = (file ?? "").toLowerCase().split(".").at(-1) ?? "";
  const requested =
    format ?? ({ jsonl: "jsonl", ndjson: "jsonl", csv: "csv" } as Record<string, string>)[extension] ?? "json";
  if (requested === "json" || requested === "jsonl") return requested;
  if (requested === "ndjson") return "jsonl";
  if (requested === "csv")
    throw new KnockError("usage", `${format === undefined ? `--file: ${file}` : "--format"}: CSV is not supported`, {
      hint: "Formats: json, jsonl (one payload per line).",
    });
  throw new KnockError("usage", `--format: ${JSON.stringify(requested)} is not a format`, {
    hint: "Formats: json, jsonl.",
  });
}

/** Returns the values of the flags under the API's field names. Flags that are not given add no key. */
async function parseFlagFields(flags: PayloadFlags, reader: InputReader): Promise<JsonObject> {
  const fields: JsonObject = {};
  const recipients: Json[] = [
    ...(flags.recipients ? await parseRecipientsFlag(flags.recipients, reader) : []),
    ...(flags.object ? parseObjectFlag(flags.object) : []),
  ];
  if (flags.recipients || flags.object) fields.recipients = recipients;
  if (flags.actor !== undefined) fields.actor = await parseIdOrJsonFlag(flags.actor, "--actor", reader);
  if (flags.tenant !== undefined) fields.tenant = await parseIdOrJsonFlag(flags.tenant, "--tenant", reader);
  if (flags.cancellationKey !== undefined) fields.cancellation_key = flags.cancellationKey;
  if (flags.idempotencyKey !== undefined) fields.idempotency_key = flags.idempotencyKey;
  if (flags.sandboxMode || flags.skipDelay) {
    fields.settings = {
      ...(flags.sandboxMode ? { sandbox_mode: true } : {}),
      ...(flags.skipDelay ? { skip_delay: true } : {}),
    };
  }
  return fields;
}

/** Applies flags to a file's payload: fields are replaced; `settings` and data are merged. */
async function applyFlags(
  payload: Json,
  fields: JsonObject,
  data: JsonObject | null,
  sets: readonly string[],
): Promise<Json> {
  if (!isJsonObject(payload)) return payload;
  const merged: JsonObject = { ...payload, ...fields };
  if (isJsonObject(payload.settings) && isJsonObject(fields.settings))
    merged.settings = { ...payload.settings, ...fields.settings };
  if (data === null && sets.length === 0) return merged;
  const payloadData = payload.data;
  // The check of the payload reports this error.
  if (payloadData !== undefined && payloadData !== null && !isJsonObject(payloadData)) return merged;
  merged.data = await applySetFlags(deepMerge(isJsonObject(payloadData) ? payloadData : {}, data ?? {}), sets);
  return merged;
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** Parses the JSON of a whole file. If the file contains one payload per line, the error's hint names that format. */
async function parsePayloadFile(text: string, name: string): Promise<Json> {
  try {
    return await parseJsonInput(text, name);
  } catch (error) {
    if (!(error instanceof KnockError)) throw error;
    const rows = text.split("\n").filter((row) => row.trim() !== "");
    const isLines = rows.length > 1 && isJson(rows[0] as string);
    const hint = isLines ? "If the file has one payload per line, add --format jsonl." : error.hint;
    throw error.copyWith({ hint });
  }
}

/** Parses the JSON of one line. `inputName` names the file or stream in errors. */
async function parsePayloadLine(line: StreamLine, inputName: string): Promise<Json> {
  const { number } = line;
  const fail = (code: "invalid_json" | "usage", message: string, column: number, hint?: string): KnockError =>
    new KnockError(code, `${inputName}:${number}:${column}: ${message}`, {
      details: [{ pointer: "", message, file: inputName, line: number, column }],
      hint,
    });
  if ("error" in line) throw fail("usage", line.error, 1, "Each line is one JSON object in UTF-8.");
  const parsed = await parseJson(line.text);
  if ("value" in parsed) return checkDepth(parsed.value, `${inputName}:${number}`);
  const isFirst = number === 1 && /^\s*[{[]/.test(line.text);
  const hint = isFirst ? "If the payload spans several lines, use --format json." : undefined;
  throw fail("invalid_json", `invalid JSON: ${parsed.error}`, parsed.column, hint);
}

/** Returns whether the flags name a file or stream with one payload per line. Throws `usage` for an unknown format. */
export function hasPayloadLines(flags: PayloadFlags): boolean {
  if (flags.file !== undefined) return resolveFormat(flags) === "jsonl";
  if (flags.format !== undefined) throw new KnockError("usage", "--format requires --file");
  return false;
}

/** Returns a function that applies the flags to a payload. The flags are read once for all payloads. */
async function readOverrides(flags: PayloadFlags, reader: InputReader): Promise<(payload: Json) => Promise<Json>> {
  const fields = await parseFlagFields(flags, reader);
  const data = flags.data ? await parseDataFlags(flags.data, reader) : null;
  return (payload) => applyFlags(payload, fields, data, flags.set ?? []);
}

/** Reads the payload from the flags alone or from a JSON file. The content of the trigger is not checked here. */
export async function readPayload(flags: PayloadFlags, source: InputSource): Promise<NamedPayload> {
  const reader = new InputReader(source);
  const override = await readOverrides(flags, reader);
  if (flags.file === undefined) return { payload: await override({}), name: "the trigger" };
  const name = formatInputName(flags.file);
  const payload = await parsePayloadFile(await reader.readText(flags.file, "--file"), name);
  return { payload: await override(payload), name };
}

/** One line of a stream: its location, and its payload or its error. */
export interface PayloadLine {
  /** The location as `file:line`. */
  name: string;
  /** The location for error details; `line` counts from 1. */
  location: { file: string; line: number; column: number };
  /** The length of its text in characters. */
  size: number;
  payload: unknown;
  error: KnockError | null;
}

/**
 * Reads one payload per line in constant memory. Yields the lines that are available without waiting for more input. An
 * invalid line has an error and does not end the stream. Blank lines are ignored.
 */
export async function* readPayloadLines(flags: PayloadFlags, source: InputSource): AsyncGenerator<PayloadLine[]> {
  const reader = new InputReader(source);
  const override = await readOverrides(flags, reader);
  const path = flags.file as string;
  const inputName = formatInputName(path);
  const toPayload = async (line: StreamLine): Promise<PayloadLine> => {
    const named = {
      name: `${inputName}:${line.number}`,
      location: { file: inputName, line: line.number, column: 1 },
      size: "text" in line ? line.text.length : 0,
    };
    try {
      return { ...named, payload: await override(await parsePayloadLine(line, inputName)), error: null };
    } catch (error) {
      if (!(error instanceof KnockError)) throw error;
      return { ...named, payload: null, error };
    }
  };
  const limits = { maxLineBytes: MAX_LINE_BYTES, maxLines: MAX_LINES };
  for await (const lines of readLines(reader.readChunks(path, "--file"), limits)) {
    const group: PayloadLine[] = [];
    for (const line of lines) group.push(await toPayload(line));
    yield group;
  }
}

/** Reads the recipients of `knock cancel`; null means every recipient. */
export async function readCancelRecipients(
  flags: { recipients?: string[] | undefined; object?: string[] | undefined },
  source: InputSource,
): Promise<Json[] | null> {
  if (!flags.recipients && !flags.object) return null;
  const reader = new InputReader(source);
  return [
    ...(flags.recipients ? await parseRecipientsFlag(flags.recipients, reader) : []),
    ...(flags.object ? parseObjectFlag(flags.object) : []),
  ];
}
