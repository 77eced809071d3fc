import type { Condition } from "../../domain/condition/condition.js";

/** An argument as its text says it is to be had (section 6.1 of the workflow format). */
export type ConditionArgument =
  | { kind: "literal"; value: unknown }
  /** `<prefix>.<path>`; `text` is what it means where the scope has no such prefix (EQ-70). */
  | { kind: "path"; path: readonly string[]; text: string }
  /** Rendered first. `json`: the operator wants a list, so the rendered text is decoded. */
  | { kind: "liquid"; template: string | readonly unknown[]; json: boolean };

const PATH_PREFIXES = new Set(["data", "recipient", "actor", "tenant", "vars", "workflow", "run", "refs", "event"]);
const PATH = /^([a-z]+)(?:\.[^\s.{}]+)+$/;
const LIST_OPERATORS = new Set(["is_timestamp_between", "is_between"]);

/**
 * Decoding order: `$message.…` as it stands, a path, Liquid, JSON text, any other text. What is not text is used as it
 * is, but for Liquid inside the two bounds of `is_timestamp_between` (E-113).
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

/** What the JSON text says, or the text itself where it is no JSON. */
function decodeJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}
