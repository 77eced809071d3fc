import { FINDING_CODES, isFindingCode } from "../../domain/validation/finding-codes.js";
import { FINDING_EXPLANATIONS, isExplainedFinding } from "../../domain/validation/finding-explanations.js";
import { ERROR_CODES } from "../../errors/error-codes.js";
import { ERROR_EXPLANATIONS } from "../../errors/error-explanations.js";
import { KnockError } from "../../errors/knock-error.js";
import { findNearest, type Hint } from "../../util/find-nearest.js";
import { getKeys } from "../../util/json.js";
import { formatMore, type HelpBlock } from "../shared/help-topic.js";

/** The topic of `knock help` that explains error codes. */
export const ERROR_TOPIC = "error";
const PAGE = "docs/troubleshooting.md";
const CODES = getKeys(ERROR_CODES);
const FINDINGS = Object.keys(FINDING_CODES).filter((code) => !(code in ERROR_CODES));

/** Returns a hint for a word that is an error code, or nearly one; undefined for another word. */
export function suggestErrorCode(word: string, typed = [word]): Hint | undefined {
  const code = findNearest(word.toLowerCase(), [...CODES, ...FINDINGS], 2);
  if (code === undefined) return undefined;
  const hint =
    code === word
      ? `"${word}" is an error code. Run \`knock help ${ERROR_TOPIC} ${word}\` to see its causes.`
      : `Did you mean \`knock help ${ERROR_TOPIC} ${code}\`?`;
  return { hint, typed, meant: [ERROR_TOPIC, code] };
}

/** Returns the page of `knock help error`, which lists every error code. */
function listErrorCodes(): readonly HelpBlock[] {
  return [
    "Every error has a code, which --json prints as error.code. Run `knock help error <code>` to see the causes of an error and how to fix it.",
    `Error codes: ${CODES.join(", ")}.`,
    `Codes of \`knock validate\`: ${FINDINGS.join(", ")}.`,
    formatMore(PAGE),
  ];
}

/** Returns the page of a code that only `knock validate` reports. */
function buildFindingPage(code: keyof typeof FINDING_EXPLANATIONS): readonly HelpBlock[] {
  const { meaning, fix } = FINDING_EXPLANATIONS[code];
  const fixes: HelpBlock = [["-", fix]];
  return [`${code} (${FINDING_CODES[code]} of \`knock validate\`)`, meaning, "Fix:", fixes, formatMore(PAGE, code)];
}

/**
 * Returns the page of `knock help error <code>`: meaning, causes and fixes. Without a code, returns the list of codes.
 * Throws `usage` for an unknown code.
 */
export function buildErrorPage(name: string | undefined): readonly HelpBlock[] {
  if (name === undefined) return listErrorCodes();
  if (isFindingCode(name) && isExplainedFinding(name)) return buildFindingPage(name);
  const code = CODES.find((known) => known === name);
  if (code === undefined)
    throw new KnockError("usage", `there is no error code "${name}"`, {
      hint: suggestErrorCode(name, [ERROR_TOPIC, name]) ?? "Run `knock help error` to list the error codes.",
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
    formatMore(PAGE, code),
  ];
}
