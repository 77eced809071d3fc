import type { Argument, Option } from "commander";

/** The start of a default in a description. */
const DEFAULT = "(default: ";

/**
 * Returns the description, the choices and the default of an option or argument. Descriptions name defaults that depend on
 * something else, such as `(default: the nearest parent)`.
 */
export function describeParameter({
  description,
  argChoices,
  defaultValue,
}: Pick<Option | Argument, "description" | "argChoices" | "defaultValue">): {
  text: string;
  choices: readonly string[] | null;
  default: string | null;
} {
  const at = description.endsWith(")") ? description.lastIndexOf(DEFAULT) : -1;
  const text = at === -1 ? description : description.slice(0, at).trimEnd();
  const inText = at === -1 ? undefined : description.slice(at + DEFAULT.length, -1);
  const value: unknown = defaultValue;
  return { text, choices: argChoices ?? null, default: inText ?? (typeof value === "string" ? value : null) };
}
