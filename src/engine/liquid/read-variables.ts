import type { Template } from "liquidjs";
import { drainGenerator, listArguments, TokenPositions } from "./template-parts.js";

/** Stands for any item of a list in the path of a loop's variable. */
export const ITEM = -1;

/** A key, an index, or {@link ITEM}. */
export type PathKey = string | number;

type Literal = string | number | boolean;

/** A variable that a template reads. */
export interface VariableRead {
  /** The path as written, up to the first computed key. */
  writtenPath: string[];
  /** The same path from the scope's root. A loop's variable is replaced by its list and {@link ITEM}. */
  path: PathKey[];
  /** Whether the template handles a missing value, with a condition or with `default`. */
  isGuarded: boolean;
  /** Whether an output prints the value as it is. */
  isPrinted?: true;
  /** The text, number or boolean in the template with which the variable is compared. */
  comparedWith?: Literal;
  line: number;
  column: number;
}

/** Variables that a text reads, and the names that it sets itself. */
interface TextVariables {
  reads: VariableRead[];
  /** Names that `assign`, `capture` and loops set. */
  assignedNames: Set<string>;
}

/** The path that a name refers to. Null for a value that only rendering computes. */
type Binding = PathKey[] | null;

type FilterArgument = TokenLike | [name?: string, value?: TokenLike];

/**
 * The properties of liquidjs tokens and expressions that are read here. No classes, because this module must not load
 * liquidjs again.
 */
interface TokenLike {
  content?: unknown;
  operator?: unknown;
  variable?: unknown;
  props?: TokenLike[];
  lhs?: TokenLike;
  rhs?: TokenLike;
  initial?: { postfix: TokenLike[] };
  filters?: { name: string; args: FilterArgument[] }[];
  input?: string;
  begin?: number;
}

type TagLike = Template & { token: { name?: string }; variable?: unknown; collection?: TokenLike; value?: TokenLike };

const CONDITION_TAGS = new Set(["if", "unless", "case", "elsif", "when"]);
const COMPARISONS: readonly unknown[] = ["==", "!=", "<>", "<", ">", "<=", ">="];
const LOOP_TAGS = new Set(["for", "tablerow"]);

class VariableReader implements TextVariables {
  readonly reads: VariableRead[] = [];
  readonly assignedNames = new Set<string>();
  private readonly positions = new TokenPositions();
  private readonly locals = new Map<string, Binding>();
  private readonly blocks: Map<string, Binding>[] = [];

  visit(templates: readonly Template[]): void {
    for (const template of templates) this.visitTag(template);
  }

  private visitTag(tag: TagLike): void {
    const name = tag.token.name ?? "";
    const args: TokenLike[] = listArguments(tag);
    for (const [index, argument] of args.entries()) {
      const compared =
        name === "case" && index === 0 ? args.map(getLiteral).find((value) => value !== undefined) : undefined;
      const first = this.reads.length;
      this.readArgument(argument, CONDITION_TAGS.has(name), compared);
      if (tag.token.name === undefined) this.markPrinted(argument, first);
    }
    for (const { content } of tag.localScope?.() ?? [])
      this.bind(content, name === "assign" ? this.resolveExpression(tag.value) : null);
    const children = drainGenerator(tag.children?.(false, true));
    if (!tag.blockScope) return this.visit(children);
    const block = new Map<string, Binding>();
    for (const local of tag.blockScope()) {
      this.assignedNames.add(local);
      const list = LOOP_TAGS.has(name) && local === tag.variable ? this.resolveExpression(tag.collection) : null;
      block.set(local, list && [...list, ITEM]);
    }
    this.blocks.push(block);
    this.visit(children);
    this.blocks.pop();
  }

  /** Binds a name to a path. A name that is set more than once refers to no path. */
  private bind(name: string, path: Binding): void {
    this.assignedNames.add(name);
    this.locals.set(name, this.locals.has(name) ? null : path);
  }

