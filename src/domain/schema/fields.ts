import * as z from "zod/mini";
import { $constructor } from "zod/v4/core";
import { isJsonObject } from "../../util/json.js";
import { once } from "../../util/once.js";
import type { ReportFinding } from "../shape/report-finding.js";
import { describeInvalidType } from "./describe-issue.js";

type Nullish<T extends z.ZodMiniType> = z.ZodMiniOptional<z.ZodMiniNullable<T>>;

/** One schema instead of the two of `z.nullish`: a start builds a hundred optional fields. */
const OptionalField = $constructor<z.ZodMiniType & { _zod: { def: { innerType: z.ZodMiniType } } }>(
  "KnockOptionalField",
  (inst, def) => {
    (z.ZodMiniNullable.init as (inst: unknown, def: unknown) => void)(inst, def);
    for (const name of ["optin", "optout"]) Object.defineProperty(inst._zod, name, { value: "optional" });
    inst._zod.parse = (payload, context) =>
      payload.value === undefined || payload.value === null ? payload : def.innerType._zod.run(payload, context);
  },
);

/** An optional field of a document: in project files, null means the same as an absent key. */
export const optional = <T extends z.ZodMiniType>(schema: T): Nullish<T> =>
  new OptionalField({ type: "nullable", innerType: schema } as never) as unknown as Nullish<T>;

/** A schema that is built when the first value needs it. It goes inside `optional`: reading an absent field builds nothing. */
export function lazySchema<T extends z.ZodMiniType>(build: () => T): z.ZodMiniLazy<T> {
  const schema = z.lazy(build);
  // zod asks for these before it looks at the value, and would build the schema to answer. They are undefined for all that is required.
  for (const name of ["optin", "optout"]) Object.defineProperty(schema._zod, name, { value: undefined });
  return schema;
}

/** A string that must not be empty: a key, a path, or a template that must produce something. */
export const nonEmptyString = (error = "must not be empty") =>
  // zod's own minLength also judges the length of values that are not strings.
  z.string().check(
    z.refine((text) => text !== "", { error }),
    z.meta({ minLength: 1 }),
  );

/** Returns whether a setting counts as absent: in many settings, empty text is the same as none. */
export const isEmpty = (value: unknown): boolean => value === undefined || value === null || value === "";

/** A string with a rule of its own. `faultOf` returns the fault of a string, or null; `error` is that of other values. */
export const checkedString = (describeInvalid: (text: string) => string | null, error?: string) =>
  z.string({ error }).check(({ value, issues }) => {
    const message = describeInvalid(value);
    if (message !== null) issues.push({ code: "custom", message, input: value, continue: true });
  });

/** A string of a form, where anything else is the same fault. */
export const matchingString = (matches: (text: string) => boolean, error: string) =>
  z.string({ error }).check(z.refine(matches, { error }));

/** An object with values of one schema under any keys. */
export const record = <T extends z.ZodMiniType>(schema: T) => z.record(z.string(), schema);

/** A value that may be anything, or is checked elsewhere. */
export const anyValue = () => z.optional(z.unknown());

/** The `$schema` of a document: ours, or the hosted service's in files that were pulled from it. */
export const schemaReference = () =>
  optional(z.string().check(z.meta({ description: "The JSON Schema that editors check this file with." })));

// Shared by all fields of these types: a start builds every schema that it needs.
const STRING = once(() => z.string());
const BOOLEAN = once(() => z.boolean());
const UNKNOWN = once(() => z.unknown());

/** A field that the hosted service writes into a file, and that has no effect here. */
export const serviceField = () => described(optional(UNKNOWN()), "Written by the hosted service.");

/** Adds the description that editors show. A schema that has one is copied, because other fields may share it. */
export function described<T extends z.ZodMiniType>(schema: T, description: string): T {
  const own = z.globalRegistry.has(schema) ? (schema.clone(undefined, { parent: true }) as T) : schema;
  z.globalRegistry.add(own, { ...z.globalRegistry.get(own), description });
  return own;
}

/** Names a schema that a document contains several times, so that the published schema defines it once. */
export const named = <T extends z.ZodMiniType>(schema: T, id: string): T => schema.check(z.meta({ id })) as T;

/** An optional string with its description. */
export const text = (description: string) => described(optional(STRING()), description);

/** A required string that must not be empty, with its description. */
export const requiredText = (description: string) => described(nonEmptyString(), description);

/** An optional `true` or `false` with its description. */
export const flag = (description: string) => described(optional(BOOLEAN()), description);

/** An optional choice between names, with its description. */
export const choice = <const T extends readonly string[]>(names: T, description: string) =>
  described(optional(z.enum(names)), description);

/** Text of at most `max` UTF-16 code units, as the service counts them (F-008). zod's own limit counts code points. */
export const stringUpTo = (max: number) =>
  z.string().check(
    z.refine((text) => text.length <= max, { error: `must be at most ${max} characters` }),
    z.meta({ maxLength: max }),
  );

/** A whole number from `min` to `max`. */
export function wholeNumber(min: number, max = Number.MAX_SAFE_INTEGER) {
  const range = max === Number.MAX_SAFE_INTEGER ? `of at least ${min}` : `from ${min} to ${max}`;
  const error = ({ input }: { input?: unknown }): string =>
    typeof input === "number"
      ? `must be a whole number ${range}, found ${input}`
      : describeInvalidType(`a whole number ${range}`, input);
  const params = { error, abort: true };
  return z.int(params).check(z.gte(min, params), z.lte(max, params));
}

/** A value of one of several types. `expected` names them in the error, such as "a number or text". */
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
 * A rule over several fields of an object. It also runs if some of them are invalid, so that one fault does not hide
 * another. The rule must therefore tolerate values of any type.
 */
export const rule = (check: (value: Record<string, unknown>, report: ReportFinding) => void) =>
  checkWhen<Record<string, unknown>>(isJsonObject, check);

/** A rule over the items of a list. Like {@link rule}, it must tolerate items of any type. */
export const listRule = (check: (items: unknown[], report: ReportFinding) => void) =>
  checkWhen<unknown[]>(Array.isArray, check);

/** A rule that no two items of a list have the same text under `key`. `item` is what the error calls an item. */
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
