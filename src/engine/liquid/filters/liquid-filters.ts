import { type Liquid, toValue } from "liquidjs";
import { type RecipientKey, TENANTS, toRecipientKey } from "../../../domain/recipient/recipient.js";
import type { JsonObject } from "../../../util/json.js";
import { loadCrypto } from "../../../util/load-crypto.js";
import { IdentitySet, registerArrayFilters, toIdentity, toItems } from "./array-filters.js";
import { chargeContent, chargeLength, type Limited } from "./charge-memory.js";
import { registerDateFilters } from "./date-filters.js";
import { DecimalNumber } from "./decimal-number.js";
import { registerNumberFilters } from "./number-filters.js";
import { describeValue } from "./parse-moment.js";
import { renderMarkdown } from "./render-markdown.js";
import { createFilterRegistrar, type FilterThis, findContextServices, type RegisterFilter } from "./render-services.js";
import { registerTextFilters } from "./text-filters.js";

/** Returns the key of a recipient with an id. Null for a value that cannot be an id. */
function parseRecipientKey(value: unknown, collection?: string): RecipientKey | null {
  const id = typeof value === "number" ? String(value) : value;
  if (typeof id !== "string" || id === "" || id.includes("/")) return null;
  return toRecipientKey(collection === undefined ? id : { id, collection });
}

/** Registers `user`, `object`, `tenant` and `subscriptions`, which read the store during rendering (T-070 to T-074). */
function registerRecipientFilters(register: RegisterFilter): void {
  const readRecipient = ({ context }: FilterThis, recipientKey: RecipientKey | null): JsonObject | null =>
    recipientKey === null ? null : (findContextServices(context)?.findRecipient(recipientKey) ?? null);
  register("user", function (this: FilterThis, id: unknown) {
    return readRecipient(this, parseRecipientKey(id));
  });
  register("tenant", function (this: FilterThis, id: unknown) {
    return readRecipient(this, parseRecipientKey(id, TENANTS));
  });
  register("object", function (this: FilterThis, id: unknown, collection: unknown) {
    if (typeof collection !== "string" || collection === "")
      throw new Error('object: name the collection, as in {{ "p-1" | object: "projects" }}');
    return readRecipient(this, parseRecipientKey(id, collection));
  });
  register("subscriptions", function (this: FilterThis, id: unknown) {
    const found = parseRecipientKey(id);
    return found === null ? [] : (findContextServices(this.context)?.listSubscriptions(found) ?? []);
  });
}

type Filter = (this: FilterThis, value: unknown, ...args: unknown[]) => unknown;

/** Standard filters that convert their input and arguments to text. They get a map as its JSON, as it is printed (TQ-4). */
const TEXT_FILTERS = [
  ..."append prepend capitalize downcase upcase escape escape_once lstrip rstrip strip strip_html strip_newlines".split(
    " ",
  ),
  ..."newline_to_br replace replace_first replace_last remove remove_first remove_last truncate truncatewords".split(
    " ",
  ),
  ..."url_encode url_decode cgi_escape uri_escape base64_encode slugify split normalize_whitespace xml_escape".split(
    " ",
  ),
  "array_to_sentence_string",
];

/** Lists that `intersect` returned. Printed directly, they appear in brackets, as in the service (T-054). */
const intersections = new WeakSet<object>();

/**
 * Returns the value that is printed for a value: JSON for maps, also within lists, and the plain value for values that
 * liquidjs wraps, such as `nil` (T-005, TQ-4).
 */
function toPrintable(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (value instanceof DecimalNumber) return String(value);
  const plain: unknown = toValue(value);
  if (typeof plain !== "object" || plain === null) return plain;
  if (!Array.isArray(plain)) return JSON.stringify(plain);
  if (intersections.has(plain)) return `[${plain.map((item) => JSON.stringify(item)).join(", ")}]`;
  return plain.some((item) => typeof item === "object" && item !== null) ? plain.map(toPrintable) : plain;
}

/** Returns the number of characters, items or keys. 0 for other values. */
function computeSize(value: unknown): number {
  if (typeof value === "string" || Array.isArray(value)) return value.length;
  return typeof value === "object" && value !== null ? Object.keys(value).length : 0;
}

/** Counts a list or map toward the memory limit, then returns its printed value. */
export function toChargedPrintable(limited: Limited, value: unknown): unknown {
  if (typeof value === "object" && value !== null && !(value instanceof DecimalNumber)) chargeContent(limited, value);
  return toPrintable(value);
}

/** Returns the value that an output prints. liquidjs calls it as a filter. */
export function printOutput(this: FilterThis, value: unknown): unknown {
  return toChargedPrintable(this, value);
}

const toText = (filter: FilterThis, value: unknown): string => {
  const printable = toChargedPrintable(filter, value);
  return Array.isArray(printable) ? printable.join("") : String(printable ?? "");
};

/** Parses a version: `1.2-beta.1` has the numbers `[1, 2, 0]` and the pre-release identifiers `["beta", "1"]`. */
function parseVersion(filter: FilterThis, value: unknown): { numbers: number[]; pre: string[] } {
  const [, numbers, pre] =
    /^v?(\d+(?:\.\d+){0,2})(?:-([0-9A-Za-z.-]+))?(?:\+[0-9A-Za-z.-]+)?$/.exec(toText(filter, value).trim()) ?? [];
  if (numbers === undefined)
    throw new Error(`compare_versions: ${describeValue(value ?? null)} is not a version such as "2.10.0"`);
  const parts = numbers.split(".").map(Number);
  return { numbers: [0, 1, 2].map((index) => parts[index] ?? 0), pre: pre?.split(".") ?? [] };
}

