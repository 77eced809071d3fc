import type { ErrorDetail } from "../../errors/knock-error.js";

/** Begins the sentence about a key that a document's schema does not declare. It names the key, so it needs only the place of its object. */
const UNKNOWN_KEY = "unknown key ";

/** Returns the place that a JSON pointer names, as errors write it: `recipients[0].id`. */
export function formatPointer(pointer: string, root = "the document"): string {
  if (pointer === "") return root;
  return pointer
    .slice(1)
    .split("/")
    .map((part) => part.replaceAll("~1", "/").replaceAll("~0", "~"))
    .map((part, index) => (/^\d+$/.test(part) ? `[${part}]` : index === 0 ? part : `.${part}`))
    .join("");
}

/** Returns the sentence about an unknown key, with the nearest known one. */
export function describeUnknownKey(key: string, near: string | undefined): string {
  return `${UNKNOWN_KEY}${JSON.stringify(key)}${near === undefined ? "" : `; did you mean "${near}"?`}`;
}

/** Returns a fault with its place: `recipients[0].id must not be empty`, `settings: unknown key "targt"; did you mean "target"?`. */
export function describeFinding(
  { pointer, message }: Pick<ErrorDetail, "pointer" | "message">,
  root = "the document",
): string {
  if (!message.startsWith(UNKNOWN_KEY)) return `${formatPointer(pointer, root)} ${message}`;
  const parentPointer = pointer.slice(0, Math.max(0, pointer.lastIndexOf("/")));
  return parentPointer === "" ? message : `${formatPointer(parentPointer)}: ${message}`;
}
