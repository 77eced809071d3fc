import type { Liquid, LiquidError } from "liquidjs";
import { getErrorMessage } from "../../errors/knock-error.js";
import { didYouMean, toHintText } from "../../util/find-nearest.js";
import { isObject } from "../../util/json.js";
import { LIQUID_LIMITS } from "./liquid-limits.js";

/** The error of a template that cannot be rendered with the data of a run (E-192). */
export class RenderError extends Error {
  override readonly name = "RenderError";
}

export class UnknownFilterError extends Error {
  constructor(readonly filter: string) {
    super(`unknown filter: ${filter}`);
  }
}

export interface Position {
  line: number;
  column: number;
}

/** Returns the error that liquidjs reports with a position, or undefined. */
export const getOriginalError = (error: unknown): unknown => (isObject(error) ? error.originalError : undefined);

/** Not by its class, because this module must not load liquidjs. */
const isLiquidError = (error: unknown): error is LiquidError =>
  isObject(error) && isObject(error.token) && typeof error.token.getPosition === "function";

/** Returns the position of a liquidjs error: the name of an unknown filter, else the tag or output. Null without a token. */
export function findErrorPosition(error: unknown): Position | null {
  if (!isLiquidError(error)) return null;
  const { token, originalError } = error;
  const [line = 1, column = 1] = token.getPosition();
  if (!(originalError instanceof UnknownFilterError)) return { line, column };
  // The token is the whole tag or output, so the filter's name has to be found in its text.
  const text = token.getText();
  const pipe = new RegExp(`\\|\\s*(?=${originalError.filter.replaceAll(/[^\w]/g, "\\$&")}(?![\\w-]))`).exec(text);
  const before = text.slice(0, pipe === null ? 0 : pipe.index + pipe[0].length).split("\n");
  const last = before.at(-1) ?? "";
  return { line: line + before.length - 1, column: before.length === 1 ? column + last.length : last.length + 1 };
}

/** Replacements for errors of liquidjs that do not help the author of a template. */
const MESSAGE_REWRITES: [RegExp, (...found: string[]) => string][] = [
  [/^template render limit exceeded$/, () => `exceeds the time limit of ${LIQUID_LIMITS.renderLimit / 1000} seconds`],
  [/^memory alloc limit exceeded$/, () => "exceeds the memory limit"],
  [/^parse length limit exceeded$/, () => `is longer than the limit of ${LIQUID_LIMITS.parseLimit} characters`],
  [/^illegal file path /, () => "the tag's partial key is empty or not set"],
  [/^tag "(.+)" not found$/, (_all, tag) => `unknown tag: ${tag}`],
  [/^ENOENT: Failed to lookup "(.*?)" in .*$/, (_all, key) => `there is no partial "${key}"`],
];

/**
 * Returns the message of a liquidjs error without the `, file:…, line:…, col:…` that liquidjs appends. The caller adds the
 * location.
 */
export function formatLiquidError(error: unknown): string {
  const [firstLine = ""] = getErrorMessage(error).split("\n");
  const message = firstLine.replace(/(, file:[^,]*)?, line:\d+, col:\d+$/, "");
  for (const [pattern, formatMessage] of MESSAGE_REWRITES) {
    const found = pattern.exec(message);
    if (found) return formatMessage(...found);
  }
  return message;
}

/** Tags that are only valid inside another one, which opens the block. */
const INNER_TAGS: Readonly<Record<string, string>> = {
  else: "if",
  elsif: "if",
  when: "case",
  ...Object.fromEntries(
    ["if", "unless", "case", "for", "tablerow", "capture", "comment", "raw", "ifchanged", "doc"].map((tag) => [
      `end${tag}`,
      tag,
    ]),
  ),
};

/** Returns a hint for an unknown filter or tag: the nearest one, or else a list. Undefined for other errors. */
export function suggestName(error: unknown, liquid: Liquid): string | undefined {
  const originalError = getOriginalError(error);
  if (originalError instanceof UnknownFilterError)
    return toHintText(didYouMean(originalError.filter, Object.keys(liquid.filters), "Filters"));
  const [, tag] = /^tag "(.+)" not found/.exec(getErrorMessage(error)) ?? [];
  if (tag === undefined) return undefined;
  const opening = INNER_TAGS[tag];
  if (opening !== undefined) return `Remove {% ${tag} %}, or add {% ${opening} %} before it.`;
  return toHintText(didYouMean(tag, [...Object.keys(liquid.tags), ...Object.keys(INNER_TAGS)], "Tags"));
}
