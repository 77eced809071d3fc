import { findViolations } from "../domain/data-schema/check-trigger-data.js";
import { walkSchemas } from "../domain/data-schema/json-schema-keywords.js";
import type { CheckFinding } from "../domain/validation/check-finding.js";
import type { Workflow } from "../domain/workflow/workflow.js";
import { isJsonObject, type Json, type JsonObject, parsePointer } from "../util/json.js";

/** Returns the findings about `default` and `examples` in the schema of a workflow's data. */
export function checkSchemaSamples({ trigger_data_json_schema: root }: Workflow): CheckFinding[] {
  if (root === null) return [];
  const schemas = [...walkSchemas(root, ["trigger_data_json_schema"])];
  // A reference can only be resolved from the root of the schema.
  if (JSON.stringify(root).includes('"$ref"')) schemas.splice(1);
  return schemas.flatMap(([path, schema]) => {
    const { default: fallback, examples, ...rules } = schema;
    const samples: [PropertyKey[], Json][] = [];
    if (fallback !== undefined) samples.push([["default"], fallback]);
    if (Array.isArray(examples))
      for (const [index, example] of examples.entries()) samples.push([["examples", index], example]);
    return samples.flatMap(([below, value]): CheckFinding[] =>
      findViolations(rules, value).map(({ pointer, message }) => ({
        code: "sample_data_invalid",
        path: [...path, ...below, ...parsePointer(pointer).slice(1)],
        message,
      })),
    );
  });
}

/** Returns data with the samples of a schema: for each property its default or first example, or samples of its own properties. */
export function collectSamples(schema: JsonObject | null): JsonObject {
  const properties = isJsonObject(schema?.properties) ? schema.properties : {};
  return Object.fromEntries(
    Object.entries(properties).flatMap(([key, property]): [string, Json][] => {
      if (!isJsonObject(property)) return [];
      const { default: fallback, examples } = property;
      const sample = fallback ?? (Array.isArray(examples) ? examples[0] : undefined);
      if (sample !== undefined) return [[key, sample]];
      return isJsonObject(property.properties) ? [[key, collectSamples(property)]] : [];
    }),
  );
}
