import type { Workflow } from "../../domain/workflow/workflow.js";
import type { StepCondition } from "../../scenarios/step-condition.js";
import { getValueAtPath } from "../../util/json.js";

/** A value that no `when` of a template names. */
const UNMATCHED = '"knock: matches nothing"';

const NEAREST_ORDERING: Readonly<Record<string, string>> = { ">": ">=", ">=": ">", "<": "<=", "<=": "<" };

/** A change of a part of a template, with what is changed. */
interface Edit {
  begin: number;
  end: number;
  replacement: string;
  text: string;
}

/** Returns the changes of a condition: its two results, the numbers and operators at its boundaries, and `and` for `or`. */
function listEdits(condition: StepCondition): Edit[] {
  const { begin, end, label, text, isWhen, comparisons, connectives } = condition;
  const replaceAll = (replacement: string, change: string): Edit => ({
    begin,
    end,
    replacement,
    text: `${label} ${change}`,
  });
  if (isWhen) return [replaceAll(UNMATCHED, "never matches")];
  const replacePart = (part: { begin: number; end: number }, replacement: string): Edit => {
    const changed = text.slice(0, part.begin - begin) + replacement + text.slice(part.end - begin);
    return { begin: part.begin, end: part.end, replacement, text: `${label} becomes ${changed}` };
  };
  const boundaries = comparisons.flatMap((comparison) =>
    comparison.numbers.length === 0
      ? [replacePart(comparison, NEAREST_ORDERING[comparison.text] ?? comparison.text)]
      : comparison.numbers.flatMap((number) =>
          [-1, 1].map((step) => replacePart(number, String(Number(number.text) + step))),
        ),
  );
  return [
    replaceAll("true", "is always true"),
    replaceAll("false", "is always false"),
    ...boundaries,
    ...connectives.map((part) => replacePart(part, part.text === "and" ? "or" : "and")),
  ];
}

/** Returns a copy of a document with another text at a path. */
function replaceText(value: unknown, [key, ...rest]: readonly string[], text: string): unknown {
  if (key === undefined) return text;
  if (Array.isArray(value)) return value.map((item, at) => (String(at) === key ? replaceText(item, rest, text) : item));
  return { ...(value as object), [key]: replaceText((value as Record<string, unknown>)[key], rest, text) };
}

/** Returns a workflow once for each change of a condition in its templates, with the condition and the change. */
export function mutateTemplates(
  workflow: Workflow,
  conditions: readonly StepCondition[],
): { value: Workflow; condition: StepCondition; text: string }[] {
  return conditions.flatMap((condition) => {
    const source = String(getValueAtPath(workflow as unknown, condition.path));
    return listEdits(condition).map(({ begin, end, replacement, text }) => {
      const changed = source.slice(0, begin) + replacement + source.slice(end);
      return { value: replaceText(workflow, condition.path, changed) as Workflow, condition, text };
    });
  });
}
