import { parseTimestamp } from "../../domain/condition/parse-timestamp.js";
import { type RecipientKey, toRecipientKey } from "../../domain/recipient/recipient.js";
import { checkParameter } from "../../domain/request/check-request.js";
import {
  choiceSchema,
  choicesSchema,
  countSchema,
  flagSchema,
  listSchema,
  MAX_PAGE_SIZE,
  objectReferenceSchema,
  objectTextSchema,
  type ParameterSchema,
  pairsTextSchema,
  referenceSchema,
  timeSchema,
} from "../../domain/request/query-parameters.js";
import type { PageRequest } from "../../ports/page-request.js";
import { isJsonObject, type JsonObject } from "../../util/json.js";
import { createInvalidFieldError } from "./api-error.js";

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
    const value = this.pairs.findLast(([parameter]) => parameter === name || parameter === bracketed)?.[1];
    return value === "" ? undefined : value;
  }

  /** The parameters by name, without the part of a name in brackets or after a dot. */
  toObject(): Record<string, string> {
    return Object.fromEntries(this.pairs.map(([name, value]) => [name.split(/[[.]/, 1)[0] ?? "", value]));
  }

  required(name: string): string {
    const value = this.text(name);
    if (value === undefined) throw createInvalidFieldError(name, "is required");
    return value;
  }

  /** The value of the name, checked. */
  private readParameter<T extends string>(name: string, schema: () => ParameterSchema<T>): T | undefined {
    const value = this.text(name);
    return value === undefined ? undefined : checkParameter(name, schema(), value);
  }

  flag(name: string): boolean | undefined {
    const value = this.readParameter(name, flagSchema);
    return value && value === "true";
  }

  choice<T extends string>(name: string, known: readonly T[]): T | undefined {
    return this.readParameter(name, () => choiceSchema(known)) as T | undefined;
  }

  /** Undefined where the parameter is absent. A list with indices is refused, as by the service. */
  list(name: string, max?: number): string[] | undefined {
    if (this.pairs.some(([one]) => one.startsWith(`${name}[`) && one !== `${name}[]`))
      throw createInvalidFieldError(name, "must be a list: repeat name[]=value");
    const values = this.pairs.flatMap(([one, value]) => (one === name || one === `${name}[]` ? [value] : []));
    if (values.length === 0) return undefined;
    return max === undefined ? values : checkParameter(name, listSchema(max), values);
  }

  /** Each of the values once. */
  choices<T extends string>(name: string, known: readonly T[]): T[] | undefined {
    const values = [...new Set(this.list(name))];
    return values.length === 0 ? undefined : (checkParameter(name, choicesSchema(known), values) as T[]);
  }

  /** A whole number from 1 to `max`. */
  wholeNumber(name: string, max: number): number | undefined {
    const value = this.readParameter(name, () => countSchema(max));
    return value === undefined ? undefined : Number(value);
  }

  time(name: string): number | undefined {
    return parseTimestamp(this.readParameter(name, timeSchema));
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
    if (id !== undefined) return parseReferenceKey(name, { id, collection: this.text(`${name}.collection`) });
    const value = this.text(name);
    return value === undefined ? undefined : parseReferenceKey(name, parseReference(value));
  }

  /** As {@link reference}; an object's may be `collection/id`, as the commands write it. The API has no such form. */
  recipient(name: string): RecipientKey | undefined {
    const [collection, id, ...rest] = (this.text(name) ?? "").split("/");
    if (id === undefined || rest.length > 0 || collection?.startsWith("{")) return this.reference(name);
    return parseReferenceKey(name, { id, collection });
  }

  /** Recipients: `name[]=id`, `name[0][id]=…&name[0][collection]=…`. */
  references(name: string): RecipientKey[] | undefined {
    const grouped = new Map<string, { id?: string; collection?: string }>();
    const keys: RecipientKey[] = [];
    for (const [one, value] of this.pairs) {
      if (one === name || one === `${name}[]`) keys.push(parseReferenceKey(name, parseReference(value)));
      const match = one.startsWith(`${name}[`)
        ? /^\[(\d*)\](?:\[(id|collection)\])?$/.exec(one.slice(name.length))
        : null;
      if (!match || one === `${name}[]`) continue;
      const [, index = "", part] = match;
      if (part === undefined) keys.push(parseReferenceKey(name, { id: value }));
      else grouped.set(index, { ...grouped.get(index), [part]: value });
    }
    for (const reference of grouped.values()) keys.push(parseReferenceKey(name, reference));
    return keys.length === 0 ? undefined : keys;
  }

  /** an object reference as JSON text or in brackets. */
  object(name: string): { id: string; collection: string } {
    const text = this.text(name);
    const id = this.text(`${name}.object_id`) ?? this.text(`${name}.id`);
    const value =
      text === undefined ? { id, collection: this.text(`${name}.collection`) } : parseJsonParameter(name, text);
    const reference = isJsonObject(value) ? { ...value, id: value.object_id ?? value.id } : value;
    const { id: objectId, collection } = checkParameter(name, objectReferenceSchema(), reference);
    return { id: objectId, collection };
  }

  /** pairs of which none is nested. */
  scalars(name = "trigger_data"): JsonObject | undefined {
    const text = this.readParameter(name, pairsTextSchema);
    return text === undefined ? undefined : JSON.parse(text);
  }

  /** A JSON object as text. */
  json(name: string): JsonObject | undefined {
    const text = this.readParameter(name, objectTextSchema);
    return text === undefined ? undefined : JSON.parse(text);
  }

  /** */
  page(): PageRequest {
    const limit = this.wholeNumber("page_size", MAX_PAGE_SIZE) ?? MAX_PAGE_SIZE;
    const after = this.text("after");
    return { limit, after, before: after === undefined ? this.text("before") : undefined };
  }
}

function parseJsonParameter(name: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw createInvalidFieldError(name, "must be JSON");
  }
}

function parseReference(text: string): { id?: unknown; collection?: unknown } {
  if (!text.startsWith("{")) return { id: text };
  try {
    return JSON.parse(text) as { id?: unknown; collection?: unknown };
  } catch {
    return { id: text };
  }
}

function parseReferenceKey(name: string, reference: unknown): RecipientKey {
  const { id, collection } = checkParameter(name, referenceSchema(), reference);
  return toRecipientKey(collection === undefined ? id : { id, collection });
}