/** Compares two identifiers of pre-releases. Numbers come before words and compare by value; words compare by characters. */
function compareIdentifiers(a: string, b: string): number {
  const [isNumber, isOtherNumber] = [/^\d+$/.test(a), /^\d+$/.test(b)];
  if (isNumber && isOtherNumber) return Math.sign(Number(a) - Number(b));
  if (isNumber || isOtherNumber) return isNumber ? -1 : 1;
  return a === b ? 0 : a < b ? -1 : 1;
}

/** Compares two versions by semantic versioning. Returns -1, 0 or 1. Missing parts are 0, a leading `v` is ignored (T-056). */
function compareVersions(this: FilterThis, left: unknown, right: unknown): number {
  const [a, b] = [parseVersion(this, left), parseVersion(this, right)];
  for (const [index, number] of a.numbers.entries()) {
    const difference = Math.sign(number - (b.numbers[index] ?? 0));
    if (difference !== 0) return difference;
  }
  if (a.pre.length === 0 || b.pre.length === 0) return Math.sign(b.pre.length - a.pre.length);
  for (let index = 0; index < Math.max(a.pre.length, b.pre.length); index++) {
    const [x, y] = [a.pre[index], b.pre[index]];
    if (x === undefined || y === undefined) return x === undefined ? -1 : 1;
    const difference = compareIdentifiers(x, y);
    if (difference !== 0) return difference;
  }
  return 0;
}

function toList(value: unknown): unknown[] {
  return Array.isArray(value) ? value : value === null || value === undefined ? [] : [value];
}

/** Returns the items that are in both lists, each once, in the order of the left list. Maps are equal by content (T-054). */
function intersect(this: FilterThis, left: unknown, right: unknown): unknown[] {
  const others = new IdentitySet(this);
  for (const item of toList(right)) others.add(item);
  const both = toList(left).filter((item) => others.delete(item));
  intersections.add(both);
  return both;
}

/** Returns whether two values are equal. Lists and maps are compared by content (T-058). */
function areEqual(this: FilterThis, left: unknown, right: unknown): boolean {
  return left === right || toIdentity(this, left) === toIdentity(this, right);
}

function fromJson(this: FilterThis, value: unknown): unknown {
  const text = toText(this, value);
  chargeLength(this, text.length);
  try {
    return JSON.parse(text);
  } catch {
    return null; // TQ-13
  }
}

/** Returns `singular` for 1 and its text, else `plural` (T-049, TQ-2). */
function pluralize(value: unknown, singular: unknown, plural: unknown): unknown {
  const isOne = value === 1 || (typeof value === "string" && value.trim() !== "" && Number(value) === 1);
  return isOne ? singular : plural;
}

/** Registers the service's filters (T-040 to T-056, T-070 to T-073), and standard filters that liquidjs implements differently. */
export function registerFilters(liquid: Liquid): void {
  for (const name of TEXT_FILTERS) {
    const standard = liquid.filters[name] as Filter | undefined;
    if (standard === undefined) continue;
    liquid.registerFilter(name, function (this: FilterThis, value: unknown, ...args: unknown[]) {
      return standard.apply(this, [
        toChargedPrintable(this, value),
        ...args.map((arg) => toChargedPrintable(this, arg)),
      ]);
    });
  }
  const register = createFilterRegistrar(liquid);
  register("join", function (this: FilterThis, value: unknown, separator: unknown) {
    const items = toItems(this, value).map((item) => toText(this, item));
    const between = this.token.args.length === 0 ? " " : toText(this, separator);
    chargeLength(this, between.length * items.length + items.reduce((length, item) => length + item.length, 0));
    return items.join(between);
  });
  const createHexFilter = (algorithm: string) =>
    function (this: FilterThis, value: unknown) {
      return loadCrypto().hash(algorithm, toText(this, value), "hex");
    };
  register("json", function (this: FilterThis, value: unknown) {
    if (typeof value === "object" && value !== null) chargeContent(this, value);
    return JSON.stringify(value ?? null);
  });
  register("from_json", fromJson);
  register("size", computeSize);
  register("pluralize", pluralize);
  register("titlecase", function (this: FilterThis, value: unknown) {
    return toText(this, value).replace(
      /(^|\s)(\S)/g,
      (_all, space: string, letter: string) => space + letter.toUpperCase(),
    );
  });
  register("md5", createHexFilter("md5"));
  register("sha256", createHexFilter("sha256"));
  register("hmac_sha256", function (this: FilterThis, value: unknown, key: unknown) {
    // Anyone can compute a signature with an empty key, so a missing variable must not be used as the key (T-053).
    const secret = toText(this, key);
    if (secret === "") throw new Error("hmac_sha256: the key is empty; is the variable that it comes from set?");
    return loadCrypto().createHmac("sha256", secret).update(toText(this, value)).digest("hex");
  });
  register("intersect", intersect);
  register("equals", areEqual);
  register("from_markdown", function (this: FilterThis, value: unknown) {
    return renderMarkdown(toText(this, value));
  });
  register("compare_versions", compareVersions);
  registerArrayFilters(register);
  registerTextFilters(register, (name, filter) => liquid.registerFilter(name, filter), toText);
  registerDateFilters(register);
  registerNumberFilters((name, filter) => liquid.registerFilter(name, filter), register);
  registerRecipientFilters(register);
}
