import { parseTimestamp } from "../../domain/condition/timestamp.js";
import { keyOf, type RecipientKey } from "../../domain/recipient/recipient.js";
import { idFault } from "../../domain/recipient/recipient-id.js";
import type { Page } from "../../ports/page.js";
import { isJsonObject, type JsonObject } from "../../util/json.js";
import { invalidField } from "./api-error.js";

const MAX_PAGE = 50;
/** Pairs of a filter by trigger data; each is a look of its own at every row. */
const MAX_PAIRS = 100;
const BOUNDS = ["gt", "gte", "lt", "lte"] as const;

/**
 * A request's query. Lists repeat `name[]`, lists of objects are `name[0][id]`, nested names are `a.b` or `a[b]`
 * a mistake is `invalid_params` with the parameter's name.
 */
export class Query {
  private readonly pairs: [name: string, value: string][];

  constructor(search: string) {
    this.pairs = [...new URLSearchParams(search)];
  }

  /** The last value of the name; an empty one counts as none. `a.b` is found as `a[b]`, too. */
  text(name: string): string | undefined {
    const [first, ...rest] = name.split(".");
    const bracketed = rest.length > 0 ? `${first}[${rest.join(".")}]` : name;
    const value = this.pairs.findLast(([one]) => one === name || one === bracketed)?.[1];
    return value === "" ? undefined : value;
  }

