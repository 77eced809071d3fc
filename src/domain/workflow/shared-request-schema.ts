import * as z from "zod/mini";
import { isJsonObject } from "../../util/json.js";
import { once } from "../../util/once.js";
import { described, optional, requiredText, rule, schemaReference, stringUpTo } from "../schema/fields.js";
import { jsonSchema } from "../schema/json-schema.js";
import { httpMethodSchema, requestFields } from "../step/http-request.js";

/**
 * The schema of a `request.json` whose text files have been inserted (E-305, decision 18). It is built when the first
 * request is read.
 */
export const sharedRequestSchema = once(() =>
  described(
    z
      .strictObject({
        $schema: schemaReference(),
        name: described(optional(stringUpTo(255)), "The display name."),
        description: described(optional(stringUpTo(280)), "The purpose of the request.", "Reads where a parcel is"),
        method: described(httpMethodSchema(), "The method of the request."),
        url: requiredText("The URL of the request. Liquid."),
        ...requestFields(),
        input_schema: jsonSchema("The JSON Schema of the inputs that steps pass: an object.", { required: ["parcel"] }),
      })
      .check(
        rule(({ input_schema: schema }, report) => {
          if (isJsonObject(schema) && schema.type !== undefined && schema.type !== "object")
            report(["input_schema", "type"], 'must be "object", because inputs have names');
        }),
      ),
    "A request that several fetch steps share.",
  ),
);
