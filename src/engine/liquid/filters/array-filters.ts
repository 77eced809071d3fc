import { toValue } from "liquidjs";
import { getValueAtPath, isJsonObject, type JsonObject, stableStringify } from "../../../util/json.js";
import { isDecimal, toDecimal } from "./decimal-number.js";
import { describeValue } from "./parse-moment.js";
import type { FilterThis, RegisterFilter } from "./render-services.js";

/** Stands for the property of an item that cannot have properties, such as nil or a boolean. */
const NO_PROPERTY = Symbol("no item");

/** Returns the items of a filter's input. Nested lists are flattened, nil has no items, and any other value is one item. */
export function toItems(value: unknown): unknown[] {
  const plain = toValue(value) as unknown;
  if (plain === null || plain === undefined) return [];
  if (Array.isArray(plain)) return plain.flat(Number.POSITIVE_INFINITY);
  return [plain];
}

/** Counts the items of a filter's result toward the memory limit of the rendering. */
function chargeMemory({ context }: FilterThis, items: readonly unknown[]): void {
  context.memoryLimit.use(items.length);
}

/** Returns a map's own property, or the value at a dotted path. Null if it does not exist. */
function getMapValue(map: JsonObject, property: string): unknown {
  if (Object.hasOwn(map, property)) return map[property];
  return property.includes(".") ? (getValueAtPath(map, property.split(".")) ?? null) : null;
}

function getProperty(item: unknown, property: unknown, filter: string): unknown {
  if (item === null || item === undefined || typeof item === "boolean") return NO_PROPERTY;
  const hasName = property !== null && property !== undefined;
  if (isJsonObject(item)) return hasName ? getMapValue(item, String(property)) : null;
  if (!hasName) return NO_PROPERTY;
  if (typeof item === "string") {
    if (typeof property === "number") return item.at(property) ?? null;
    return item.includes(String(property)) ? property : null;
  }
  if (typeof item === "number" && typeof property === "number") return 0; // in Ruby this reads a bit of the number, which is never nil
  throw new Error(`${filter}: ${describeValue(item)} has no property ${describeValue(property)}`);
}

const isTruthy = (value: unknown): boolean => value !== null && value !== undefined && value !== false;

type ItemTest = (item: unknown) => boolean;

/**
 * Creates a filter that selects items by a property and, if given, its value. As in standard Liquid, each substring of a
 * text is a property of it, and the result is nil if an item cannot have properties.
 */
function createSelectionFilter(
  filter: string,
  pick: (items: unknown[], test: ItemTest) => unknown,
  emptyResult: unknown,
) {
  return function (this: FilterThis, value: unknown, property: unknown, target: unknown): unknown {
    const items = toItems(value);
    chargeMemory(this, items);
    if (items.length === 0) return emptyResult;
    let hasNoProperty = false;
    const selected = pick(items, (item) => {
      const found = getProperty(item, property, filter);
      hasNoProperty ||= found === NO_PROPERTY;
      if (found === NO_PROPERTY) return false;
      return target === null || target === undefined
        ? isTruthy(found)
        : stableStringify(found ?? null) === stableStringify(target);
    });
    return hasNoProperty ? undefined : selected;
  };
}

/** Returns a text that two items have in common only if they are equal. */
const buildIdentity = (item: unknown): string => `${typeof item} ${stableStringify(item ?? null)}`;

function removeDuplicates(items: readonly unknown[], getKey: (item: unknown) => unknown): unknown[] {
  const seen = new Set<string>();
  return items.filter((item) => {
    const identity = buildIdentity(getKey(item));
    if (seen.has(identity)) return false;
    seen.add(identity);
    return true;
  });
}

type Compare = (left: unknown, right: unknown) => number;

/** Compares numbers by value and texts by their characters. Throws for values that cannot be compared. */
function compareValues(left: unknown, right: unknown): number {
  if (typeof left === "number" && typeof right === "number") return left - right;
  if (typeof left === "string" && typeof right === "string") return left < right ? -1 : Number(left > right);
  if (typeof left === "boolean" && typeof right === "boolean") return Number(left) - Number(right);
  throw new Error(`sort: cannot compare ${describeValue(left)} with ${describeValue(right)}`);
}

