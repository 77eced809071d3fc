import { KnockError } from "../errors/knock-error.js";
import type { InputSource } from "../input/input-source.js";
import { readPayloadLines } from "../input/payload-lines.js";
import { formatInputName } from "../input/trigger-payload.js";
import { parseTimedTrigger, type TimedTrigger } from "./parse-timed-trigger.js";

/** Limits the triggers that are kept in memory. */
const MAX_TIMED_TRIGGERS = 100_000;

/**
 * Reads a JSON Lines file of triggers with times; `-` is standard input. Returns them in order of time. Throws the error of
 * the first invalid line, which names the file and the line.
 */
export async function readTimedTriggers(file: string, input: InputSource): Promise<TimedTrigger[]> {
  const triggers: TimedTrigger[] = [];
  const { groups } = await readPayloadLines({ file, format: "jsonl" }, input);
  for await (const lines of groups)
    for (const line of lines) {
      if (line.error !== null) throw line.error;
      if (triggers.length === MAX_TIMED_TRIGGERS)
        throw new KnockError(
          "payload_too_large",
          `${line.name}: more than ${MAX_TIMED_TRIGGERS.toLocaleString("en-US")} triggers`,
          { hint: "Split the file." },
        );
      triggers.push(parseTimedTrigger(line.payload, line.name));
    }
  if (input.isInterrupted())
    throw new KnockError("interrupted", `interrupted while reading ${formatInputName(file)}`, {
      hint: "Nothing was changed.",
    });
  return triggers.sort((a, b) => a.at - b.at);
}
