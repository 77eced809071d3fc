import { describeFinding } from "../domain/findings/describe-finding.js";
import { getErrorDefinition } from "../errors/error-codes.js";
import { getErrorMessage, KnockError } from "../errors/knock-error.js";
import type { JsonObject } from "../util/json.js";
import { escapeToOneLine } from "./escape-controls.js";
import { formatTimes } from "./format-time.js";
import type { Output } from "./output.js";

const MAX_DETAILS = 20;

/**
 * Prints an error: one line, the details if there are several, and a hint. With `--json`, a document follows as the
 * last line, with the corrected command if one is known. Otherwise, the first error of a code with several causes names the command that explains them.
 */
export function printError(error: unknown, output: Output, debug: boolean, suggestion: string | null = null): void {
  const known = error instanceof KnockError ? error : null;
  const { errorColors: paint } = output;
  const message = known ? formatTimes(known.message, output.errorZone) : `internal error: ${getErrorMessage(error)}`;
  output.errorLine(`${paint.red("error:")} ${escapeToOneLine(message)}`);
  if (known && known.details.length > 1) {
    for (const detail of known.details.slice(0, MAX_DETAILS)) {
      const { pointer, message, file, line, column } = detail;
      const at = file === undefined ? "" : `${file}:${line}:${column}: `;
      // The text of a warning already contains its location, and a whole file needs none beside its name.
      const isLocated = known.code === "warning" || (pointer === "" && file !== undefined);
      const text = isLocated ? message : describeFinding(detail);
      output.errorLine(`  ${escapeToOneLine(`${at}${text}`)}`);
    }
    if (known.details.length > MAX_DETAILS) output.errorLine(`  … and ${known.details.length - MAX_DETAILS} more`);
  }
  const hint = findHint(known);
  if (hint) output.errorLine(`${paint.dim("hint:")} ${escapeToOneLine(hint)}`);
  if (known?.request_id) {
    const attempts = (known.attempts ?? 1) > 1 ? ` (the last of ${known.attempts} attempts)` : "";
    output.errorLine(`${paint.dim("request id:")} ${known.request_id}${attempts}`);
  }
  if (!known || debug) output.errorLine(error instanceof Error ? (error.stack ?? "") : String(error));
  const code = known?.code ?? "internal";
  if (!output.verbosity.json) {
    if (getErrorDefinition(code).hasSeveralCauses)
      output.noteOnce(`${paint.dim("more:")} ${output.commandName} help error ${code}`);
    return;
  }
  const document = toErrorDocument(error);
  output.errorJson({ error: { ...document, hint: hint === undefined ? null : output.nameCommand(hint), suggestion } });
}

/** Returns the document of an error. */
export function toErrorDocument(error: unknown): JsonObject {
  const known = error instanceof KnockError ? error : null;
  const code = known?.code ?? "internal";
  return {
    code,
    message: getErrorMessage(error),
    hint: findHint(known) ?? null,
    suggestion: null,
    docs: `docs/troubleshooting.md#${code}`,
    details: (known?.details ?? []) as readonly object[] as JsonObject[],
    ...(known?.status === undefined ? {} : { status: known.status }),
    ...(known?.request_id === undefined ? {} : { request_id: known.request_id }),
    ...(known?.attempts === undefined ? {} : { attempts: known.attempts }),
  };
}

function findHint(known: KnockError | null): string | undefined {
  if (known === null) return "This is a bug in knock. Please report it with the trace below.";
  return known.hint ?? getErrorDefinition(known.code).hint;
}
