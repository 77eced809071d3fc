import {
  AssignTag,
  CaptureTag,
  type Filter,
  ForTag,
  IfTag,
  InlineCommentTag,
  ParseError,
  Tag,
  type Template,
  Token,
  TypeGuards,
  toValueSync,
  UnlessTag,
} from "liquidjs";
import { argumentFault } from "./filter-arguments.js";
import { DecimalNumber } from "./filters/decimal-number.js";
import { StandardCaseTag } from "./tags/case-tag.js";
import { DocTag, NestedCommentTag } from "./tags/doc-tag.js";

/** What a template or a tag hands over of its expressions; tags hand over single tokens too. */
interface FilteredValue {
  initial: { postfix: readonly Token[] };
  filters: readonly (Filter | Token)[];
}

/** Tags whose body prints nothing if there is nothing in it but white space and tags that print nothing. */
const BLOCKS = [IfTag, UnlessTag, StandardCaseTag, ForTag];
/** Tags that print nothing. */
const SILENT = [AssignTag, CaptureTag, NestedCommentTag, DocTag, InlineCommentTag];

const isOneOf = (template: Template, classes: readonly (abstract new (...args: never[]) => unknown)[]): boolean =>
  classes.some((one) => template instanceof one);

/** Of liquidjs' text nodes only what they write is needed. */
type Text = Template & { str: string };

const isText = (template: Template): template is Text => typeof (template as Partial<Text>).str === "string";

function childrenOf(template: Template): readonly Template[] {
  return template.children ? (toValueSync(template.children(false, true)) as Template[]) : [];
}

/** Whether a template prints nothing but white space, whatever the data. */
function isBlank(template: Template): boolean {
  if (isText(template)) return template.str.trim() === "";
  if (isOneOf(template, SILENT)) return true;
  return isOneOf(template, BLOCKS) && childrenOf(template).every(isBlank);
}

/** Checks the name of a variable. */
function checkName(name: string): void {
  if (name.startsWith("-")) throw new Error(`"${name}" is not a variable name`);
}

/** Checks a path, and makes numbers written with a fraction print with it. */
function checkOperand(token: Token): void {
  if (TypeGuards.isPropertyAccessToken(token)) {
    for (const prop of token.props) {
      if (TypeGuards.isWordToken(prop)) checkName(prop.content);
      else if (TypeGuards.isPropertyAccessToken(prop)) checkOperand(prop);
    }
  } else if (TypeGuards.isRangeToken(token)) {
    for (const end of [token.lhs, token.rhs]) if (TypeGuards.isNumberToken(end)) end.content = Math.trunc(end.content);
  } else if (TypeGuards.isNumberToken(token) && token.getText().includes(".") && Number.isInteger(token.content)) {
    (token as { content: unknown }).content = new DecimalNumber(token.content);
  }
}

/** Checks that an expression has one operand more than operators: liquidjs passes over what follows the first operand. */
function checkExpression(postfix: readonly Token[]): void {
  const operands = postfix.filter((token) => !TypeGuards.isOperatorToken(token));
  const excess = operands.length - (postfix.length - operands.length) - 1;
  if (excess > 0) throw new Error(`unexpected "${operands.at(-excess)?.getText()}" in the expression`);
  if (excess < 0) throw new Error("the expression lacks a value beside an operator");
  for (const operand of operands) checkOperand(operand);
}

/** Slices are counted in whole characters and items. */
function checkSliceArgument(argument: Token): void {
  const text = argument.getText();
  const isWhole = TypeGuards.isNumberToken(argument)
    ? !text.includes(".")
    : !TypeGuards.isQuotedToken(argument) || /^\s*[+-]?\d+\s*$/.test(argument.content);
  if (!isWhole) throw new Error(`slice: ${text} is not a whole number`);
}

function checkFilter(filter: Filter | Token): void {
  const { name, args = [] } = filter as Filter;
  const values = args.filter((arg): arg is Exclude<typeof arg, [unknown, unknown]> => !Array.isArray(arg));
  const fault = argumentFault(name, values.length);
  if (fault !== null) throw new Error(fault);
  for (const value of values) {
    if (name === "slice") checkSliceArgument(value as unknown as Token);
    checkOperand(value as unknown as Token);
  }
}

function checkValue(value: unknown): void {
  if (value === undefined) return; // a parameter without a value, such as `reversed`
  const { initial, filters } = value as FilteredValue;
  if (initial !== undefined) {
    checkExpression(initial.postfix);
    for (const filter of filters) checkFilter(filter);
  } else if (value instanceof Token) checkOperand(value);
}

/** Checks that nothing of a tag's text is left over. */
function checkRest(template: Template): void {
  if (
    !(template instanceof Tag) ||
    !isOneOf(template, [AssignTag, CaptureTag, IfTag, UnlessTag, StandardCaseTag, ForTag])
  )
    return;
  const { tokenizer } = template as unknown as {
    tokenizer: { skipBlank(): void; end(): boolean; remaining(): string };
  };
  tokenizer.skipBlank();
  if (!tokenizer.end()) throw new Error(`unexpected "${tokenizer.remaining().trim()}"`);
}

function checkOne(template: Template): void {
  checkRest(template);
  for (const value of template.arguments?.() ?? []) checkValue(value);
  for (const { content } of template.localScope?.() ?? []) {
    checkName(content);
    if (content.endsWith("?")) throw new Error(`"${content}" is not a variable name`);
  }
  for (const name of template.blockScope?.() ?? []) checkName(String(name));
}

/**
 * Checks what liquidjs accepts and standard Liquid refuses: wrong numbers of filter arguments, text left over in expressions,
 * names that are none. Empties the text of blocks that print nothing but white space. Throws a ParseError with the place.
 */
export function checkTemplates(templates: readonly Template[]): void {
  for (const template of templates) {
    if (isText(template)) continue;
    try {
      checkOne(template);
    } catch (error) {
      throw new ParseError(error as Error, template.token);
    }
    const children = childrenOf(template);
    checkTemplates(children);
    if (isOneOf(template, BLOCKS) && children.every(isBlank))
      for (const child of children) if (isText(child)) child.str = "";
  }
}
