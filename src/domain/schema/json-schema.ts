import * as z from "zod/mini";
import type { JsonObject } from "../../util/json.js";
import { checkJsonSchema } from "./check-json-schema.js";
import { described, optional, rule } from "./fields.js";

/** Returns an optional field that contains a JSON Schema, which is checked by its own rules. */
export const jsonSchema = (description: string, example?: JsonObject) =>
  described(
    optional(
      z
        .record(z.string(), z.unknown(), { error: "must be an object" })
        .check(rule((schema, report) => checkJsonSchema(schema, [], report))),
    ),
    description,
    example,
  );