  private readArgument(argument: TokenLike, isCondition: boolean, comparedWith?: Literal): void {
    const filters = argument.filters ?? [];
    const isGuarded = isCondition || filters.some(({ name }) => name === "default");
    const tokens = argument.initial ? argument.initial.postfix : [argument];
    for (const [index, token] of tokens.entries())
      this.readToken(
        token,
        isGuarded,
        findComparedValue(tokens, index) ?? (filters.length > 0 ? undefined : comparedWith),
      );
    for (const { args } of filters)
      for (const filterArgument of args) this.readToken(getArgumentToken(filterArgument), false);
  }

  /** Marks the variable of an output that has neither filters nor a computed key. `first` is the index of its read. */
  private markPrinted({ filters = [], initial }: TokenLike, first: number): void {
    const [token, ...others] = initial?.postfix ?? [];
    const read = this.reads[first];
    // liquidjs appends the function that prints an output, whose name is "[object Function]".
    if (filters.some(({ name }) => !name.startsWith("["))) return;
    if (token === undefined || others.length > 0 || this.reads.length !== first + 1) return;
    if (read !== undefined && getStaticKeys(token).length === token.props?.length) read.isPrinted = true;
  }

  private readToken(token: TokenLike | undefined, isGuarded: boolean, comparedWith?: Literal): void {
    if (token === undefined) return;
    if (token.initial) return this.readArgument(token, isGuarded);
    if (token.lhs || token.rhs) {
      this.readToken(token.lhs, isGuarded);
      this.readToken(token.rhs, isGuarded);
    }
    if (token.props === undefined) return;
    for (const prop of token.props) if (prop.props) this.readToken(prop, isGuarded);
    const keys = getStaticKeys(token);
    const path = this.resolve(keys);
    if (path === null) return;
    const { input = "", begin = 0 } = token;
    const read = { writtenPath: keys.map(String), path, isGuarded, ...this.positions.find({ input, begin }) };
    // A computed key leads to a value that is not known here.
    const isComparison = comparedWith !== undefined && keys.length === token.props.length;
    this.reads.push(isComparison ? { ...read, comparedWith } : read);
  }

  /** Returns the path that an expression refers to. Null if filters or operators compute a value. */
  private resolveExpression(expression: TokenLike | undefined): Binding {
    if (expression === undefined || (expression.filters ?? []).length > 0) return null;
    const [token, ...others] = expression.initial ? expression.initial.postfix : [expression];
    if (token?.props === undefined || others.length > 0) return null;
    const keys = getStaticKeys(token);
    return keys.length < token.props.length ? null : this.resolve(keys);
  }

  /** Returns the path from the scope's root. Null for a literal, and for a name whose value rendering computes. */
  private resolve([root, ...rest]: PathKey[]): Binding {
    if (typeof root !== "string") return null;
    const block = this.blocks.findLast((names) => names.has(root)) ?? this.locals;
    if (!block.has(root)) return [root, ...rest];
    const bound = block.get(root);
    return bound ? [...bound, ...rest] : null;
  }
}

/** Returns the literal that a comparison compares with the operand at an index. Both are before the operator. */
function findComparedValue(tokens: readonly TokenLike[], index: number): Literal | undefined {
  const isFirst = COMPARISONS.includes(tokens[index + 2]?.operator);
  const isSecond = COMPARISONS.includes(tokens[index + 1]?.operator);
  const other = isFirst ? tokens[index + 1] : isSecond ? tokens[index - 1] : undefined;
  return other && getLiteral(other);
}

const getLiteral = ({ content }: TokenLike): Literal | undefined =>
  typeof content === "string" || typeof content === "number" || typeof content === "boolean" ? content : undefined;

/** Returns the keys of a property access up to the first computed key. */
function getStaticKeys({ variable, props = [] }: TokenLike): PathKey[] {
  if (variable !== undefined) return [];
  const keys: PathKey[] = [];
  for (const { content, props: computed } of props) {
    if (computed || (typeof content !== "string" && typeof content !== "number")) break;
    keys.push(content);
  }
  return keys;
}

/** Returns the token of a filter's argument, which for a named argument is its value. */
const getArgumentToken = (argument: FilterArgument): TokenLike | undefined =>
  Array.isArray(argument) ? argument[1] : argument;

/** Reads the variables of a parsed template. Loop variables and assigned names are resolved to the paths they refer to. */
export function readVariables(templates: readonly Template[]): TextVariables {
  const reader = new VariableReader();
  reader.visit(templates);
  return reader;
}
