import { KnockError } from "../errors/knock-error.js";
import { deepMerge, isJsonObject, type Json, type JsonObject } from "../util/json.js";
import { InputReader, type InputSource, jsonOf } from "./input-source.js";
import { applySetFlags, parseDataFlags, parseObjectFlag, parseOneFlag, parseRecipientsFlag } from "./parse-flags.js";

/** The flags of `knock notify` that make up a payload, as typed. */
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

/** A payload, not yet checked, and how errors name it: "the trigger", "line 3 of triggers.jsonl". */
export interface NamedPayload {
  payload: unknown;
  name: string;
  /** 1-based line in a file of lines. */
  line: number | null;
}

type Format = "json" | "jsonl";

function formatOf({ file, format }: PayloadFlags): Format {
  const ending = (file ?? "").toLowerCase().split(".").at(-1) ?? "";
  const named = format ?? ({ jsonl: "jsonl", ndjson: "jsonl", csv: "csv" } as Record<string, string>)[ending] ?? "json";
  if (named === "json" || named === "jsonl") return named;
  if (named === "ndjson") return "jsonl";
  if (named === "csv")
    throw new KnockError("not_supported", "--format csv is not supported yet", {
      hint: "Use --format jsonl: one payload per line.",
    });
  throw new KnockError("usage", `--format: ${JSON.stringify(named)} is not a format`, {
    hint: "Formats: json, jsonl.",
  });
}

/** What the flags say, in the API's field names. Absent flags leave no key. */
async function flagFields(flags: PayloadFlags, reader: InputReader): Promise<JsonObject> {
  const fields: JsonObject = {};
  const recipients: Json[] = [
    ...(flags.recipients ? await parseRecipientsFlag(flags.recipients, reader) : []),
    ...(flags.object ? parseObjectFlag(flags.object) : []),
  ];
  if (flags.recipients || flags.object) fields.recipients = recipients;
  if (flags.actor !== undefined) fields.actor = await parseOneFlag(flags.actor, "--actor", reader);
  if (flags.tenant !== undefined) fields.tenant = await parseOneFlag(flags.tenant, "--tenant", reader);
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

/** Flags over a file's payload: fields replace, `settings` and data merge. */
async function withFlags(
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
  const own = payload.data;
  if (own !== undefined && own !== null && !isJsonObject(own)) return merged; // the payload's own fault: let its check tell
  merged.data = await applySetFlags(deepMerge(isJsonObject(own) ? own : {}, data ?? {}), sets);
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

/** JSON of a file that may be of the other format: one payload where lines were meant, or the other way around. */
async function payloadOf(text: string, name: string, line: number, whole: string): Promise<Json> {
  try {
    return await jsonOf(text, name, line);
  } catch (error) {
    if (!(error instanceof KnockError)) throw error;
    const rows = whole.split("\n").filter((row) => row.trim() !== "");
    const isLines = text === whole && rows.length > 1 && isJson(rows[0] as string);
    const hint = isLines
      ? "One payload a line? --format jsonl takes them so."
      : text !== whole && isJson(whole)
        ? "One payload over several lines? --format json takes it so."
        : error.hint;
    throw new KnockError(error.code, error.message, { hint, details: error.details, cause: error });
  }
}

/**
 * The payloads a `knock notify` asks for: one from flags or a JSON file, or one per line of a JSON Lines file. Blank lines
 * are passed over. Nothing here knows what a trigger may hold.
 */
export async function* readPayloads(flags: PayloadFlags, source: InputSource): AsyncGenerator<NamedPayload> {
  const reader = new InputReader(source);
  const format = flags.file === undefined ? "json" : formatOf(flags);
  if (flags.file === undefined && flags.format !== undefined)
    throw new KnockError("usage", "--format goes with --file");
  const fields = await flagFields(flags, reader);
  const data = flags.data ? await parseDataFlags(flags.data, reader) : null;
  const sets = flags.set ?? [];
  if (flags.file === undefined) {
    yield { payload: await withFlags({}, fields, data, sets), name: "the trigger", line: null };
    return;
  }
  const shown = flags.file === "-" ? "standard input" : flags.file;
  const text = await reader.text(flags.file, "--file");
  if (format === "json") {
    yield {
      payload: await withFlags(await payloadOf(text, shown, 1, text), fields, data, sets),
      name: shown,
      line: null,
    };
    return;
  }
  let line = 0;
  let found = 0;
  for (const row of text.split("\n")) {
    line++;
    if (row.trim() === "") continue;
    found++;
    const name = `${shown}, line ${line}`;
    yield { payload: await withFlags(await payloadOf(row, shown, line, text), fields, data, sets), name, line };
  }
  if (found === 0)
    throw new KnockError("usage", `${shown} holds no payload`, {
      hint: 'One JSON object per line, for example {"key":"welcome","recipients":["ada"]}.',
    });
}

/** The recipients of `knock cancel`: null for everyone. */
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
