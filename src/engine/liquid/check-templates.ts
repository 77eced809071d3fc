import {
  AssignTag,
  CaptureTag,
  EchoTag,
  type Filter,
  ForTag,
  IfTag,
  InlineCommentTag,
  ParseError,
  type Template,
  Token,
  Tokenizer,
  TypeGuards,
  UnlessTag,
} from "liquidjs";
import { formatCount } from "../../util/format-count.js";
import { getChildren, isOutput, type ValueNode } from "./compile/parse-tree.js";
import { DecimalNumber } from "./filters/decimal-number.js";
import { DocTag, NestedCommentTag } from "./tags/block-tags.js";
import { StandardCaseTag } from "./tags/case-tag.js";
import { type Argument, listArguments } from "./template-parts.js";

/** The smallest and largest number of positional arguments of a filter. */
type Arity = readonly [min: number, max: number];

const NONE: Arity = [0, 0];
const ONE: Arity = [1, 1];
const UP_TO_ONE: Arity = [0, 1];
const UP_TO_TWO: Arity = [0, 2];
const ONE_OR_TWO: Arity = [1, 2];

function assignArity(names: string, arity: Arity): [string, Arity][] {
  return names.split(" ").map((name) => [name, arity]);
}

/**
 * The filters of standard Liquid, then those of the service. Filters that only liquidjs has are not listed, so their
 * arguments are not counted (T-071).
 */
const ARITIES = new Map<string, Arity>([
  ...assignArity(
    "abs base64_decode base64_encode base64_url_safe_decode base64_url_safe_encode capitalize ceil downcase",
    NONE,
  ),
  ...assignArity("escape escape_once first floor last lstrip newline_to_br reverse rstrip size strip strip_html", NONE),
  ...assignArity("strip_newlines upcase url_decode url_encode", NONE),
  ...assignArity("append at_least at_most concat divided_by map minus modulo plus prepend remove remove_first", ONE),
  ...assignArity("remove_last split times", ONE),
  ...assignArity("compact default join round sort sort_natural sum uniq", UP_TO_ONE),
  ...assignArity("truncate truncatewords", UP_TO_TWO),
  ...assignArity("date find find_index has reject replace replace_first slice where", ONE_OR_TWO),
  ["replace_last", [2, 2]],
  ...assignArity("from_json from_markdown json md5 sha256 subscriptions t tenant titlecase user", NONE),
  ...assignArity("compare_versions equals intersect timezone", ONE),
  ...assignArity("format_number hmac_sha256 object", UP_TO_ONE),
  ...assignArity("currency format_date_in_locale rounded_currency", UP_TO_TWO),
  ["format_datetime_in_locale", [0, 3]],
  ["pluralize", [2, 2]],
]);

const formatArguments = (count: number): string => (count === 0 ? "no arguments" : formatCount(count, "argument"));

function formatArity([min, max]: Arity): string {
  if (min === max) return formatArguments(min);
  return min === 0 ? `at most ${formatArguments(max)}` : `${min} or ${formatArguments(max)}`;
}

/** Returns an error text for a wrong number of filter arguments. Null if the number is right or the filter is not listed. */
function describeInvalidArguments(filter: string, count: number): string | null {
  const arity = ARITIES.get(filter);
  if (arity === undefined || (count >= arity[0] && count <= arity[1])) return null;
  if (filter === "t") return 'the filter "t" takes only arguments with a name, such as count: 2';
  return `the filter "${filter}" takes ${formatArity(arity)}, and has ${count === 0 ? "none" : count}`;
}

/** Tags whose body prints nothing if it contains only white space and tags that print nothing. */
const BLOCK_TAGS = [IfTag, UnlessTag, StandardCaseTag, ForTag];
/** Tags that print nothing. */
const SILENT_TAGS = [AssignTag, CaptureTag, NestedCommentTag, DocTag, InlineCommentTag];

const isInstanceOfAny = (
  template: Template,
  classes: readonly (abstract new (...args: never[]) => unknown)[],
): boolean => classes.some((templateClass) => template instanceof templateClass);

/** A text node of liquidjs, which does not export its class. `str` is the text that it prints. */
type TextTemplate = Template & { str: string };

const isText = (template: Template): template is TextTemplate => "str" in template && typeof template.str === "string";

/** Throws if a variable's name starts with `-`, which liquidjs accepts. */
function checkName(name: string): void {
  if (name.startsWith("-")) throw new Error(`"${name}" is not a variable name`);
}

/** Checks the names in a path, truncates the ends of ranges, and makes numbers such as `5.0` print with a fraction (T-067). */
function checkOperand(token: Token): void {
  if (TypeGuards.isPropertyAccessToken(token)) {
    for (const prop of token.props) {
      if (TypeGuards.isWordToken(prop)) checkName(prop.content);
      else if (TypeGuards.isPropertyAccessToken(prop)) checkOperand(prop);
    }
  } else if (TypeGuards.isRangeToken(token)) {
    for (const end of [token.lhs, token.rhs]) if (TypeGuards.isNumberToken(end)) end.content = Math.trunc(end.content);
  } else if (TypeGuards.isNumberToken(token) && token.getText().includes(".") && Number.isInteger(token.content)) {
    Object.assign(token, { content: new DecimalNumber(token.content) });
  }
}

