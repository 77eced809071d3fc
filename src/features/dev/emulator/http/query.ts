import { parseTimestamp } from "../../../../domain/condition/parse-timestamp.js";
import { type RecipientKey, toRecipientKey } from "../../../../domain/recipient/recipient.js";
import { checkParameter } from "../../../../domain/request/check-request.js";
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
} from "../../../../domain/request/query-parameters.js";
import type { PageRequest } from "../../../../ports/page-request.js";
import { isJsonObject, type JsonObject } from "../../../../util/json.js";
import { createInvalidFieldError } from "./api-error.js";

const BOUNDS = ["gt", "gte", "lt", "lte"] as const;

/**
 * The query of a request. Lists repeat `name[]`, lists of objects are `name[0][id]`, and nested names are `a.b` or
 * `a[b]`. Invalid values throw `invalid_params` with the parameter's name.
 */
export class Query {
  private readonly pairs: [name: string, value: string][];

  constructor(search: string) {
    this.pairs = [...new URLSearchParams(search)];
  }

  /** Returns the last value of a name, or undefined if it is empty. `a.b` also matches `a[b]`. */
  text(name: string): string | undefined {
    const [first, ...rest] = name.split(".");
    const bracketed = rest.length > 0 ? `${first}[${rest.join(".")}]` : name;
    const value = this.pairs.findLast(([parameter]) => parameter === name || parameter === bracketed)?.[1];
    return value === "" ? undefined : value;
  }

  /** Returns the parameters by name, without the part of a name that is in brackets or after a dot. */
  toObject(): Record<string, string> {
    return Object.fromEntries(this.pairs.map(([name, value]) => [name.split(/[[.]/, 1)[0] ?? "", value]));
  }

  required(name: string): string {
    const value = this.text(name);
    if (value === undefined) throw createInvalidFieldError(name, "is required");
    return value;
  }

  /** Returns the checked value of a name. */
  private readParameter<T extends string>(name: string, schema: () => ParameterSchema<T>): T | undefined {
    const value = this.text(name);
    return value === undefined ? undefined : checkParameter(name, schema(), value);
  }

  flag(name: string): boolean | undefined {
    const value = this.readParameter(name, flagSchema);
    return value && value === "true";
  }

  choice<T extends string>(name: string, known: readonly T[]): T | undefined {
    return this.readParameter(name, () => choiceSchema(known));
  }

  /**
   * Returns all values of a name; undefined if the parameter is absent. Throws for a list with indices, which the
   * service rejects.
   */
  list(name: string, max?: number): string[] | undefined {
    if (this.pairs.some(([parameter]) => parameter.startsWith(`${name}[`) && parameter !== `${name}[]`))
      throw createInvalidFieldError(name, "must be a list: repeat name[]=value");
    const values = this.pairs.flatMap(([parameter, value]) =>
      parameter === name || parameter === `${name}[]` ? [value] : [],
    );
    if (values.length === 0) return undefined;
    return max === undefined ? values : checkParameter(name, listSchema(max), values);
  }

  /** Returns each value of a name once. */
  choices<T extends string>(name: string, known: readonly T[]): T[] | undefined {
    const values = [...new Set(this.list(name))];
    return values.length === 0 ? undefined : checkParameter(name, choicesSchema(known), values);
  }

  /** Returns a whole number from 1 to `max`. */
  wholeNumber(name: string, max: number): number | undefined {
    const value = this.readParameter(name, () => countSchema(max));
    return value === undefined ? undefined : Number(value);
  }

  time(name: string): number | undefined {
    return parseTimestamp(this.readParameter(name, timeSchema));
  }

  /** Returns the bounds of a time in milliseconds: `name.gt`, `name.gte`, `name.lt` and `name.lte`. */
  bounds(name: string): Partial<Record<(typeof BOUNDS)[number], number>> {
    return Object.fromEntries(
      BOUNDS.flatMap((bound) => {
        const at = this.time(`${name}.${bound}`);
        return at === undefined ? [] : [[bound, at]];
      }),
    );
  }

  /** Returns one recipient, written as `name=id`, as `name[id]` and `name[collection]`, or as JSON. */
  reference(name: string): RecipientKey | undefined {
    const id = this.text(`${name}.id`);
    if (id !== undefined) return parseReferenceKey(name, { id, collection: this.text(`${name}.collection`) });
    const value = this.text(name);
    return value === undefined ? undefined : parseReferenceKey(name, parseReference(value));
  }

  /**
   * Returns one recipient as {@link reference} does, and also accepts `collection/id`, which commands use. The API has
   * no such form.
   */
  recipient(name: string): RecipientKey | undefined {
    const [collection, id, ...rest] = (this.text(name) ?? "").split("/");
    if (id === undefined || rest.length > 0 || collection?.startsWith("{")) return this.reference(name);
    return parseReferenceKey(name, { id, collection });
  }

  /** Returns recipients, written as `name[]=id` or as `name[0][id]=…&name[0][collection]=…`. */
  references(name: string): RecipientKey[] | undefined {
    const grouped = new Map<string, { id?: string; collection?: string }>();
    const keys: RecipientKey[] = [];
    for (const [parameter, value] of this.pairs) {
      if (parameter === name || parameter === `${name}[]`) keys.push(parseReferenceKey(name, parseReference(value)));
      const match = parameter.startsWith(`${name}[`)
        ? /^\[(\d*)\](?:\[(id|collection)\])?$/.exec(parameter.slice(name.length))
        : null;
      if (!match || parameter === `${name}[]`) continue;
      const [, index = "", part] = match;
      if (part === undefined) keys.push(parseReferenceKey(name, { id: value }));
      else grouped.set(index, { ...grouped.get(index), [part]: value });
    }
    for (const reference of grouped.values()) keys.push(parseReferenceKey(name, reference));
    return keys.length === 0 ? undefined : keys;
  }

  /** Returns an object reference, written as JSON or in brackets. */
  object(name: string): { id: string; collection: string } {
    const text = this.text(name);
    const id = this.text(`${name}.object_id`) ?? this.text(`${name}.id`);
    const value =
      text === undefined ? { id, collection: this.text(`${name}.collection`) } : parseJsonParameter(name, text);
    const reference = isJsonObject(value) ? { ...value, id: value.object_id ?? value.id } : value;
    const { id: objectId, collection } = checkParameter(name, objectReferenceSchema(), reference);
    return { id: objectId, collection };
  }

  /** Returns a JSON object without nested values. */
  scalars(name = "trigger_data"): JsonObject | undefined {
    const text = this.readParameter(name, pairsTextSchema);
    return text === undefined ? undefined : JSON.parse(text);
  }

  /** Returns a JSON object of any depth. */
  json(name: string): JsonObject | undefined {
    const text = this.readParameter(name, objectTextSchema);
    return text === undefined ? undefined : JSON.parse(text);
  }

  /** Returns the requested page. */
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
    return JSON.parse(text);
  } catch {
    return { id: text };
  }
}

function parseReferenceKey(name: string, reference: unknown): RecipientKey {
  const { id, collection } = checkParameter(name, referenceSchema(), reference);
  return toRecipientKey(collection === undefined ? id : { id, collection });
}
