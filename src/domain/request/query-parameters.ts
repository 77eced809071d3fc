import * as z from "zod/mini";
import { once } from "../../util/once.js";
import { parseTimestamp } from "../condition/parse-timestamp.js";
import { describeInvalidId } from "../recipient/describe-invalid-id.js";
import { checkClosedDocument } from "../schema/check-document.js";
import { anyObject, checkedString, matchingString, optional } from "../schema/fields.js";
import { flatPairs } from "../schema/lists.js";
import { unionByType } from "../schema/union-by-type.js";

// These are the types of query parameters. Bodies with the same filters share them.

export type ParameterSchema<T> = z.ZodMiniType<T>;

export const MAX_PAGE_SIZE = 50;
/** Limits the pairs of a filter by trigger data, because each pair is compared with every row. */
const MAX_FILTER_PAIRS = 100;

/** Returns a schema for JSON as text. Findings in the value are reported at the text. */
const jsonTextSchema = (schema: () => z.ZodMiniType): z.ZodMiniType<string> =>
  z.string().check(({ value, issues }) => {
    const report = (message: string): void => {
      issues.push({ code: "custom", message, input: value, continue: true });
    };
    let parsed: unknown;
    try {
      parsed = JSON.parse(value);
    } catch {
      return report("must be JSON");
    }
    checkClosedDocument(schema(), parsed, (path, message) =>
      report(path.length === 0 ? message : `${message}, at ${JSON.stringify(path.join("."))}`),
    );
  });

/** Returns a schema for a whole number from 1 to `max`, as text. */
export const countSchema = (max: number) =>
  matchingString(
    (text) => /^\d+$/.test(text) && Number(text) >= 1 && Number(text) <= max,
    `must be a whole number from 1 to ${max}`,
  );

export const flagSchema = once(() => z.enum(["true", "false"], { error: "must be true or false" }));

export const timeSchema = once(() =>
  matchingString((text) => parseTimestamp(text) !== undefined, "must be an ISO 8601 time"),
);

/** Returns a schema for one of several names. */
export const choiceSchema = <const T extends readonly string[]>(names: T) =>
  z.enum(names, { error: `must be one of ${names.join(", ")}` });

export const choicesSchema = <const T extends readonly string[]>(names: T) => z.array(choiceSchema(names));

/** Returns a schema for a list of up to `max` values. */
export const listSchema = (max: number) =>
  z.array(z.string()).check(
    z.refine((values) => values.length <= max, {
      error: ({ input }) => `must have at most ${max} entries, found ${Array.isArray(input) ? input.length : 0}`,
    }),
  );

/** The schema of pairs that trigger data must contain. */
const pairsSchema = once(() =>
  flatPairs(MAX_FILTER_PAIRS, { noObject: "must be a JSON object", nested: "must not be nested" }),
);

/** The schema of a filter by trigger data in a query. */
export const pairsTextSchema = once(() => jsonTextSchema(pairsSchema));

/** The schema of such a filter in a body, where it may also be an object. */
export const pairsOrTextSchema = once(() =>
  optional(unionByType("a JSON object, or one as text", { text: pairsTextSchema, object: pairsSchema })),
);

const objectSchema = once(() => anyObject("must be a JSON object"));

/** The schema of a JSON object as text. */
export const objectTextSchema = once(() => jsonTextSchema(objectSchema));

/** The schema of a reference to an object in a query. */
export const objectReferenceSchema = once(() => {
  const error = 'must be an object reference, for example {"object_id":"acme","collection":"$tenants"}';
  return z.looseObject({ id: z.string({ error }), collection: z.string({ error }) }, { error });
});

/** The schema of an ID, or of an ID with a collection. */
export const referenceSchema = once(() => {
  const id = checkedString(describeInvalidId, "must be an id, or an id with a collection");
  return z.looseObject({ id, collection: z.optional(id) });
});
