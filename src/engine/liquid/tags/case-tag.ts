import {
  type Context,
  type Emitter,
  evalToken,
  type Liquid,
  type Parser,
  Tag,
  type TagToken,
  type Template,
  type TopLevelToken,
  toValue,
  Value,
} from "liquidjs";
import { areEqualValues } from "./operators.js";

type Operand = Parameters<typeof evalToken>[0];

interface Branch {
  /** Null for `else`. */
  values: Operand[] | null;
  templates: Template[];
}

/** Parses the values of `{% when a, b or c %}`. */
function parseWhenValues({ tokenizer }: TagToken): Operand[] {
  const values: Operand[] = [];
  for (let hasMore = true; hasMore; ) {
    values.push(tokenizer.readValueOrThrow());
    tokenizer.skipBlank();
    const separator = /^(?:,|or\b)/.exec(tokenizer.remaining());
    hasMore = separator !== null;
    if (separator) tokenizer.advance(separator[0].length);
    else if (!tokenizer.end()) throw new Error(`unexpected "${tokenizer.remaining().trim()}", use "," or "or"`);
  }
  return values;
}

/**
 * `{% case %}` of standard Liquid: the block of a `when` is printed once for each value that matches, and an `else` is printed
 * if no value before it matched.
 */
export class StandardCaseTag extends Tag {
  private readonly value: Value;
  readonly branches: Branch[] = [];
  /** Receives whether a `when` matched, by its branch. Set only to measure the coverage of tests. */
  onWhen?: (branch: number, isMatched: boolean) => void;

  constructor(token: TagToken, remaining: TopLevelToken[], liquid: Liquid, parser: Parser) {
    super(token, remaining, liquid);
    this.value = new Value(token.tokenizer.readFilteredValue(), liquid);
    // Text before the first branch is collected here and never printed.
    let templates: Template[] = [];
    const begin = (values: Operand[] | null): void => {
      templates = [];
      this.branches.push({ values, templates });
    };
    const stream = parser.parseStream(remaining);
    stream
      .on("tag:when", (tag: TagToken) => begin(parseWhenValues(tag)))
      .on("tag:else", () => begin(null))
      .on("tag:endcase", () => stream.stop())
      .on("template", (template: Template) => templates.push(template))
      .on("end", () => {
        throw new Error(`tag ${token.getText()} not closed`);
      })
      .start();
  }

  override *render(context: Context, emitter: Emitter): Generator<unknown, void, unknown> {
    const { renderer } = this.liquid;
    const target: unknown = toValue(yield this.value.value(context, true));
    let isMatched = false;
    for (const [index, { values, templates }] of this.branches.entries()) {
      let times = values === null && !isMatched ? 1 : 0;
      for (const value of values ?? []) if (areEqualValues(target, yield evalToken(value, context, true))) times++;
      if (values !== null && times > 0) isMatched = true;
      if (values !== null) this.onWhen?.(index, times > 0);
      for (; times > 0; times--) yield renderer.renderTemplates(templates, context, emitter);
    }
  }

  *arguments(): Generator<Value | NonNullable<Operand>> {
    yield this.value;
    for (const { values } of this.branches) for (const value of values ?? []) if (value) yield value;
  }

  *children(): Generator<unknown, Template[]> {
    yield* [];
    return this.branches.flatMap(({ templates }) => templates);
  }
}