/** Compares texts without regard to case, and other values by their text. */
function compareTexts(left: unknown, right: unknown): number {
  const [a, b] = [left, right].map((value) =>
    (typeof value === "object" ? stableStringify(value) : String(value)).toLowerCase(),
  ) as [string, string];
  return a < b ? -1 : Number(a > b);
}

/** Creates a filter that sorts items by a property or by themselves. Items without a value come last. */
function createSortFilter(filter: string, compare: Compare) {
  return function (this: FilterThis, value: unknown, property: unknown): unknown[] {
    const items = toItems(value);
    chargeMemory(this, items);
    const getKey = (item: unknown): unknown => {
      const key = property === null || property === undefined ? item : getProperty(item, property, filter);
      return key === NO_PROPERTY ? null : (key ?? null);
    };
    const keyed = items.map((item) => [getKey(item), item] as const);
    keyed.sort(([a], [b]) => (a === null || b === null ? Number(a === null) - Number(b === null) : compare(a, b)));
    return keyed.map(([, item]) => item);
  };
}

function registerSelectionFilters(register: RegisterFilter): void {
  register(
    "where",
    createSelectionFilter("where", (items, test) => items.filter(test), []),
  );
  register(
    "reject",
    createSelectionFilter("reject", (items, test) => items.filter((item) => !test(item)), []),
  );
  register(
    "has",
    createSelectionFilter("has", (items, test) => items.some(test), false),
  );
  register(
    "find",
    createSelectionFilter("find", (items, test) => items.find(test), null),
  );
  register(
    "find_index",
    createSelectionFilter(
      "find_index",
      (items, test) => {
        const index = items.findIndex(test);
        return index < 0 ? null : index;
      },
      null,
    ),
  );
}

/** Registers the list filters of standard Liquid. Those of liquidjs differ in how they read items and properties (T-001). */
export function registerArrayFilters(register: RegisterFilter): void {
  registerSelectionFilters(register);
  register("sort", createSortFilter("sort", compareValues));
  register("sort_natural", createSortFilter("sort_natural", compareTexts));
  register("map", function (this: FilterThis, value: unknown, property: unknown) {
    const items = toItems(value);
    chargeMemory(this, items);
    return items.map((item) => {
      const found = getProperty(item, property, "map");
      return found === NO_PROPERTY ? null : found;
    });
  });
  register("concat", function (this: FilterThis, value: unknown, other: unknown) {
    if (!Array.isArray(other)) throw new Error(`concat: ${describeValue(other ?? null)} is not a list`);
    const items = [...toItems(value), ...other];
    chargeMemory(this, items);
    return items;
  });
  register("uniq", function (this: FilterThis, value: unknown, property: unknown) {
    const items = toItems(value);
    chargeMemory(this, items);
    return removeDuplicates(items, (item) => (property === undefined ? item : getProperty(item, property, "uniq")));
  });
  register("compact", function (this: FilterThis, value: unknown, property: unknown) {
    const items = toItems(value);
    chargeMemory(this, items);
    return items.filter((item) => {
      const found = property === undefined ? item : getProperty(item, property, "compact");
      return found !== null && found !== undefined && found !== NO_PROPERTY;
    });
  });
  register("reverse", function (this: FilterThis, value: unknown) {
    const items = toItems(value);
    chargeMemory(this, items);
    return items.reverse();
  });
  register("first", (value: unknown) => {
    if (Array.isArray(value)) return value[0];
    return isJsonObject(value) ? Object.entries(value)[0] : "";
  });
  register("sum", function (this: FilterThis, value: unknown, property: unknown) {
    let sum = 0;
    let hasFraction = false;
    for (const item of toItems(value)) {
      if (property !== undefined && !isJsonObject(item))
        throw new Error(`sum: ${describeValue(item ?? null)} has no property ${describeValue(property)}`);
      const number = property === undefined ? item : getProperty(item, property, "sum");
      hasFraction ||= isDecimal(number);
      sum += Number(number ?? 0) || 0;
    }
    const exact = Number.isInteger(sum) ? sum : Number(sum.toPrecision(15));
    return hasFraction ? toDecimal(exact) : exact;
  });
}