  /** What is asked for, without what stands in brackets or behind a point. */
  names(): Set<string> {
    return new Set(this.pairs.map(([name]) => name.split(/[[.]/, 1)[0] ?? ""));
  }

  required(name: string): string {
    const value = this.text(name);
    if (value === undefined) throw invalidField(name, "is required");
    return value;
  }

  flag(name: string): boolean | undefined {
    const value = this.text(name);
    if (value === undefined) return undefined;
    if (value !== "true" && value !== "false") throw invalidField(name, "must be true or false");
    return value === "true";
  }

  oneOf<T extends string>(name: string, known: readonly T[]): T | undefined {
    const value = this.text(name);
    return value === undefined ? undefined : checkKnown(name, value, known);
  }

  /** Undefined where the parameter is absent. A list with indices is refused, as by the service. */
  list(name: string, max?: number): string[] | undefined {
    if (this.pairs.some(([one]) => one.startsWith(`${name}[`) && one !== `${name}[]`))
      throw invalidField(name, "must be a list: repeat name[]=value");
    const values = this.pairs.flatMap(([one, value]) => (one === name || one === `${name}[]` ? [value] : []));
    if (values.length === 0) return undefined;
    if (max !== undefined && values.length > max)
      throw invalidField(name, `must have at most ${max} entries, found ${values.length}`);
    return values;
  }

  /** Each of the values once. */
  listOf<T extends string>(name: string, known: readonly T[]): T[] | undefined {
    const values = this.list(name)?.map((value) => checkKnown(name, value, known));
    return values && [...new Set(values)];
  }

  time(name: string): number | undefined {
    const value = this.text(name);
    if (value === undefined) return undefined;
    const time = parseTimestamp(value);
    if (time === undefined) throw invalidField(name, "must be an ISO 8601 time");
    return time;
  }

  /** `name.gt`, `.gte`, `.lt`, `.lte`. */
  bounds(name: string): Partial<Record<(typeof BOUNDS)[number], number>> {
    return Object.fromEntries(
      BOUNDS.flatMap((bound) => {
        const at = this.time(`${name}.${bound}`);
        return at === undefined ? [] : [[bound, at]];
      }),
    );
  }

  /** One recipient: `name=id`, or `name[id]` with `name[collection]`, or JSON. */
  reference(name: string): RecipientKey | undefined {
    const id = this.text(`${name}.id`);
    if (id !== undefined) return checkedKey(name, { id, collection: this.text(`${name}.collection`) });
    const value = this.text(name);
    return value === undefined ? undefined : checkedKey(name, parsedReference(value));
  }

  /** As {@link reference}; an object's may be `collection/id`, as the commands write it. The API has no such form. */
  recipient(name: string): RecipientKey | undefined {
    const [collection, id, ...rest] = (this.text(name) ?? "").split("/");
    if (id === undefined || rest.length > 0 || collection?.startsWith("{")) return this.reference(name);
    return checkedKey(name, { id, collection });
  }

  /** Recipients: `name[]=id`, `name[0][id]=…&name[0][collection]=…`. */
  references(name: string): RecipientKey[] | undefined {
    const grouped = new Map<string, { id?: string; collection?: string }>();
    const keys: RecipientKey[] = [];
    for (const [one, value] of this.pairs) {
      if (one === name || one === `${name}[]`) keys.push(checkedKey(name, parsedReference(value)));
      const match = one.startsWith(`${name}[`)
        ? /^\[(\d*)\](?:\[(id|collection)\])?$/.exec(one.slice(name.length))
        : null;
      if (!match || one === `${name}[]`) continue;
      const [, index = "", part] = match;
      if (part === undefined) keys.push(checkedKey(name, { id: value }));
      else grouped.set(index, { ...grouped.get(index), [part]: value });
    }
    for (const reference of grouped.values()) keys.push(checkedKey(name, reference));
    return keys.length === 0 ? undefined : keys;
  }

  /** an object reference as JSON text or in brackets. */
  object(name: string): { id: string; collection: string } {
    const text = this.text(name);
    const id = this.text(`${name}.object_id`) ?? this.text(`${name}.id`);
    const value = text === undefined ? { id, collection: this.text(`${name}.collection`) } : jsonOf(name, text);
    const found = isJsonObject(value) ? { ...value, id: value.object_id ?? value.id } : value;
    if (!isJsonObject(found) || typeof found.id !== "string" || typeof found.collection !== "string")
      throw invalidField(name, 'must be an object reference, for example {"object_id":"acme","collection":"$tenants"}');
    return { id: found.id, collection: found.collection };
  }

  /** pairs of which none is nested. */
  data(name = "trigger_data"): JsonObject | undefined {
    const text = this.text(name);
    if (text === undefined) return undefined;
    return scalarsOf(name, jsonOf(name, text));
  }

  /** */
  page(): Page {
    const size = this.text("page_size");
    const limit = size === undefined ? MAX_PAGE : /^\d+$/.test(size) ? Number(size) : 0;
    if (limit < 1 || limit > MAX_PAGE) throw invalidField("page_size", `must be a whole number from 1 to ${MAX_PAGE}`);
    const after = this.text("after");
    return { limit, after, before: after === undefined ? this.text("before") : undefined };
  }
}

/** A filter of trigger data; a nested value is refused. */
export function scalarsOf(name: string, value: unknown): JsonObject {
  if (!isJsonObject(value)) throw invalidField(name, "must be a JSON object as text");
  const pairs = Object.entries(value);
  if (pairs.length > MAX_PAIRS) throw invalidField(name, `must have at most ${MAX_PAIRS} pairs, found ${pairs.length}`);
  for (const [key, one] of pairs)
    if (typeof one === "object" && one !== null)
      throw invalidField(name, `has a nested value at ${JSON.stringify(key)}`);
  return value;
}

function checkKnown<T extends string>(name: string, value: string, known: readonly T[]): T {
  if (!(known as readonly string[]).includes(value)) throw invalidField(name, `must be one of ${known.join(", ")}`);
  return value as T;
}

function jsonOf(name: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw invalidField(name, "must be JSON");
  }
}

function parsedReference(text: string): { id?: unknown; collection?: unknown } {
  if (!text.startsWith("{")) return { id: text };
  try {
    return JSON.parse(text) as { id?: unknown; collection?: unknown };
  } catch {
    return { id: text };
  }
}

function checkedKey(name: string, { id, collection }: { id?: unknown; collection?: unknown }): RecipientKey {
  for (const part of collection === undefined ? [id] : [id, collection]) {
    const fault = typeof part === "string" ? idFault(part) : "must be an id, or an id with a collection";
    if (fault !== null) throw invalidField(name, fault);
  }
  return keyOf(collection === undefined ? (id as string) : { id: id as string, collection: collection as string });
}
