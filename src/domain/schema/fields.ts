import * as z from "zod/mini";

/** An optional field of a document: in project files, null means the same as an absent key. */
export const optional = <T extends z.ZodMiniType>(schema: T) => z.nullish(schema);

/** A string that must not be empty: a key, a path, or a template that must produce something. */
export const filledText = () => z.string().check(z.minLength(1));

/** The `$schema` of a document: ours, or the hosted service's in files that were pulled from it. */
export const schemaReference = () =>
  optional(z.string().check(z.meta({ description: "The JSON Schema that editors check this file with." })));

/** Adds the description that editors show. */
export const described = <T extends z.ZodMiniType>(schema: T, description: string): T =>
  schema.check(z.meta({ description })) as T;
