import { KnockError } from "../errors/knock-error.js";
import { deepMerge, isJsonObject, type Json, type JsonObject } from "../util/json.js";
import { InputReader, type InputSource, parseJsonInput } from "./input-source.js";
import {
  applySetFlags,
  parseDataFlags,
  parseIdOrJsonFlag,
  parseObjectFlag,
  parseRecipientsFlag,
} from "./parse-flags.js";

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
  /** The JSON file that contains it, and the fields that flags replace. Absent for other sources. */
  file?: { text: string; overriddenFields: ReadonlySet<string> };
}

/** Returns the name of an input file in messages. */
export function formatInputName(path: string): string {
  return path === "-" ? "standard input" : path;
}

/** `json` is one payload. The others have one payload per line or row. */
type PayloadFormat = "json" | "jsonl" | "csv";

const FORMATS: Record<string, PayloadFormat> = { json: "json", jsonl: "jsonl", ndjson: "jsonl", csv: "csv" };

/** Returns the format of `--format`, or else of the file's name. Throws `usage` for an unknown format. */
export function resolveFormat({ file, format }: PayloadFlags): PayloadFormat {
  if (format === undefined) return FORMATS[(file ?? "").toLowerCase().split(".").at(-1) ?? ""] ?? "json";
  const known = FORMATS[format];
  if (known !== undefined) return known;
  throw new KnockError("usage", `--format: ${JSON.stringify(format)} is not a format`, {
    hint: "Use json, jsonl (one payload per line) or csv (one payload per row).",
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
  const changesNothing = data === null && sets.length === 0 && Object.keys(fields).length === 0;
  if (!isJsonObject(payload) || changesNothing) return payload;
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
    const isLines = rows.length > 1 && isJson(rows[0] ?? "");
    const hint = isLines ? "If the file has one payload per line, add --format jsonl." : error.hint;
    throw error.copyWith({ hint });
  }
}

/** Returns whether the flags name a file or stream with one payload per line or row. Throws `usage` for an unknown format. */
export function hasPayloadLines<Flags extends PayloadFlags>(flags: Flags): flags is Flags & { file: string } {
  if (flags.file !== undefined) return resolveFormat(flags) !== "json";
  if (flags.format !== undefined) throw new KnockError("usage", "--format requires --file");
  return false;
}

/** The flags that change payloads. */
interface PayloadOverrides {
  apply(payload: Json): Promise<Json>;
  /** The fields of the payload that the flags change. */
  fields: ReadonlySet<string>;
  /** The values of the flags. Equal flags have equal texts. */
  text: string;
}

/** Reads the flags that change payloads, once for all payloads. */
export async function readOverrides(flags: PayloadFlags, reader: InputReader): Promise<PayloadOverrides> {
  const fields = await parseFlagFields(flags, reader);
  const data = flags.data ? await parseDataFlags(flags.data, reader) : null;
  const sets = flags.set ?? [];
  return {
    apply: (payload) => applyFlags(payload, fields, data, sets),
    fields: new Set([...Object.keys(fields), ...(data === null && sets.length === 0 ? [] : ["data"])]),
    text: JSON.stringify([fields, data, sets]),
  };
}

/** Reads the payload from the flags alone or from a JSON file. The content of the trigger is not checked here. */
export async function readPayload(flags: PayloadFlags, source: InputSource): Promise<NamedPayload> {
  const reader = new InputReader(source);
  const override = await readOverrides(flags, reader);
  if (flags.file === undefined) return { payload: await override.apply({}), name: "the trigger" };
  const name = formatInputName(flags.file);
  const text = await reader.readText(flags.file, "--file");
  const payload = await parsePayloadFile(text, name);
  return { payload: await override.apply(payload), name, file: { text, overriddenFields: override.fields } };
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
