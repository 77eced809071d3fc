import { type Context, Output, type Template, toValueSync } from "liquidjs";

/** A token of an expression. The properties that it has depend on its kind. */
export interface TokenNode {
  content?: unknown;
  literal?: string;
  operator?: string;
  variable?: TokenNode;
  props?: readonly TokenNode[];
  lhs?: TokenNode;
  rhs?: TokenNode;
  input: string;
  begin: number;
  end: number;
  getText(): string;
}

/** An argument of a filter: a token, or a name with its token. */
export type ArgumentNode = TokenNode | [name: string, token: TokenNode | undefined];

export interface FilterNode {
  name: string;
  handler(this: unknown, ...values: unknown[]): unknown;
  args: readonly ArgumentNode[];
  token: TokenNode;
  raw: boolean;
}

/** An expression with its filters. */
export interface ValueNode {
  initial: { postfix: readonly TokenNode[] };
  filters: readonly FilterNode[];
}

/** A branch of a tag. It has a condition, or the values of a `when`; they are null for the `else` of a `case`. */
interface BranchNode {
  value: ValueNode;
  values: readonly TokenNode[] | null;
  templates: readonly Template[];
}

/** The properties of liquidjs tags, which are private in its types. A tag has those that belong to its name. */
export interface TagNode extends Template {
  name: string;
  key: string | null;
  variable: string;
  value: ValueNode | undefined;
  collection: TokenNode;
  hash: { hash: Readonly<Record<string, TokenNode | undefined>> };
  inputs: { hash: Readonly<Record<string, TokenNode | undefined>> } | null;
  templates: readonly Template[];
  elseTemplates: readonly Template[] | undefined;
  fallbackTemplates: readonly Template[];
  branches: readonly BranchNode[];
  tokens: readonly TokenNode[];
  translate(context: Context): string | null;
}

export const isTag = (template: Template): template is TagNode =>
  "name" in template && typeof template.name === "string";

type OutputNode = Output & { value: ValueNode };

export const isOutput = (template: Template): template is OutputNode => template instanceof Output;

/** Returns the text that a text node prints. Undefined for other templates. */
export function getStaticText(template: Template): string | undefined {
  const str = "str" in template ? template.str : undefined;
  return typeof str === "string" ? str : undefined;
}

/** Returns the templates within a template. Partials are not loaded. */
export function getChildren(template: Template): readonly Template[] {
  return template.children === undefined ? [] : toValueSync(template.children(false, true));
}
