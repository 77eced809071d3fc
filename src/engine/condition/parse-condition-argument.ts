import type { Condition } from "../../domain/condition/condition.js";

/** A condition's argument, by how its value is computed (section 6.1 of the workflow format). */
export type ConditionArgument =
  | { kind: "literal"; value: unknown }
  /** `<prefix>.<path>`. `text` is its value if the scope has no such prefix (EQ-70). */
  | { kind: "path"; path: readonly string[]; text: string }
  /** Rendered before the comparison. `json`: the operator needs a list, so the rendered text is decoded. */
  | { kind: "liquid"; template: string | readonly unknown[]; json: boolean };

const PATH_PREFIXES = new Set(["data", "recipient", "actor", "tenant", "vars", "workflow", "run", "refs", "event"]);
const PATH = /^([a-z]+)(?:\.[^\s.{}]+)+$/;
const LIST_OPERATORS = new Set(["is_timestamp_between", "is_between"]);

/**
 * Decodes an argument in this order: `$message.…` unchanged, a path, Liquid, JSON text, any other text. A value that is
 * not text is used unchanged, except for Liquid in the two bounds of `is_timestamp_between` (E-113).
 */
export function parseConditionArgument({ operator, argument }: Condition): ConditionArgument {
  if (Array.isArray(argument) && operator === "is_timestamp_between" && argument.some(isLiquid)) {
    return { kind: "liquid", template: argument, json: false };
  }
  if (typeof argument !== "string") return { kind: "literal", value: argument };
  if (argument.startsWith("$message.")) return { kind: "literal", value: argument };
  const prefix = PATH.exec(argument)?.[1];
  if (prefix !== undefined && PATH_PREFIXES.has(prefix))
    return { kind: "path", path: argument.split("."), text: argument };
  if (isLiquid(argument)) return { kind: "liquid", template: argument, json: LIST_OPERATORS.has(operator) };
  return { kind: "literal", value: decodeJson(argument) };
}

export function renderConditionArgument(
  { template, json }: Extract<ConditionArgument, { kind: "liquid" }>,
  render: (text: string) => string,
): unknown {
  if (typeof template !== "string") return template.map((item) => (isLiquid(item) ? render(item) : item));
  return json ? decodeJson(render(template)) : render(template);
}

function isLiquid(value: unknown): value is string {
  return typeof value === "string" && value.includes("{{");
}

/** Returns the decoded JSON, or the text itself if it is invalid JSON. */
function decodeJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
