import * as z from "zod/mini";
import { once } from "../../util/once.js";
import { parseTimestamp } from "../condition/timestamp.js";
import { idFault } from "../recipient/recipient-id.js";
import { byKind } from "../schema/by-kind.js";
import { checkClosedDocument } from "../schema/check-document.js";
import { optional, textOf, textWith } from "../schema/fields.js";
import { flatPairs } from "../schema/lists.js";

// Parameters of queries, by type. Bodies with the same filters share them.

export type ParameterSchema<T> = z.ZodMiniType<T>;

export const MAX_PAGE = 50;
/** Pairs of a filter by trigger data: each is compared with every row. */
const MAX_PAIRS = 100;

/** JSON as text. Faults of its value are faults of the text. */
const jsonText = (schema: () => z.ZodMiniType): z.ZodMiniType<string> =>
  z.string().check(({ value, issues }) => {
    const fault = (message: string): void => {
      issues.push({ code: "custom", message, input: value, continue: true });
    };
    let parsed: unknown;
    try {
      parsed = JSON.parse(value);
    } catch {
      return fault("must be JSON");
    }
    checkClosedDocument(schema(), parsed, (path, message) =>
      fault(path.length === 0 ? message : `${message}, at ${JSON.stringify(path.join("."))}`),
    );
  });

/** A whole number from 1 to `max`. */
export const countSchema = (max: number) =>
  textOf(
    (text) => /^\d+$/.test(text) && Number(text) >= 1 && Number(text) <= max,
    `must be a whole number from 1 to ${max}`,
  );

export const flagSchema = once(() => z.enum(["true", "false"], { error: "must be true or false" }));

export const timeSchema = once(() => textOf((text) => parseTimestamp(text) !== undefined, "must be an ISO 8601 time"));

/** One of several names. */
export const choiceSchema = <const T extends readonly string[]>(names: T) =>
  z.enum(names, { error: `must be one of ${names.join(", ")}` });

export const choicesSchema = <const T extends readonly string[]>(names: T) => z.array(choiceSchema(names));

/** A list of up to `max` values. */
export const listSchema = (max: number) =>
  z.array(z.string()).check(
    z.refine((values) => values.length <= max, {
      error: ({ input }) => `must have at most ${max} entries, found ${(input as unknown[]).length}`,
    }),
  );

/** Pairs that trigger data must have. */
const pairsSchema = once(() =>
  flatPairs(MAX_PAIRS, { noObject: "must be a JSON object", nested: "must not be nested" }),
);

/** A filter by trigger data in a query. */
export const pairsTextSchema = once(() => jsonText(pairsSchema));

/** Such a filter in a body, where it may be an object. */
export const pairsOrTextSchema = once(() =>
  optional(byKind("a JSON object, or one as text", { text: pairsTextSchema, object: pairsSchema })),
);

const objectSchema = once(() => z.record(z.string(), z.unknown(), { error: "must be a JSON object" }));

/** A JSON object as text. */
export const objectTextSchema = once(() => jsonText(objectSchema));

/** */
export const objectReferenceSchema = once(() => {
  const error = 'must be an object reference, for example {"object_id":"acme","collection":"$tenants"}';
  return z.looseObject({ id: z.string({ error }), collection: z.string({ error }) }, { error });
});

/** An ID of a user, or an ID with a collection. */
export const referenceSchema = once(() => {
  const id = textWith(idFault, "must be an id, or an id with a collection");
  return z.looseObject({ id, collection: z.optional(id) });
});
