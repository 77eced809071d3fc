import * as z from "zod/mini";
import { checkJsonSchema } from "./check-json-schema.js";
import { described, optional, rule } from "./fields.js";

/** An optional JSON Schema inside a document. What it contains is checked apart from the document's own format. */
export const jsonSchema = (description: string) =>
  described(
    optional(
      z
        .record(z.string(), z.unknown(), { error: "must be an object" })
        .check(rule((schema, report) => checkJsonSchema(schema, [], report))),
    ),
    description,
  );
