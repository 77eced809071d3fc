// Builds the JSON Schemas of the documents that commands print with --json, from the tables of the core and of the features.
import { formatSchema } from "./documentation/format-schema.mjs";
import { loadSource } from "./load-source.mjs";

/** The URI of a schema that was published before the others and that scripts may refer to. */
const OUTCOME_ID = "https://knock-cli.invalid/outcome.schema.json";

/** Returns the documents with the zod copy that built their schemas, because each copy has its own registries. */
export async function loadOutputDocuments() {
  const { loadOutputDocuments: load, toJSONSchema } = await loadSource(`
    export { loadOutputDocuments } from "./src/app/published-schemas.ts";
    export { toJSONSchema } from "zod/mini";`);
  return { OUTPUT_DOCUMENTS: await load(), toJSONSchema };
}

/** Joins `string | null` into a list of types, and an enumeration with null into one enumeration. */
function joinNullable(json) {
  if (json.anyOf?.length !== 2) return;
  const [value, none] = json.anyOf;
  if (none.type !== "null" || typeof value.type !== "string") return;
  delete json.anyOf;
  if (value.enum === undefined) Object.assign(json, { ...value, ...json, type: [value.type, "null"] });
  else Object.assign(json, { ...value, ...json, enum: [...value.enum, null] });
  if (json.enum !== undefined) delete json.type;
}

/**
 * Drops the keyword that forbids other properties, because later versions may add fields. Objects with arbitrary keys
 * keep their keyword.
 */
function allowNewFields(json) {
  if (json.additionalProperties === false) delete json.additionalProperties;
  // Every key of an object is a string.
  delete json.propertyNames;
}

function dropSafeLimits(json) {
  if (json.maximum === Number.MAX_SAFE_INTEGER) delete json.maximum;
  if (json.minimum === Number.MIN_SAFE_INTEGER) delete json.minimum;
}

/** Returns the texts of all schemas by path. */
export async function buildOutputSchemas() {
  const { OUTPUT_DOCUMENTS, toJSONSchema } = await loadOutputDocuments();
  const texts = new Map();
  for (const { name, title, description, schema } of OUTPUT_DOCUMENTS) {
    const {
      $schema,
      description: _description,
      ...rest
    } = toJSONSchema(schema, {
      unrepresentable: "any",
      io: "output",
      override: ({ jsonSchema }) => {
        allowNewFields(jsonSchema);
        joinNullable(jsonSchema);
        dropSafeLimits(jsonSchema);
      },
    });
    const id = name === "notify" ? { $id: OUTCOME_ID } : {};
    const { id: _id, ...json } = rest;
    const text = formatSchema({ $schema, ...id, title, description, ...json });
    texts.set(`schemas/output/${name}.schema.json`, text);
    if (name === "notify") texts.set("docs/outcome.schema.json", text);
  }
  return texts;
}
