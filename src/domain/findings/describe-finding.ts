import type { ErrorDetail } from "../../errors/knock-error.js";
import { parsePointer } from "../../util/json.js";

/**
 * The start of the sentence about an undeclared key. The sentence names the key, so its location is that of the object.
 */
const UNKNOWN_KEY = "unknown key ";

/**
 * Returns a JSON pointer in the form that errors show, such as `recipients[0].id` or `scenarios["a b"].steps`. The API's
 * errors have names without quotes.
 */
export function formatPointer(pointer: string, root = "the document", quotesNames = true): string {
  if (pointer === "") return root;
  return parsePointer(pointer)
    .map((part, index) => {
      if (/^\d+$/.test(part)) return `[${part}]`;
      if (quotesNames && !PLAIN_NAME.test(part)) return `[${JSON.stringify(part)}]`;
      return index === 0 ? part : `.${part}`;
    })
    .join("");
}

/** Matches a name that needs no quotes in a path, such as `id` or the query parameter `inserted_at.gt`. */
const PLAIN_NAME = /^[\w$@.-]+$/;

/** Returns whether a finding is about an unknown key. */
export const isAboutUnknownKey = ({ message }: Pick<ErrorDetail, "message">): boolean =>
  message.startsWith(UNKNOWN_KEY);

/** Returns the sentence about an unknown key, with the nearest declared key. */
export function describeUnknownKey(key: string, near: string | undefined): string {
  return `${UNKNOWN_KEY}${JSON.stringify(key)}${near === undefined ? "" : `; did you mean "${near}"?`}`;
}

/**
 * Returns a finding with its location, such as `recipients[0].id must not be empty` or `settings: unknown key "targt";
 * did you mean "target"?`.
 */
export function describeFinding(
  { pointer, message }: Pick<ErrorDetail, "pointer" | "message">,
  root = "the document",
): string {
  if (!isAboutUnknownKey({ message })) return `${formatPointer(pointer, root)} ${message}`;
  const parentPointer = pointer.slice(0, Math.max(0, pointer.lastIndexOf("/")));
  return parentPointer === "" ? message : `${formatPointer(parentPointer)}: ${message}`;
}