/** Operators that standard Liquid does not have, with the advice to print for each. */
const OPERATOR_ADVICE = new Map([
  ["not", 'Liquid has no "not": use "unless", or compare with false'],
  ["in", 'Liquid has no "in": use "contains", with the list first'],
  ["-", 'use the filter "minus"'],
  ["&&", 'use "and"'],
  ["||", 'use "or"'],
]);

/** Checks that an expression has one more operand than operators, because liquidjs ignores operands without an operator. */
function checkExpression(postfix: readonly Token[]): void {
  const operands = postfix.filter((token) => !TypeGuards.isOperatorToken(token));
  const excess = operands.length - (postfix.length - operands.length) - 1;
  if (excess > 0) {
    const [first, unexpected] = [operands[0]?.getText(), operands.at(-excess)?.getText() ?? ""];
    const advice = OPERATOR_ADVICE.get(first === "not" ? first : unexpected);
    throw new Error(`unexpected "${unexpected}" in the expression${advice === undefined ? "" : `; ${advice}`}`);
  }
  if (excess < 0) throw new Error("an operator in the expression has no value");
  for (const operand of operands) checkOperand(operand);
}

/** Throws if a literal argument of `slice` is not a whole number. */
function checkSliceArgument(argument: Token): void {
  const text = argument.getText();
  const isWholeNumber = TypeGuards.isNumberToken(argument)
    ? !text.includes(".")
    : !TypeGuards.isQuotedToken(argument) || /^\s*[+-]?\d+\s*$/.test(argument.content);
  if (!isWholeNumber) throw new Error(`slice: ${text} is not a whole number`);
}

function checkFilter({ name, args }: Pick<Filter, "name" | "args">): void {
  const values = args.filter((arg): arg is Exclude<typeof arg, [unknown?, unknown?]> => !Array.isArray(arg));
  const problem = describeInvalidArguments(name, values.length);
  if (problem !== null) throw new Error(problem);
  for (const value of values) {
    if (name === "slice") checkSliceArgument(value);
    checkOperand(value);
  }
}

function checkValue(value: Argument): void {
  if ("initial" in value) {
    checkExpression(value.initial.postfix);
    for (const filter of value.filters) checkFilter(filter);
  } else if (value instanceof Token) checkOperand(value);
}

/** Returns the rest of a tag's or output's text that liquidjs did not parse. */
function getUnreadText(template: Template): string {
  if (isOutput(template)) {
    const { input, contentRange } = template.token;
    const { initial, filters }: ValueNode = template.value;
    // liquidjs appends the output filter itself, so that filter has no position in the template.
    const read = [...initial.postfix, ...filters.map(({ token }) => token)].map(({ end }) => end);
    return input.slice(Math.max(...read), contentRange[1]).replace(/^\s*\|\s*$/, "");
  }
  if (!isInstanceOfAny(template, FULLY_READ_TAGS)) return "";
  return "tokenizer" in template && template.tokenizer instanceof Tokenizer ? template.tokenizer.remaining() : "";
}

/** Tags that parse all of their text, so that a rest is a mistake. */
const FULLY_READ_TAGS = [AssignTag, CaptureTag, EchoTag, IfTag, UnlessTag, StandardCaseTag, ForTag];

/** Throws if a part of a tag's or output's text was not parsed. */
function checkUnreadText(template: Template): void {
  const rest = getUnreadText(template).trim();
  if (rest !== "") throw new Error(`unexpected "${rest}"`);
}

function checkTag(template: Template): void {
  checkUnreadText(template);
  for (const value of listArguments(template)) checkValue(value);
  for (const { content } of template.localScope?.() ?? []) {
    checkName(content);
    if (content.endsWith("?")) throw new Error(`"${content}" is not a variable name`);
  }
  for (const name of template.blockScope?.() ?? []) checkName(String(name));
}

/** Checks a template and its children. Returns whether it prints only white space with any data. */
function checkTemplate(template: Template): boolean {
  if (isText(template)) return template.str.trim() === "";
  try {
    checkTag(template);
  } catch (error) {
    throw error instanceof Error ? new ParseError(error, template.token) : error;
  }
  const children = getChildren(template);
  const isBlank = checkTemplates(children);
  if (!isInstanceOfAny(template, BLOCK_TAGS)) return isInstanceOfAny(template, SILENT_TAGS);
  if (isBlank) for (const child of children) if (isText(child)) child.str = "";
  return isBlank;
}

/**
 * Checks for mistakes that standard Liquid rejects and liquidjs accepts: wrong numbers of filter arguments, unparsed text in
 * expressions and invalid names. Empties the text of blocks that print only white space, as standard Liquid does. Returns
 * whether all templates print only white space. Throws a `ParseError` with the token (T-001).
 */
export function checkTemplates(templates: readonly Template[]): boolean {
  let isBlank = true;
  for (const template of templates) isBlank = checkTemplate(template) && isBlank;
  return isBlank;
}
