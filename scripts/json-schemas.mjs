// Generates schemas/*.schema.json, which editors use, from the zod schemas of project files, and schemas/output/*.schema.json
// from those of the documents that commands print. Reports properties without a description.
//   node scripts/json-schemas.mjs           reports schemas that are out of date (part of `npm run check`)
//   node scripts/json-schemas.mjs --write   writes them

import { readdirSync } from "node:fs";
import { join } from "node:path";
import { buildOutputSchemas } from "./build-output-schemas.mjs";
import { defineOnce } from "./define-once.mjs";
import { formatSchema } from "./documentation/format-schema.mjs";
import { findUndescribedProperties } from "./find-undescribed-properties.mjs";
import { loadSource, ROOT } from "./load-source.mjs";
import { updateGeneratedFiles } from "./update-generated-files.mjs";

/** Loads the schemas together with the zod copy that built them, because each copy has its own registries. */
const loadSchemas = () =>
  loadSource(`export { loadFileSchemas } from "./src/app/published-schemas.ts";
    export { toJSONSchema } from "zod/mini";`);

const escaped = (key) => key.replace(/[$.*+?^(){}|[\]\\]/g, "\\$&");

/**
 * Allows a key "html_body@", which names a file with the value of "html_body" (F-013) and also satisfies "required".
 */
function allowFileReferences(json) {
  // zod calls this again for a schema with checks, which already has the result.
  if (json.properties === undefined || json.patternProperties !== undefined) return;
  const isText = ({ enum: values, const: value }) => values === undefined && value === undefined;
  const keys = Object.keys(json.properties).filter(
    (key) => key !== "$schema" && !key.startsWith("__") && isText(json.properties[key]),
  );
  const declared = Object.keys(json.properties).filter((key) => key.startsWith("__"));
  if (keys.length === 0) return;
  json.patternProperties = {
    [`^(${keys.map(escaped).join("|")})@$`]: {
      description: "Path of a file that contains the value, relative to this file.",
      type: "string",
    },
    [declared.length === 0 ? "^__" : `^(?!(${declared.join("|")})$)__`]: {
      description: "Written by the hosted service.",
    },
  };
  const required = json.required ?? [];
  const referable = required.filter((key) => keys.includes(key));
  if (referable.length === 0) return;
  json.allOf = referable.map((key) => ({ anyOf: [{ required: [key] }, { required: [`${key}@`] }] }));
  json.required = required.filter((key) => !keys.includes(key));
}

/** Returns the schema inside optional and nullable ones. */
function unwrapped(zodSchema) {
  const { type, innerType } = zodSchema._zod.def;
  return type === "optional" || type === "nullable" ? unwrapped(innerType) : zodSchema;
}

/**
 * Joins `string | null` into a list of types, which is easier to read and keeps the description where editors look for
 * it.
 */
function joinNullable(json, zodSchema) {
  if (json.anyOf?.length !== 2) return;
  const [value, none] = json.anyOf;
  // An empty JSON schema alone does not prove this type, because lazily built schemas are filled in later.
  if (unwrapped(zodSchema)._zod.def.type === "unknown") delete json.anyOf;
  if (none.type !== "null" || typeof value.type !== "string" || value.enum || value.const) return;
  delete json.anyOf;
  Object.assign(json, { ...value, ...json, type: [value.type, "null"] });
}

/**
 * Selects the member of a union by its discriminator. Editors then list the known values for an unknown one, and report
 * errors of only one member.
 */
function pickByDiscriminator(json, { discriminator }) {
  if (discriminator === undefined || json.anyOf === undefined) return;
  const { field } = discriminator;
  const names = discriminator.names();
  const isOptional = names.includes(null);
  const described = json.anyOf.map((member) => member.properties?.[field]?.description).find(Boolean);
  const description = described ?? `The ${field.replaceAll("_", " ")}.`;
  json.type = "object";
  if (!isOptional) json.required = [field];
  json.properties = { [field]: { description, enum: names } };
  json.allOf = names.map((name, index) => ({
    if: { properties: { [field]: { const: name } }, ...(name === null ? {} : { required: [field] }) },
    // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema
    then: json.anyOf[index],
  }));
  delete json.anyOf;
}

/**
 * Replaces a union of one member by that member, unless it is a reference, because editors would then ignore the
 * keywords next to it.
 */
function unwrapSingleMember(json) {
  if (json.anyOf?.length !== 1 || json.anyOf[0].$ref !== undefined) return;
  const [member] = json.anyOf;
  delete json.anyOf;
  Object.assign(json, { ...member, ...json });
}

const PLACEHOLDER = "^\\$\\{[^{}]*\\}$";

/**
 * Allows a placeholder such as `${count}` in place of a number, a boolean, one of several texts or an object of any
 * content, which a row of a scenario's table replaces.
 */
function allowPlaceholder(json) {
  if (json.enum?.some((value) => typeof value === "string")) {
    const { enum: values } = json;
    delete json.enum;
    delete json.type;
    json.anyOf = [{ enum: values }, { type: "string", pattern: PLACEHOLDER }];
    return;
  }
  const types = [json.type].flat();
  const isFreeObject =
    types.includes("object") && !json.properties && JSON.stringify(json.additionalProperties) === "{}";
  const isReplaced = isFreeObject || types.some((type) => ["integer", "number", "boolean"].includes(type));
  if (!isReplaced || types.includes("string")) return;
  json.type = [...types, "string"];
  json.pattern = PLACEHOLDER;
}

/** Drops the limits of safe integers, which do not help a reader. */
function dropSafeLimits(json) {
  if (json.maximum === Number.MAX_SAFE_INTEGER) delete json.maximum;
  if (json.minimum === Number.MIN_SAFE_INTEGER) delete json.minimum;
}

const { loadFileSchemas, toJSONSchema } = await loadSchemas();
const texts = await buildOutputSchemas();
for (const [name, { title, schema, isServiceFormat }] of Object.entries(await loadFileSchemas())) {
  const json = toJSONSchema(schema(), {
    unrepresentable: "any",
    io: "input",
    override: ({ zodSchema, jsonSchema }) => {
      unwrapSingleMember(jsonSchema);
      joinNullable(jsonSchema, zodSchema);
      dropSafeLimits(jsonSchema);
      if (name === "scenario") allowPlaceholder(jsonSchema);
      pickByDiscriminator(jsonSchema, zodSchema._zod.def);
      if (isServiceFormat) allowFileReferences(jsonSchema);
    },
  });
  defineOnce(json);
  const { $schema, ...rest } = json;
  texts.set(`schemas/${name}.schema.json`, formatSchema({ $schema, title, ...rest }));
}

const present = readdirSync(join(ROOT, "schemas"), { recursive: true })
  .filter((file) => file.endsWith(".json"))
  .map((file) => `schemas/${file}`);
updateGeneratedFiles({ texts, present, noun: "JSON Schemas", command: "node scripts/json-schemas.mjs --write" });
for (const [file, text] of texts)
  for (const pointer of findUndescribedProperties(JSON.parse(text))) {
    console.error(`${file}: ${pointer} has no description`);
    process.exitCode = 1;
  }
