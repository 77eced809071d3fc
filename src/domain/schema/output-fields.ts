import * as z from "zod/mini";
import type { Json } from "../../util/json.js";
import { anyObject, described } from "./fields.js";

/**
 * Fields of documents that the program prints. Their schemas are published and used by tests. The program imports only
 * their types, so none of them is built when a command starts.
 */

/**
 * Adds keywords of JSON Schema that zod does not have, such as `if` and `then`, to the published schema. The schema must
 * be new, because it is changed in place.
 */
export function withKeywords<T extends z.ZodMiniType>(schema: T, keywords: Record<string, unknown>): T {
  z.globalRegistry.add(schema, { ...z.globalRegistry.get(schema), ...keywords });
  return schema;
}

/** Names a schema that documents contain several times, so that a published schema defines it once. */
export const definition = <T extends z.ZodMiniType>(id: string, schema: T): T => withKeywords(schema, { id });

/** A text, with its description. */
export const textField = (description: string) => described(z.string(), description);

/** A text or null, with its description. */
export const textOrNull = (description: string) => described(z.nullable(z.string()), description);

/** True or false, with its description. */
export const flagField = (description: string) => described(z.boolean(), description);

/** A whole number of at least 0, with its description. */
export const countField = (description: string) => described(z.int().check(z.gte(0)), description);

const createTime = () => withKeywords(z.string(), { format: "date-time" });

/** A time in ISO 8601, with its description. */
export const timeField = (description: string) => described(createTime(), description);

/** A time in ISO 8601 or null, with its description. */
export const timeOrNull = (description: string) => described(z.nullable(createTime()), description);

/** A constant that names the type of one of the API's objects. */
export const typeName = <const T extends string>(name: T) => described(z.literal(name), "The type of the object.");

/** An object with any keys, such as a trigger's data. */
export const jsonObject = (description: string) => described(anyObject(), description);

/** An object with any keys, or null. */
export const jsonObjectOrNull = (description: string) => described(z.nullable(anyObject()), description);

/** A value of any type. */
export const jsonValue = (description: string) => described(z.unknown() as z.ZodMiniType<Json>, description);
