import {
  type Context,
  CycleTag,
  Drop,
  type Emitter,
  evalToken,
  ForTag,
  type Hash,
  TablerowTag,
  toValue,
  Value,
} from "liquidjs";
import { parseWholeNumber } from "../filters/parse-arguments.js";

/** The register of the context that holds the innermost loop being rendered. */
const LOOPS_REGISTER = "loops";

/** `forloop`. Templates read its methods as properties. */
class LoopState extends Drop {
  protected position = 0;

  constructor(
    readonly length: number,
    readonly name: string,
    readonly parentloop: LoopState | null,
  ) {
    super();
  }

  next(): void {
    this.position++;
  }

  index(): number {
    return this.position + 1;
  }

  index0(): number {
    return this.position;
  }

  rindex(): number {
    return this.length - this.position;
  }

  rindex0(): number {
    return this.length - this.position - 1;
  }

  first(): boolean {
    return this.position === 0;
  }

  last(): boolean {
    return this.position === this.length - 1;
  }
}

/** `tablerowloop`. Templates read its methods as properties. */
class RowState extends LoopState {
  constructor(
    length: number,
    private readonly columns: number,
  ) {
    super(length, "tablerow", null);
  }

  row(): number {
    return Math.floor(this.position / this.columns) + 1;
  }

  col0(): number {
    return this.position % this.columns;
  }

  col(): number {
    return this.col0() + 1;
  }

  col_first(): boolean {
    return this.col0() === 0;
  }

  col_last(): boolean {
    return this.col() === this.columns || this.last();
  }
}

/** Returns the items that a loop iterates over: the items of a list, the pairs of a map, or a text as one item. */
export function toLoopItems(value: unknown): unknown[] {
  const plain: unknown = toValue(value);
  if (Array.isArray(plain)) return plain;
  if (typeof plain === "string") return plain === "" ? [] : [plain];
  if (typeof plain !== "object" || plain === null) return [];
  return isIterable(plain) ? [...plain] : Object.entries(plain);
}

const isIterable = (value: object): value is Iterable<unknown> => Symbol.iterator in value;

/** Returns the values of `limit`, `offset` and `cols`. Undefined if missing or nil. Throws if one is not a whole number. */
function* evaluateNumbers(hash: Hash, context: Context): Generator<unknown, Record<string, number | undefined>, never> {
  const numbers: Record<string, number | undefined> = {};
  for (const [name, token] of Object.entries(hash.hash)) {
    if (token === undefined || name === "reversed") continue;
    const value: unknown = toValue(yield evalToken(token, context));
    numbers[name] = value === null || value === undefined ? undefined : parseWholeNumber(value, name);
  }
  return numbers;
}

/** `{% for %}` with `forloop.parentloop`. Throws if `limit` or `offset` is not a whole number. */
export class StandardForTag extends ForTag {
  override *render(context: Context, emitter: Emitter): Generator<unknown, void, never> {
    const { renderer } = this.liquid;
    const all = toLoopItems(yield evalToken(this.collection, context));
    const name = `${this.variable}-${this.collection.getText()}`;
    const register = `continue-${name}`;
    context.push({ continue: context.getRegister(register, 0) });
    const { offset = 0, limit = all.length } = yield* evaluateNumbers(this.hash, context);
    context.pop();
    const items = all.slice(offset, offset + limit);
    if ("reversed" in this.hash.hash) items.reverse();
    context.setRegister(register, offset + items.length);
    if (items.length === 0) {
      yield renderer.renderTemplates(this.elseTemplates, context, emitter);
      return;
    }
    const parent = context.getRegister<LoopState | undefined>(LOOPS_REGISTER);
    const forloop = new LoopState(items.length, name, parent ?? null);
    const scope: Record<string, unknown> = { forloop };
    context.push(scope);
    context.setRegister(LOOPS_REGISTER, forloop);
    for (const item of items) {
      scope[this.variable] = item;
      context.continueCalled = context.breakCalled = false;
      yield renderer.renderTemplates(this.templates, context, emitter);
      if (context.breakCalled) break;
      forloop.next();
    }
    context.continueCalled = context.breakCalled = false;
    context.setRegister(LOOPS_REGISTER, parent);
    context.pop();
  }
}

/** `{% tablerow %}` with the line breaks of standard Liquid and with `break`. */
export class StandardTablerowTag extends TablerowTag {
  override *render(context: Context, emitter: Emitter): Generator<unknown, void, never> {
    const all = toLoopItems(yield evalToken(this.collection, context));
    const { offset = 0, limit = all.length, cols } = yield* evaluateNumbers(this.args, context);
    const items = all.slice(offset, offset + limit);
    const state = new RowState(items.length, Math.max(1, cols ?? items.length));
    const scope: Record<string, unknown> = { tablerowloop: state };
    context.push(scope);
    emitter.write('<tr class="row1">\n');
    for (const item of items) {
      scope[this.variable] = item;
      emitter.write(`<td class="col${state.col()}">`);
      context.continueCalled = context.breakCalled = false;
      yield this.liquid.renderer.renderTemplates(this.templates, context, emitter);
      emitter.write("</td>");
      if (context.breakCalled) break;
      if (state.col_last() && !state.last()) emitter.write(`</tr>\n<tr class="row${state.row() + 1}">`);
      state.next();
    }
    emitter.write("</tr>\n");
    context.continueCalled = context.breakCalled = false;
    context.pop();
  }
}

/** `{% cycle %}`: a named group continues at its last position, also with other items. */
export class StandardCycleTag extends CycleTag {
  override *render(context: Context, emitter: Emitter): Generator<unknown, void, never> {
    const { group, candidates } = this as unknown as {
      group?: Parameters<typeof evalToken>[0];
      candidates: ConstructorParameters<typeof Value>[0][];
    };
    const name =
      group === undefined ? candidates.map((item) => (item as { getText(): string }).getText()).join(",") : "";
    const key = group === undefined ? `items:${name}` : `group:${String(toValue(yield evalToken(group, context)))}`;
    const positions = context.getRegister<Record<string, number>>("cycle", {});
    const position = positions[key] ?? 0;
    positions[key] = position + 1 < candidates.length ? position + 1 : 0;
    const candidate = candidates[position];
    if (candidate === undefined) return;
    const value: unknown = toValue(yield new Value(candidate, this.liquid).value(context, false));
    emitter.write(this.liquid.options.outputEscape?.call({ context, liquid: this.liquid } as never, value) ?? value);
  }
}
