import * as z from "zod/mini";
import { $constructor } from "zod/v4/core";
import { isJsonObject, type Json, type JsonObject } from "../../util/json.js";
import { once } from "../../util/once.js";
import type { ReportFinding } from "../findings/report-finding.js";
import { describeInvalidType } from "./describe-issue.js";

type Nullish<T extends z.ZodMiniType> = z.ZodMiniOptional<z.ZodMiniNullable<T>>;

/** One schema that replaces the two of `z.nullish`, because a start builds a hundred optional fields. */
const OptionalField = $constructor<z.ZodMiniType & { _zod: { def: { innerType: z.ZodMiniType } } }>(
  "KnockOptionalField",
  (inst, def) => {
    (z.ZodMiniNullable.init as (inst: unknown, def: unknown) => void)(inst, def);
    for (const name of ["optin", "optout"]) Object.defineProperty(inst._zod, name, { value: "optional" });
    inst._zod.parse = (payload, context) =>
      payload.value === undefined || payload.value === null ? payload : def.innerType._zod.run(payload, context);
  },
);

/** Returns an optional field of a document. In project files, null means the same as an absent key. */
export const optional = <T extends z.ZodMiniType>(schema: T): Nullish<T> =>
  new OptionalField({ type: "nullable", innerType: schema } as never) as Nullish<T>;

/**
 * Returns a schema that is built when the first value needs it. Use it inside `optional`, so that reading an absent
 * field builds nothing.
 */
export function lazySchema<T extends z.ZodMiniType>(build: () => T): z.ZodMiniLazy<T> {
  const schema = z.lazy(build);
  // zod reads these before the value, and would have to build the schema. They are undefined for all required schemas.
  for (const name of ["optin", "optout"]) Object.defineProperty(schema._zod, name, { value: undefined });
  return schema;
}

/** Returns a schema for non-empty strings, such as a key, a path, or a template that must render something. */
export const nonEmptyString = (error = "must not be empty") =>
  // zod's own minLength also checks the length of values that are not strings.
  z.string().check(
    z.refine((text) => text !== "", { error }),
    z.meta({ minLength: 1 }),
  );

/** Returns whether a setting counts as absent. In many settings an empty string means the same as no value. */
export const isEmpty = (value: unknown): boolean => value === undefined || value === null || value === "";

/**
 * Returns a string schema with its own check. `describeInvalid` returns the sentence about an invalid string, or null.
 * `error` is the sentence about other types.
 */
export const checkedString = (describeInvalid: (text: string) => string | null, error?: string) =>
  z.string({ error }).check(({ value, issues }) => {
    const message = describeInvalid(value);
    if (message !== null) issues.push({ code: "custom", message, input: value, continue: true });
  });

/** Returns a schema for strings that match. Other strings and other types have the same error. */
export const matchingString = (matches: (text: string) => boolean, error: string) =>
  z.string({ error }).check(z.refine(matches, { error }));

/** Returns a schema for strings that match. Errors are `expected` followed by the value that was found. */
export const matchingText = (matches: (text: string) => boolean, expected: string) => {
  const error = ({ input }: { input?: unknown }) => `${expected}, found ${JSON.stringify(input)}`;
  return z.string({ error }).check(z.refine(matches, { error }));
};

/** Returns a schema for objects with any keys and values of one schema. */
export const record = <T extends z.ZodMiniType>(schema: T) => z.record(z.string(), schema);

/** Returns a schema for a value of any type, or for a value that is checked elsewhere. Documents are JSON. */
export const anyValue = () => z.optional(z.unknown() as z.ZodMiniType<Json>);

/** Returns a schema for objects with any keys and values. */
export const anyObject = (error?: string) =>
  z.record(z.string(), z.unknown(), { error }) as z.ZodMiniType as z.ZodMiniType<JsonObject>;

/**
 * Returns the field `$schema` of a document: a schema of this project, or of the hosted service in files that were
 * pulled from it.
 */
export const schemaReference = () =>
  optional(z.string().check(z.meta({ description: "The JSON Schema that editors check this file with." })));

