import { TypeGuards } from "liquidjs";
import { printOutput } from "../filters/liquid-filters.js";
import { quoteText } from "./code-writer.js";
import { generatePath } from "./generate-paths.js";
import { type Generation, UnsupportedTemplateError } from "./generation.js";
import type { ArgumentNode, FilterNode, TokenNode, ValueNode } from "./parse-tree.js";

// The guards of liquidjs narrow to its own classes, which hide properties of a token.
const isPropertyAccess: (token: TokenNode) => boolean = TypeGuards.isPropertyAccessToken;
const isLiteral: (token: TokenNode) => boolean = TypeGuards.isLiteralToken;

/** Writes code for an operand. Returns the expression of its value, which has no side effects. */
export function generateOperand(token: TokenNode, generation: Generation): string {
  const { writer } = generation;
  if ("content" in token) return writer.quoteValue(token.content);
  if (isPropertyAccess(token)) return generatePath(token, generation, generateOperand);
  const { lhs, rhs } = token;
  if (lhs !== undefined && rhs !== undefined) {
    const [low, high] = [generateOperand(lhs, generation), generateOperand(rhs, generation)];
    return writer.assign(`createRange(${low}, ${high}, frame)`);
  }
  throw new UnsupportedTemplateError(`the expression ${token.getText()}`);
}

const COMPARISONS = new Map([
  ["<", "isLess"],
  [">", "isGreater"],
  ["<=", "isAtMost"],
  [">=", "isAtLeast"],
]);

/** The functions that compare with a keyword. */
const KEYWORD_TESTS = new Map([
  ["nil", "isNil"],
  ["null", "isNil"],
  ["blank", "isBlank"],
  ["empty", "isEmpty"],
]);

/** An operand with its token. The token is null for the result of an operator. */
interface Operand {
  code: string;
  token: TokenNode | null;
}

const getKeywordTest = ({ token }: Operand): string | undefined =>
  token !== null && isLiteral(token) ? KEYWORD_TESTS.get(token.literal ?? "") : undefined;

function generateEquals(left: Operand, right: Operand): string {
  const [leftTest, rightTest] = [getKeywordTest(left), getKeywordTest(right)];
  if (leftTest !== undefined && rightTest !== undefined) return `operate("==", ${left.code}, ${right.code})`;
  if (rightTest !== undefined) return `${rightTest}(${left.code}, ${right.code})`;
  return `equals(${left.code}, ${right.code})`;
}

function generateOperation(operator: string, left: Operand, right: Operand): string {
  switch (operator) {
    case "==":
      return generateEquals(left, right);
    case "!=":
    case "<>":
      return `!${generateEquals(left, right)}`;
    case "and":
      return `isTrue(${left.code}) && isTrue(${right.code})`;
    case "or":
      return `isTrue(${left.code}) || isTrue(${right.code})`;
    case "contains":
      return `operate("contains", ${left.code}, ${right.code})`;
    default: {
      const comparison = COMPARISONS.get(operator);
      if (comparison === undefined) throw new UnsupportedTemplateError(`the operator ${operator}`);
      return `${comparison}(${left.code}, ${right.code})`;
    }
  }
}

/** Writes code for an expression without filters. All operands are evaluated in order, as in liquidjs. */
function generateExpression(postfix: readonly TokenNode[], generation: Generation): string {
  const operands: Operand[] = [];
  for (const token of postfix) {
    if (token.operator === undefined) {
      operands.push({ code: generateOperand(token, generation), token });
      continue;
    }
    const [left, right] = operands.splice(-2);
    if (left === undefined || right === undefined) throw new UnsupportedTemplateError("an incomplete expression");
    const code = generation.writer.assign(generateOperation(token.operator, left, right));
    operands.push({ code, token: null });
  }
  const [result] = operands;
  if (result === undefined) throw new UnsupportedTemplateError("an empty expression");
  return result.code;
}

function generateArgument(argument: ArgumentNode, generation: Generation): string {
  if (!Array.isArray(argument)) return generateOperand(argument, generation);
  const [name, token] = argument;
  return `[${quoteText(name)}, ${token === undefined ? "undefined" : generateOperand(token, generation)}]`;
}

/** Filters that evaluate an expression in the scope of the template, where generated code keeps no variables of loops. */
const isExpressionFilter = ({ name }: FilterNode): boolean => name.endsWith("_exp");

function generateFilter(filter: FilterNode, value: string, generation: Generation): string {
  const { writer } = generation;
  if (filter.raw || isExpressionFilter(filter)) throw new UnsupportedTemplateError(`the filter ${filter.name}`);
  const values = filter.args.map((argument) => generateArgument(argument, generation));
  if (filter.name === "default" && values.length <= 1 && !Array.isArray(filter.args[0]))
    return writer.assign(`needsDefault(${value}) ? ${values[0] ?? '""'} : ${value}`);
  generation.addFilterWork();
  const args = ["frame", writer.addConstant(filter), value, ...values];
  return writer.assign(`callFilter(${args.join(", ")})`);
}

/** Writes code for an expression with filters. Returns the expression of its value. */
export function generateValue({ initial, filters }: ValueNode, generation: Generation): string {
  let value = generateExpression(initial.postfix, generation);
  for (const filter of filters) value = generateFilter(filter, value, generation);
  return value;
}

/** Writes code for the value of an output. liquidjs appends the conversion to text as a filter, which outputs do anyway. */
export function generateOutputValue({ initial, filters }: ValueNode, generation: Generation): string {
  if (filters.at(-1)?.handler !== printOutput) throw new UnsupportedTemplateError("an output without conversion");
  return generateValue({ initial, filters: filters.slice(0, -1) }, generation);
}
