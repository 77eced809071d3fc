import type { Workflow } from "../domain/workflow/workflow.js";
import { getValueAtPath } from "../util/json.js";
import type { StepCondition } from "./step-condition.js";

/** A value that no `when` of a template names. */
const UNMATCHED = '"knock: matches nothing"';

const NEAREST_ORDERING: Readonly<Record<string, string>> = { ">": ">=", ">=": ">", "<": "<=", "<=": "<" };
const REVERSED_ORDERING: Readonly<Record<string, string>> = { ">": "<", ">=": "<=", "<": ">", "<=": ">=" };

/** A change of a part of a template, with what is changed and the expectation that notices it. */
interface Edit {
  begin: number;
  end: number;
  replacement: string;
  text: string;
  advice: string;
}

/** Returns the integer next to a boundary for which a comparison changes if the boundary moves by one, and the unchanged result. */
function findDecisiveValue(ordering: string, boundary: number, move: number): { value: number; result: boolean } {
  const isIncreasing = ordering.startsWith(">");
  // `> 3` and `<= 3` are decided between 3 and 4, `>= 3` and `< 3` between 2 and 3.
  const lastBelow = ordering === ">" || ordering === "<=" ? boundary : boundary - 1;
  const value = move < 0 ? lastBelow : lastBelow + 1;
  return { value, result: value > lastBelow === isIncreasing };
}

/** Returns how a scenario notices that a condition has another result than it should have in a case. */
const adviseOnCase = ({ isNegated }: StepCondition, result: boolean, conditions: string): string =>
  `expect \`${result === isNegated ? "excludes" : "contains"}: …\` when ${conditions}`;

/** Returns the changes of a condition: its two results, the numbers and operators at its boundaries, and `and` for `or`. */
function listEdits(condition: StepCondition): Edit[] {
  const { begin, end, label, text, isWhen, comparisons, connectives } = condition;
  const replaceAll = (replacement: string, change: string, advice: string): Edit => ({
    begin,
    end,
    replacement,
    text: `${label} ${change}`,
    advice,
  });
  if (isWhen)
    return [replaceAll(UNMATCHED, "never matches", adviseOnCase(condition, true, label.replace(" when ", " is ")))];
  const replacePart = (part: { begin: number; end: number }, replacement: string, advice: string): Edit => {
    const changed = text.slice(0, part.begin - begin) + replacement + text.slice(part.end - begin);
    return { begin: part.begin, end: part.end, replacement, text: `${label} becomes ${changed}`, advice };
  };
  const boundaries = comparisons.flatMap((comparison) => {
    const { text: ordering, left, right, numbers } = comparison;
    if (numbers.length === 0) {
      const advice = adviseOnCase(condition, ordering.endsWith("="), `${left.text} equals ${right.text}`);
      return [replacePart(comparison, NEAREST_ORDERING[ordering] ?? ordering, advice)];
    }
    return numbers.flatMap((number) => {
      const [other, direction] =
        number.begin === right.begin ? [left, ordering] : [right, REVERSED_ORDERING[ordering] ?? ordering];
      return [-1, 1].map((move) => {
        const { value, result } = findDecisiveValue(direction, Number(number.text), move);
        const advice = adviseOnCase(condition, result, `${other.text} is ${value}`);
        return replacePart(number, String(Number(number.text) + move), advice);
      });
    });
  });
  return [
    replaceAll("true", "is always true", adviseOnCase(condition, false, `${label} is false`)),
    replaceAll("false", "is always false", adviseOnCase(condition, true, `${label} is true`)),
    ...boundaries,
    ...connectives.map((part) =>
      replacePart(
        part,
        part.text === "and" ? "or" : "and",
        adviseOnCase(condition, part.text === "or", `one side of \`${part.text}\` is true and the other is false`),
      ),
    ),
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
): { value: Workflow; condition: StepCondition; text: string; advice: string }[] {
  return conditions.flatMap((condition) => {
    const source = String(getValueAtPath(workflow as unknown, condition.path));
    return listEdits(condition).map(({ begin, end, replacement, ...described }) => {
      const changed = source.slice(0, begin) + replacement + source.slice(end);
      return { value: replaceText(workflow, condition.path, changed) as Workflow, condition, ...described };
    });
  });
}
