import type { CommandContext } from "../../context/command-context.js";
import type { TargetFlags } from "../../context/target-flags.js";
import { createInvalidParamsError } from "../../domain/findings/invalid-params-error.js";
import { collectUnknownScopeWarnings } from "../../domain/preferences/collect-unknown-scope-warnings.js";
import { collectRecipientWarnings, formatRecipientWarning } from "../../domain/recipient/collect-recipient-warnings.js";
import { describeInvalidId } from "../../domain/recipient/describe-invalid-id.js";
import type { ErrorDetail } from "../../errors/knock-error.js";
import { KnockError } from "../../errors/knock-error.js";
import { InputReader } from "../../input/input-source.js";
import type { InputRow } from "../../input/read-rows.js";
import { readRows } from "../../input/read-rows.js";
import type { BulkRow } from "../../ports/bulk-operations.js";
import { isJsonObject, type Json, type JsonObject } from "../../util/json.js";
import { collectUnknownChannelWarnings } from "./channel-data-warnings.js";

/** Returns what is wrong with the ID of a row, or null. `places` has the places of the IDs of earlier rows. */
function describeRowId(id: Json | undefined, places: ReadonlyMap<Json, string>): string | null {
  if (id === undefined) return "is required";
  if (typeof id !== "string") return "must be a string";
  const earlier = places.get(id);
  return describeInvalidId(id) ?? (earlier === undefined ? null : `is already in ${earlier}`);
}

function checkRowIds(rows: readonly InputRow[], name: string): void {
  const places = new Map<Json, string>();
  const details: ErrorDetail[] = [];
  for (const [index, { place, value }] of rows.entries()) {
    const { id } = value;
    const problem = describeRowId(id, places);
    if (problem !== null) details.push({ pointer: `/${index}/id`, message: `${problem} (${place})`, value: id });
    else if (id !== undefined) places.set(id, place);
  }
  if (details.length > 0)
    throw createInvalidParamsError(name, details, "Give each line its own ID. Nothing was changed.");
}

/**
 * Reads the users, objects or tenants of `--file`, which have their IDs in the file. All lines are checked before
 * anything is changed. Throws `usage` without a file.
 */
export async function readResourceRows(
  flags: { file?: string | undefined; data?: string[] | undefined; set?: string[] | undefined },
  noun: string,
  context: CommandContext,
): Promise<BulkRow[]> {
  const { file } = flags;
  if (file === undefined)
    throw new KnockError("usage", `no ${noun} ID given`, {
      hint: `Give an ID, or a file with one ${noun} per line: --file ${noun}s.jsonl.`,
    });
  if (flags.data !== undefined || flags.set !== undefined)
    throw new KnockError("usage", "--data and --set need an ID", {
      hint: `Give the ID of one ${noun}, or put the properties into the file.`,
    });
  const rows = await readRows(file, new InputReader(context.input));
  const name = file === "-" ? "standard input" : file;
  if (rows.length === 0) throw new KnockError("usage", `${name} contains no ${noun}s`);
  checkRowIds(rows, name);
  return rows.map(({ value }) => value as BulkRow);
}

/** Prints the warnings about rows, each once. */
export async function warnAboutRows(
  rows: readonly JsonObject[],
  isTenant: boolean,
  flags: TargetFlags,
  context: CommandContext,
): Promise<void> {
  const warnings = new Set<string>();
  const channels = new Set<string>();
  for (const row of rows) {
    const { preferences, channel_data } = row;
    for (const warning of collectRecipientWarnings(row, isTenant)) warnings.add(formatRecipientWarning(warning));
    for (const warning of collectUnknownScopeWarnings(preferences, ["preferences"])) warnings.add(warning);
    if (isJsonObject(channel_data)) for (const channel of Object.keys(channel_data)) channels.add(channel);
  }
  const channel_data = Object.fromEntries([...channels].map((channel): [string, Json] => [channel, {}]));
  for (const warning of await collectUnknownChannelWarnings({ channel_data }, flags, context)) warnings.add(warning);
  for (const warning of warnings) context.output.warn(warning);
}
