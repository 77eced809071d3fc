import { type Context, isTruthy, type Template, TypeGuards, toValue, Value } from "liquidjs";
import { getChildren, isTag, type TokenNode, type ValueNode } from "./compile/parse-tree.js";
import { StandardCaseTag } from "./tags/case-tag.js";

/** A part of a template's text. `end` is the offset after it. */
interface TextPart {
  text: string;
  begin: number;
  end: number;
}

/** A comparison by size, such as `total_activities > 3`. */
interface SizeComparison extends TextPart {
  left: TextPart;
  right: TextPart;
  /** Those of its operands that are integers. */
  numbers: TextPart[];
}

/** A condition of an `if`, `unless`, `elsif` or `when` tag. */
export interface TemplateCondition extends TextPart {
  /** The condition as reports show it. A `when` is shown with the value of its `case`. */
  label: string;
  isWhen: boolean;
  /** Whether the text after it is printed if it is false, because it belongs to an `unless` tag. */
  isNegated: boolean;
  /** The operators by which it compares sizes. */
  comparisons: SizeComparison[];
  /** The operators `and` and `or`. */
  connectives: TextPart[];
}

interface ObservableCondition {
  condition: TemplateCondition;
  observe(onResult: (result: boolean) => void): void;
}

const ORDERINGS = new Set([">", "<", ">=", "<="]);

const toPart = (token: TokenNode): TextPart => ({ text: token.getText(), begin: token.begin, end: token.end });

function spanTokens(tokens: readonly Pick<TokenNode, "input" | "begin" | "end">[]): TextPart {
  const begin = Math.min(...tokens.map((token) => token.begin));
  const end = Math.max(...tokens.map((token) => token.end));
  return { text: tokens[0]?.input.slice(begin, end) ?? "", begin, end };
}

function describeValue({ initial: { postfix }, filters }: ValueNode, isNegated: boolean): TemplateCondition | null {
  const tokens = [...postfix, ...filters.map(({ token }) => token)];
  if (tokens.length === 0) return null;
  const part = spanTokens(tokens);
  const comparisons: SizeComparison[] = [];
  const connectives: TextPart[] = [];
  for (const [index, token] of postfix.entries()) {
    if (!TypeGuards.isOperatorToken(token)) continue;
    if (token.operator === "and" || token.operator === "or") connectives.push(toPart(token));
    if (!ORDERINGS.has(token.operator)) continue;
    const [left, right] = postfix.slice(Math.max(0, index - 2), index);
    if (left === undefined || right === undefined) continue;
    const numbers = [left, right].filter(
      (operand) => TypeGuards.isNumberToken(operand) && /^-?\d+$/.test(operand.getText()),
    );
    comparisons.push({ ...toPart(token), left: toPart(left), right: toPart(right), numbers: numbers.map(toPart) });
  }
  return { ...part, label: part.text, isWhen: false, isNegated, comparisons, connectives };
}

/** Calls `onResult` whenever liquidjs evaluates a condition. */
function observeValue(value: Value, onResult: (result: boolean) => void): void {
  const evaluate = value.value.bind(value);
  value.value = function* (context: Context, lenient?: boolean) {
    const found: unknown = yield evaluate(context, lenient);
    onResult(isTruthy(toValue(found), context));
    return found;
  };
}

function* walkCase(tag: StandardCaseTag): Generator<ObservableCondition> {
  const listeners = new Map<number, (result: boolean) => void>();
  const target = tag.token.args.trim();
  for (const [index, { values }] of tag.branches.entries()) {
    const tokens = (values ?? []).filter((token) => token !== undefined);
    if (tokens.length === 0) continue;
    const part = spanTokens(tokens);
    yield {
      condition: {
        ...part,
        label: `${target} when ${part.text}`,
        isWhen: true,
        isNegated: false,
        comparisons: [],
        connectives: [],
      },
      observe(onResult) {
        listeners.set(index, onResult);
        tag.onWhen = (branch, isMatched) => listeners.get(branch)?.(isMatched);
      },
    };
  }
}

function* walkConditions(templates: readonly Template[]): Generator<ObservableCondition> {
  for (const template of templates) {
    if (template instanceof StandardCaseTag) yield* walkCase(template);
    else if (isTag(template) && (template.name === "if" || template.name === "unless"))
      for (const [index, { value }] of template.branches.entries()) {
        if (!(value instanceof Value)) continue;
        const condition = describeValue(value, template.name === "unless" && index === 0);
        if (condition !== null) yield { condition, observe: (onResult) => observeValue(value, onResult) };
      }
    yield* walkConditions(getChildren(template));
  }
}

/** Returns the conditions of a parsed template, also those inside others. */
export function listTemplateConditions(templates: readonly Template[]): TemplateCondition[] {
  return [...walkConditions(templates)].map(({ condition }) => condition);
}

/** A result of a template's condition, which `index` numbers as {@link listTemplateConditions} does. */
export interface ConditionResult {
  index: number;
  label: string;
  result: boolean;
}

/**
 * Returns a function that renders, and passes the results of the template's conditions to `onResults`. A rendering that throws has
 * no results: it is repeated once the data that it needs is read. liquidjs must render the templates, which no other text may use.
 */
export function observeConditions<Scope>(
  templates: readonly Template[],
  render: (scope: Scope) => string,
  onResults: (results: readonly ConditionResult[]) => void,
): (scope: Scope) => string {
  let results: ConditionResult[] = [];
  for (const [index, { condition, observe }] of [...walkConditions(templates)].entries())
    observe((result) => void results.push({ index, label: condition.label, result }));
  return (scope) => {
    results = [];
    const text = render(scope);
    onResults(results);
    return text;
  };
}
