import type { JsonObject } from "../../util/json.js";
import { checkJsonSchema } from "./check-json-schema.js";
import { anyObject, described, optional, rule } from "./fields.js";

/** Returns an optional field that contains a JSON Schema, which is checked by its own rules. */
export const jsonSchema = (description: string, example?: JsonObject) =>
  described(
    optional(anyObject("must be an object").check(rule((schema, report) => checkJsonSchema(schema, [], report)))),
    description,
    example,
  );
