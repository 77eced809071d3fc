import { ERROR_CODES, type ErrorCode } from "../../errors/error-codes.js";
import { ERROR_EXPLANATIONS } from "../../errors/error-explanations.js";
import { KnockError } from "../../errors/knock-error.js";
import { didYouMean } from "../../util/find-nearest.js";
import type { HelpBlock } from "./help-topic.js";

const PAGE = "docs/troubleshooting.md";
const CODES = Object.keys(ERROR_CODES) as ErrorCode[];

/** Returns the page of `knock help error`, which lists every error code. */
function listErrorCodes(): readonly HelpBlock[] {
  return [
    "Every error has a code, which --json prints as error.code. Run `knock help error <code>` to see the causes of an error and how to fix it.",
    `Error codes: ${CODES.join(", ")}.`,
    `More: ${PAGE}`,
  ];
}

/**
 * Returns the page of `knock help error <code>`: meaning, causes and fixes. Without a code, returns the list of codes.
 * Throws `usage` for an unknown code.
 */
export function buildErrorPage(name: string | undefined): readonly HelpBlock[] {
  if (name === undefined) return listErrorCodes();
  const code = CODES.find((known) => known === name);
  if (code === undefined)
    throw new KnockError("usage", `there is no error code "${name}"`, {
      hint: didYouMean(name, CODES, "Error codes", CODES.length),
    });
  const { meaning, causes, fix } = ERROR_EXPLANATIONS[code];
  const toList = (texts: readonly string[]): HelpBlock => texts.map((text) => ["-", text] as const);
  return [
    `${code} (exit code ${ERROR_CODES[code].exit})`,
    meaning,
    "Causes:",
    toList(causes),
    "Fix:",
    toList(fix),
    `More: ${PAGE}#${code}`,
  ];
}