// All fields of these types share one schema, because a start builds every schema that it needs.
const STRING = once(() => z.string());
const BOOLEAN = once(() => z.boolean());
const UNKNOWN = once(() => z.unknown());

/** Returns a field that the hosted service writes into files. It has no effect here. */
export const serviceField = () => described(optional(UNKNOWN()), "Written by the hosted service.");

/**
 * Adds the description that editors show, and an example for the documentation. A schema that already has them is copied,
 * because other fields may share it.
 */
export function described<T extends z.ZodMiniType>(schema: T, description: string, example?: unknown): T {
  const own = z.globalRegistry.has(schema) ? schema.clone(undefined, { parent: true }) : schema;
  z.globalRegistry.add(own, {
    ...z.globalRegistry.get(own),
    description,
    ...(example === undefined ? {} : { examples: [example] }),
  });
  return own;
}

/** Names a schema that a document contains several times, so that the published schema defines it once. */
export const named = <T extends z.ZodMiniType>(schema: T, id: string): T => schema.check(z.meta({ id }));

/** Returns an optional string field with its description. */
export const text = (description: string, example?: string) => described(optional(STRING()), description, example);

/** Returns a required, non-empty string field with its description. */
export const requiredText = (description: string, example?: string) =>
  described(nonEmptyString(), description, example);

/** Returns an optional boolean field with its description. */
export const flag = (description: string) => described(optional(BOOLEAN()), description);

/** Returns an optional field that is one of several names, with its description. */
export const choice = <const T extends readonly string[]>(names: T, description: string) =>
  described(optional(z.enum(names)), description);

/**
 * Returns a schema for strings of up to `max` UTF-16 code units, which the service counts. zod's own limit counts code
 * points (F-008).
 */
export const stringUpTo = (max: number) =>
  z.string().check(
    z.refine((text) => text.length <= max, { error: `must be at most ${max} characters` }),
    z.meta({ maxLength: max }),
  );

/** Returns a schema for integers from `min` to `max`. */
export function wholeNumber(min: number, max = Number.MAX_SAFE_INTEGER) {
  const range = max === Number.MAX_SAFE_INTEGER ? `of at least ${min}` : `from ${min} to ${max}`;
  const error = ({ input }: { input?: unknown }): string =>
    typeof input === "number"
      ? `must be a whole number ${range}, found ${input}`
      : describeInvalidType(`a whole number ${range}`, input);
  const params = { error, abort: true };
  return z.int(params).check(z.gte(min, params), z.lte(max, params));
}

/** Returns a schema for values of several types. `expected` names them in the error, such as "a number or text". */
export const typeUnion = <const T extends readonly z.ZodMiniType[]>(expected: string, options: T) =>
  z.union(options, { error: ({ input }) => describeInvalidType(expected, input) });

function checkWhen<T>(matches: (value: unknown) => value is T, check: (value: T, report: ReportFinding) => void) {
  return z.check<unknown>(
    ({ value, issues }) =>
      check(value as T, (path, message) => {
        issues.push({ code: "custom", path, message, input: value, continue: true });
      }),
    { when: ({ value }: { value: unknown }) => matches(value) },
  );
}

/**
 * Returns a check over several fields of an object. It also runs if some fields are invalid, so that one finding does
 * not hide another. Therefore it must accept values of any type.
 */
export const rule = (check: (value: Record<string, unknown>, report: ReportFinding) => void) =>
  checkWhen<Record<string, unknown>>(isJsonObject, check);

/** Returns a check over the items of a list. Like {@link rule}, it must accept items of any type. */
export const listRule = (check: (items: unknown[], report: ReportFinding) => void) =>
  checkWhen<unknown[]>(Array.isArray, check);

/**
 * Returns a check that no two items of a list have the same string at `key`. `item` is the noun for an item in the
 * error.
 */
export const distinct = (key: string, item: string) =>
  listRule((items, report) => {
    const seen = new Set<unknown>();
    for (const [index, entry] of items.entries()) {
      const name = isJsonObject(entry) ? entry[key] : undefined;
      if (typeof name !== "string") continue;
      if (seen.has(name)) report([index, key], `"${name}" is already the ${key} of another ${item}`);
      seen.add(name);
    }
  });
