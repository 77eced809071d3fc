import type { Template } from "liquidjs";

/** Stands for any item of a list in the path of a loop's variable. */
export const ITEM = -1;

/** A key, an index, or {@link ITEM}. */
export type PathKey = string | number;

/** A variable that a template reads. */
export interface VariableRead {
  /** The path as it is written, as far as its keys are known. */
  writtenPath: string[];
  /** The same path from the scope's root: a loop's variable stands for any item of its list. */
  path: PathKey[];
  /** Whether the template is prepared for a missing value: a condition tests it or `default` follows. */
  isGuarded: boolean;
  line: number;
  column: number;
}

/** Variables that a text reads, and the names that it sets itself. */
interface TextVariables {
  reads: VariableRead[];
  /** Names that `assign`, `capture` and loops set. */
  assignedNames: Set<string>;
}

/** What a name stands for: a path, or a value that only rendering computes. */
type Binding = PathKey[] | null;

/** The parts of liquidjs's tokens that are read here. Structural, because this module must not load liquidjs a second time. */
interface TokenLike {
  content?: unknown;
  variable?: unknown;
  props?: TokenLike[];
  lhs?: TokenLike;
  rhs?: TokenLike;
  initial?: { postfix: TokenLike[] };
  filters?: { name: string; args: unknown[] }[];
  getPosition?(): number[];
}

type TagLike = Template & { token: { name?: string }; variable?: unknown; collection?: TokenLike; value?: TokenLike };

const CONDITION_TAGS = new Set(["if", "unless", "case", "elsif", "when"]);
const LOOP_TAGS = new Set(["for", "tablerow"]);

class VariableReader implements TextVariables {
  readonly reads: VariableRead[] = [];
  readonly assignedNames = new Set<string>();
  private readonly locals = new Map<string, Binding>();
  private readonly blocks: Map<string, Binding>[] = [];

  visit(templates: readonly Template[]): void {
    for (const template of templates) this.visitTag(template as TagLike);
  }

  private visitTag(tag: TagLike): void {
    const name = tag.token.name ?? "";
    for (const argument of tag.arguments?.() ?? []) this.readArgument(argument as TokenLike, CONDITION_TAGS.has(name));
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

  /** A name that is set in several ways stands for none of them. */
  private bind(name: string, path: Binding): void {
    this.assignedNames.add(name);
    this.locals.set(name, this.locals.has(name) ? null : path);
  }

  private readArgument(argument: TokenLike, isCondition: boolean): void {
    const filters = argument.filters ?? [];
    const isGuarded = isCondition || filters.some(({ name }) => name === "default");
    for (const token of argument.initial ? argument.initial.postfix : [argument]) this.readToken(token, isGuarded);
    for (const { args } of filters)
      for (const filterArgument of args) this.readToken(getArgumentToken(filterArgument), false);
  }

  private readToken(token: TokenLike | undefined, isGuarded: boolean): void {
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
    const [line = 1, column = 1] = token.getPosition?.() ?? [];
    this.reads.push({ writtenPath: keys.map(String), path, isGuarded, line, column });
  }

  /** The path that an expression alone stands for; null where filters or operators compute a value. */
  private resolveExpression(expression: TokenLike | undefined): Binding {
    if (expression === undefined || (expression.filters ?? []).length > 0) return null;
    const [token, ...others] = expression.initial ? expression.initial.postfix : [expression];
    if (token?.props === undefined || others.length > 0) return null;
    const keys = getStaticKeys(token);
    return keys.length < token.props.length ? null : this.resolve(keys);
  }

  /** Null for what stands for no path: a literal, or a name that rendering sets. */
  private resolve([root, ...rest]: PathKey[]): Binding {
    if (typeof root !== "string") return null;
    const block = this.blocks.findLast((names) => names.has(root)) ?? this.locals;
    if (!block.has(root)) return [root, ...rest];
    const bound = block.get(root);
    return bound ? [...bound, ...rest] : null;
  }
}

/** The keys of a property access up to the first that is itself computed. */
function getStaticKeys({ variable, props = [] }: TokenLike): PathKey[] {
  if (variable !== undefined) return [];
  const keys: PathKey[] = [];
  for (const { content, props: computed } of props) {
    if (computed || (typeof content !== "string" && typeof content !== "number")) break;
    keys.push(content);
  }
  return keys;
}

/** A filter's argument, or the value of a named one. */
function getArgumentToken(argument: unknown): TokenLike | undefined {
  return (Array.isArray(argument) ? argument[1] : argument) as TokenLike | undefined;
}

/** The value that liquidjs's generator returns: without partials it never waits for anything. */
function drainGenerator(children: Generator<unknown, Template[]> | undefined): Template[] {
  if (children === undefined) return [];
  for (;;) {
    const next = children.next();
    if (next.done) return next.value;
  }
}

/** Reads the variables of a parsed template, loop variables and assigned names resolved to the paths they stand for. */
export function readVariables(templates: readonly Template[]): TextVariables {
  const reader = new VariableReader();
  reader.visit(templates);
  return reader;
}
