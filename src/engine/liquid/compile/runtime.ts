import {
  Context,
  Drop,
  type Liquid,
  LiquidError,
  RenderError,
  type Template,
  type Token,
  toValue,
  toValueSync,
  UndefinedVariableError,
} from "liquidjs";
import { chargeResult } from "../filters/charge-memory.js";
import { toChargedPrintable } from "../filters/liquid-filters.js";
import { parseWholeNumber } from "../filters/parse-arguments.js";
import { toLoopItems } from "../tags/loop-tags.js";
import { OPERATORS } from "../tags/operators.js";
import { FilterSelf, type Frame } from "./frame.js";
import type { FilterNode } from "./parse-tree.js";

/**
 * The clock of the time limits of templates, which must be the one that liquidjs itself uses. The build replaces
 * `global.performance` in both, because loading it takes 1 ms of a start.
 */
export const renderClock: { now(): number } = global.performance ?? Date;

/** The parts of the engine that compiled templates use. */
interface TemplateEngine {
  liquid: Liquid;
  /** Throws the error for an output that is longer than its limit. */
  throwOverflow(): never;
  /** Renders a partial by its key. */
  renderPartial(key: string, inputs: Record<string, unknown>, context: Context): string;
}

const isPlain = (value: unknown): boolean => typeof value !== "object" || value === null;

/** Returns the text that the output of a value adds. */
function print(value: unknown, frame: Frame): string {
  if (typeof value === "string") return value;
  if (typeof value === "number") return String(value);
  const printable = toChargedPrintable(frame, value);
  if (printable === null || printable === undefined) return "";
  if (Array.isArray(printable)) return printable.flat(Number.POSITIVE_INFINITY).join("");
  return String(printable);
}

function isTrue(value: unknown): boolean {
  const plain: unknown = value instanceof Drop ? toValue(value) : value;
  return plain !== false && plain !== null && plain !== undefined;
}

/** Returns whether the filter `default` replaces a value (without `allow_false`). */
function needsDefault(value: unknown): boolean {
  if (typeof value === "string") return value === "";
  const plain: unknown = toValue(value);
  if (plain === false || plain === null || plain === undefined || plain === "") return true;
  return typeof plain === "object" && Object.keys(plain).length === 0;
}

/** Returns whether a value without own comparison is `blank`. */
function isPlainBlank(value: unknown): boolean {
  return value === false || value === null || value === undefined || (typeof value === "string" && /^\s*$/.test(value));
}

/** Returns the error of a template, as liquidjs throws it. `index` is negative for an error between top-level templates. */
function toTemplateError(error: unknown, templates: readonly Template[], index: number): unknown {
  const template = templates[index];
  if (template === undefined || LiquidError.is(error) || !(error instanceof Error)) return error;
  return new RenderError(error, template);
}

const toUndefinedVariableError = (error: unknown, token: Token): unknown =>
  error instanceof Error ? new UndefinedVariableError(error, token) : error;

/** The method of a context that accepts any value, although its type names only scopes. */
interface PropertyReader {
  readProperty(value: unknown, key: unknown): unknown;
}

function sliceItems(items: readonly unknown[], offset = 0, limit = items.length): unknown[] {
  return items.slice(offset, offset + limit);
}

const toLimit = (value: unknown, name: string): number | undefined => {
  const plain: unknown = toValue(value);
  return plain === null || plain === undefined ? undefined : parseWholeNumber(plain, name);
};

/** Waits for a filter that is a generator. */
const settle = (value: unknown): unknown =>
  typeof value === "object" && value !== null && "next" in value ? toValueSync<unknown>(value) : value;

/** Creates the functions that compiled templates call, by the names that generated code uses. */
export function createRuntime(engine: TemplateEngine) {
  const { liquid } = engine;

  /** Reads properties of values. Its own scope is empty. */
  const emptyContext = new Context({}, liquid.options, { sync: true }, { liquid });
  const reader: PropertyReader = emptyContext;
  const readProperty = (value: unknown, key: unknown): unknown => reader.readProperty(value, key);
  const operate = (operator: string, left: unknown, right: unknown): unknown =>
    toValueSync<unknown>(OPERATORS[operator]?.(left, right, emptyContext));
  const equals = (left: unknown, right: unknown): unknown =>
    isPlain(left) && isPlain(right) ? left === right : operate("==", left, right);

  return {
    hasOwn: Object.prototype.hasOwnProperty,
    print,
    isTrue,
    needsDefault,
    toLoopItems,
    sliceItems,
    toLimit,
    toValue,
    operate,
    equals,
    throwOverflow: engine.throwOverflow,
    toTemplateError,
    chargeResult,
    /** Returns 0, the work that was done since the check. */
    checkTime(frame: Frame): number {
      frame.context.renderLimit.check(renderClock.now());
      return 0;
    },
    /** Reads a property that is no own property of a value that is not nil. */
    readInherited: (value: unknown, key: string): unknown =>
      value instanceof Drop ? readProperty(value, key) : undefined,
    readSize: (value: unknown): unknown =>
      typeof value === "string" || Array.isArray(value) ? value.length : readProperty(value, "size"),
    readProperty,
    /** Reads a property by a key that the template computes. */
    readComputed(value: unknown, key: unknown, token: Token): unknown {
      try {
        return readProperty(value, key);
      } catch (error) {
        throw toUndefinedVariableError(error, token);
      }
    },
    /** Reads `content`, and calls it if it is a function. */
    readContent({ environment, variables }: Frame, token: Token): unknown {
      const scope = Object.hasOwn(variables, "content") ? variables : environment;
      const value = Object.hasOwn(scope, "content") ? scope.content : undefined;
      if (typeof value !== "function") return value;
      try {
        return value.call(scope);
      } catch (error) {
        throw toUndefinedVariableError(error, token);
      }
    },
    createRange(low: unknown, high: unknown, frame: Frame): number[] {
      const [first, last] = [Number(toValue(low)), Number(toValue(high))];
      frame.context.memoryLimit.use(last - first + 1);
      const numbers: number[] = [];
      for (let number = first; number < last + 1; number++) numbers.push(number);
      return numbers;
    },
    isNil: (value: unknown, nil: unknown): unknown =>
      isPlain(value) ? value === null || value === undefined : operate("==", value, nil),
    isBlank: (value: unknown, blank: unknown): unknown =>
      isPlain(value) ? isPlainBlank(value) : operate("==", value, blank),
    isEmpty: (value: unknown, empty: unknown): unknown => (isPlain(value) ? value === "" : operate("==", value, empty)),
    isLess: (left: unknown, right: unknown): unknown =>
      typeof left === "number" && typeof right === "number" ? left < right : operate("<", left, right),
    isGreater: (left: unknown, right: unknown): unknown =>
      typeof left === "number" && typeof right === "number" ? left > right : operate(">", left, right),
    isAtMost: (left: unknown, right: unknown): unknown =>
      typeof left === "number" && typeof right === "number" ? left <= right : operate("<=", left, right),
    isAtLeast: (left: unknown, right: unknown): unknown =>
      typeof left === "number" && typeof right === "number" ? left >= right : operate(">=", left, right),
    callFilter(frame: Frame, filter: FilterNode, value: unknown, ...values: unknown[]): unknown {
      return settle(filter.handler.call(new FilterSelf(frame, filter.token, liquid), value, ...values));
    },
    renderPartial: (key: string, inputs: Record<string, unknown>, frame: Frame): string =>
      engine.renderPartial(key, inputs, frame.context),
  };
}

export type Runtime = ReturnType<typeof createRuntime>;
