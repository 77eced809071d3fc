import { basename, join } from "node:path";
import { parseTimedTrigger, type TimedTrigger } from "../../comparison/parse-timed-trigger.js";
import { KnockError } from "../../errors/knock-error.js";
import type { InputSource } from "../../input/input-source.js";
import { readPayloadLines } from "../../input/payload-lines.js";
import { formatInputName } from "../../input/trigger-payload.js";
import { formatDisplayPath } from "../../project/format-display-path.js";
import { listFolder } from "../../project/list-folder.js";
import { toIsoTime } from "../../util/iso-time.js";
import { isJsonObject } from "../../util/json.js";

/** The triggers of a file. */
interface TriggerFile {
  name: string;
  /** Sorted by time. */
  triggers: TimedTrigger[];
  /** Whether all triggers have a time. Otherwise they run one after the other, a minute apart. */
  isTimed: boolean;
}

const MAX_TRIGGERS = 100_000;
const MINUTE_MS = 60_000;
/** The time of the first trigger of a file without times, a Monday. */
const START = Date.parse("2026-01-05T09:00:00Z");

/** Returns the files of triggers in the project's `payloads/`, relative to the working directory. */
export function listTriggerFiles(root: string, cwd: string): string[] {
  const folder = join(root, "payloads");
  const names = listFolder(folder, (path) => path).filter((name) => name.endsWith(".jsonl"));
  return names.sort().map((name) => formatDisplayPath(cwd, join(folder, name)));
}

/**
 * Reads a JSON Lines file of triggers, of which some may have a time in `at`. A trigger without a key is for the workflow that the
 * file is named after. Throws the error of the first invalid line, which names the file and the line.
 */
export async function readTriggerFile(file: string, input: InputSource): Promise<TriggerFile> {
  const lines: { name: string; payload: unknown }[] = [];
  const { groups } = await readPayloadLines({ file, format: "jsonl" }, input);
  for await (const group of groups)
    for (const { name, payload, error } of group) {
      if (error !== null) throw error;
      if (lines.length === MAX_TRIGGERS)
        throw new KnockError(
          "payload_too_large",
          `${name}: more than ${MAX_TRIGGERS.toLocaleString("en-US")} triggers`,
          {
            hint: "Split the file.",
          },
        );
      lines.push({ name, payload });
    }
  if (input.isInterrupted())
    throw new KnockError("interrupted", `interrupted while reading ${formatInputName(file)}`, {
      hint: "Nothing was changed.",
    });
  const isTimed =
    lines.length > 0 &&
    lines.every(({ payload }) => isJsonObject(payload as never) && (payload as { at?: unknown }).at !== undefined);
  const key = basename(file, ".jsonl");
  const triggers = lines.map(({ name, payload }, index) => {
    if (!isJsonObject(payload as never)) return parseTimedTrigger(payload, name);
    const fields = payload as Record<string, unknown>;
    const at = isTimed ? {} : { at: toIsoTime(START + index * MINUTE_MS) };
    return parseTimedTrigger({ ...fields, ...(fields.key == null ? { key } : {}), ...at }, name);
  });
  return { name: formatInputName(file), triggers: triggers.sort((a, b) => a.at - b.at), isTimed };
}
