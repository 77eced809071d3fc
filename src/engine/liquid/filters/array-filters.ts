import { toValue } from "liquidjs";
import { getValueAtPath, isJsonObject, type JsonObject, stableStringify } from "../../../util/json.js";
import { chargeContent, chargeItems, chargeLength } from "./charge-memory.js";
import { isDecimal, toDecimal } from "./decimal-number.js";
import { describeValue } from "./parse-moment.js";
import type { FilterThis, RegisterFilter } from "./render-services.js";

/** Returns a text that two values have in common only if they are equal. Lists and maps are equal by content. */
export function toIdentity(filter: FilterThis, value: unknown): string {
  if (typeof value === "object" && value !== null) chargeContent(filter, value);
  return stableStringify(value ?? null);
}

/** The memory of an identity in a set, in characters. */
const IDENTITY_SIZE = 40;

/** The identities of values that a filter remembers. */
export class IdentitySet {
  private readonly identities = new Set<string>();

  constructor(private readonly filter: FilterThis) {}

  /** Adds a value. Returns false if the set contains an equal one with the same prefix. */
  add(value: unknown, prefix = ""): boolean {
    const identity = `${prefix} ${toIdentity(this.filter, value)}`;
    if (this.identities.has(identity)) return false;
    chargeLength(this.filter, IDENTITY_SIZE + identity.length);
    this.identities.add(identity);
    return true;
  }

  delete(value: unknown): boolean {
    return this.identities.delete(` ${toIdentity(this.filter, value)}`);
  }
}

/** Stands for the property of an item that cannot have properties, such as nil or a boolean. */
const NO_PROPERTY = Symbol("no item");

/** Returns the items of a filter's input. Nested lists are flattened, nil has no items, and any other value is one item. */
export function toItems(filter: FilterThis, value: unknown): unknown[] {
  const plain: unknown = toValue(value);
  if (plain === null || plain === undefined) return [];
  if (!Array.isArray(plain)) return [plain];
  const count = chargeItems(filter, plain);
  return count === plain.length ? [...plain] : plain.flat(Number.POSITIVE_INFINITY); // `flat` takes ten times as long
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
    const items = toItems(this, value);
    if (items.length === 0) return emptyResult;
    const identity = target === null || target === undefined ? null : toIdentity(this, target);
    let hasNoProperty = false;
    const selected = pick(items, (item) => {
      const found = getProperty(item, property, filter);
      hasNoProperty ||= found === NO_PROPERTY;
      if (found === NO_PROPERTY) return false;
      return identity === null ? isTruthy(found) : toIdentity(this, found) === identity;
    });
    return hasNoProperty ? undefined : selected;
  };
}

function removeDuplicates(
  filter: FilterThis,
  items: readonly unknown[],
  getKey: (item: unknown) => unknown,
): unknown[] {
  const seen = new IdentitySet(filter);
  return items.filter((item) => {
    const key = getKey(item);
    return seen.add(key, typeof key);
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

/** Compares values of which {@link toText} has made texts. */
const compareTexts: Compare = (left, right) =>
  (left as string) < (right as string) ? -1 : Number((left as string) > (right as string));

/** Returns the text by which a value is sorted without regard to case. */
const toSortedText = (filter: FilterThis, value: unknown): string =>
  (typeof value === "object" ? toIdentity(filter, value) : String(value)).toLowerCase();

/** The memory of an item with its key, in items of a list. */
const KEYED_ITEM_SIZE = 4;

/** Creates a filter that sorts items by a property or by themselves. Items without a value come last. */
function createSortFilter(filter: string, compare: Compare, convertKey: (filter: FilterThis, key: unknown) => unknown) {
  return function (this: FilterThis, value: unknown, property: unknown): unknown[] {
    const items = toItems(this, value);
    chargeLength(this, items.length * KEYED_ITEM_SIZE);
    const getKey = (item: unknown): unknown => {
      const key = property === null || property === undefined ? item : getProperty(item, property, filter);
      return key === NO_PROPERTY || key === null || key === undefined ? null : convertKey(this, key);
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
  register(
    "sort",
    createSortFilter("sort", compareValues, (_filter, key) => key),
  );
  register("sort_natural", createSortFilter("sort_natural", compareTexts, toSortedText));
  register("map", function (this: FilterThis, value: unknown, property: unknown) {
    const items = toItems(this, value);
    return items.map((item) => {
      const found = getProperty(item, property, "map");
      return found === NO_PROPERTY ? null : found;
    });
  });
  register("concat", function (this: FilterThis, value: unknown, other: unknown) {
    if (!Array.isArray(other)) throw new Error(`concat: ${describeValue(other ?? null)} is not a list`);
    chargeItems(this, other);
    const items = [...toItems(this, value), ...other];
    return items;
  });
  register("uniq", function (this: FilterThis, value: unknown, property: unknown) {
    const items = toItems(this, value);
    return removeDuplicates(this, items, (item) =>
      property === undefined ? item : getProperty(item, property, "uniq"),
    );
  });
  register("compact", function (this: FilterThis, value: unknown, property: unknown) {
    const items = toItems(this, value);
    return items.filter((item) => {
      const found = property === undefined ? item : getProperty(item, property, "compact");
      return found !== null && found !== undefined && found !== NO_PROPERTY;
    });
  });
  register("reverse", function (this: FilterThis, value: unknown) {
    const items = toItems(this, value);
    return items.reverse();
  });
  register("first", (value: unknown) => {
    if (Array.isArray(value)) return value[0];
    return isJsonObject(value) ? Object.entries(value)[0] : "";
  });
  register("sum", function (this: FilterThis, value: unknown, property: unknown) {
    let sum = 0;
    let hasFraction = false;
    for (const item of toItems(this, value)) {
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
