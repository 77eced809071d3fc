import { describeFinding } from "../domain/shape/describe-finding.js";
import { type ErrorCode, getErrorMessage, KnockError } from "../errors/knock-error.js";
import { escapeToOneLine } from "./escape-controls.js";
import type { Output } from "./output.js";

const MAX_DETAILS = 20;

/** Hints for errors that do not have a more specific one, so that every error names a next step. */
const DEFAULT_HINTS: Partial<Record<ErrorCode, string>> = {
  usage: "--help lists the arguments and options.",
  invalid_json: "Use double quotes for names and texts, no comma after the last item, and no comments.",
  invalid_params: "Fix the value above and run the command again. Nothing was changed.",
  payload_too_large: "Send less data in one trigger. Nothing was changed.",
  project_invalid: "Fix the file above and run the command again. Nothing was changed.",
  workflow_invalid: "Fix the workflow's files and run the command again. Nothing was changed.",
  workflow_missing:
    "Workflows are in workflows/<key>/workflow.json below knockDir. Use --project to choose another project.",
};

/**
 * Prints an error: one line, the details if there are several, and a hint. With `--json`, a document follows as the
 * last line.
 */
export function printError(error: unknown, output: Output, debug: boolean): void {
  const known = error instanceof KnockError ? error : null;
  const { errorColors: paint } = output;
  const message = known ? known.message : `internal error: ${getErrorMessage(error)}`;
  output.errorLine(`${paint.red("error:")} ${escapeToOneLine(message)}`);
  if (known && known.details.length > 1) {
    for (const detail of known.details.slice(0, MAX_DETAILS)) {
      const { message, file, line, column } = detail;
      const at = file === undefined ? "" : `${file}:${line}:${column}: `;
      // The text of a warning already contains its location.
      const text = known.code === "warning" ? message : describeFinding(detail);
      output.errorLine(`  ${escapeToOneLine(`${at}${text}`)}`);
    }
    if (known.details.length > MAX_DETAILS) output.errorLine(`  … and ${known.details.length - MAX_DETAILS} more`);
  }
  const hint = known
    ? (known.hint ?? DEFAULT_HINTS[known.code])
    : "This is a bug in knock. Please report it with the trace below.";
  if (hint) output.errorLine(`${paint.dim("hint:")} ${escapeToOneLine(hint)}`);
  if (known?.request_id) output.errorLine(`${paint.dim("request id:")} ${known.request_id}`);
  if (!known || debug) output.errorLine(error instanceof Error ? (error.stack ?? "") : String(error));
  if (!output.verbosity.json) return;
  const document = {
    error: {
      code: known?.code ?? "internal",
      message: getErrorMessage(error),
      hint: hint ?? null,
      details: known?.details ?? [],
      ...(known?.status === undefined ? {} : { status: known.status }),
      ...(known?.request_id === undefined ? {} : { request_id: known.request_id }),
    },
  };
  output.errorJson(document);
}
