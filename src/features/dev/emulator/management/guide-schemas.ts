import { type MessageTypeField, SUB_FIELDS } from "../../../../domain/guide/message-type.js";
import { parseMessageType } from "../../../../domain/guide/parse-message-type.js";
import type { FieldType } from "../../../../domain/template/template-partial.js";
import { KnockError } from "../../../../errors/knock-error.js";
import { isJsonObject, type Json, type JsonObject } from "../../../../util/json.js";
import type { StoredResource } from "../account.js";

const TEXT: JsonObject = { type: "string" };

const buildParts = (names: readonly string[]): JsonObject => ({
  type: "object",
  properties: Object.fromEntries(names.map((name) => [name, TEXT])),
  additionalProperties: false,
});

const buildChoice = ({ options }: MessageTypeField): JsonObject => ({ ...TEXT, enum: options ?? [] });

/** Returns the JSON Schema of the values of each type of field. */
const VALUE_SCHEMAS: Record<FieldType, (field: MessageTypeField) => JsonObject> = {
  text: () => TEXT,
  markdown: () => TEXT,
  textarea: () => TEXT,
  color: () => TEXT,
  url: () => TEXT,
  boolean: () => ({ type: "boolean" }),
  number: () => ({ type: "number" }),
  select: buildChoice,
  multi_select: (field) => ({ type: "array", items: buildChoice(field) }),
  button: () => buildParts(SUB_FIELDS.button),
  image: () => buildParts(SUB_FIELDS.image),
  json: ({ limits }) => (isJsonObject(limits.schema) ? limits.schema : {}),
  list: ({ limits }) => ({ type: "array", items: isJsonObject(limits.item_schema) ? limits.item_schema : {} }),
};

function buildVariantSchema(fields: readonly MessageTypeField[]): JsonObject {
  return {
    type: "object",
    properties: Object.fromEntries(fields.map((field) => [field.key, VALUE_SCHEMAS[field.type](field)])),
    required: fields.filter(({ required }) => required).map(({ key }) => key),
    additionalProperties: false,
  };
}

/** Returns the JSON Schemas of variants by message type and variant. Invalid message types have none. */
function buildSchemas(messageTypes: readonly StoredResource[]): Map<string, JsonObject> {
  const schemas = new Map<string, JsonObject>();
  for (const { id, content } of messageTypes)
    try {
      for (const { key, fields } of parseMessageType(id, content, id).variants)
        schemas.set(`${id} ${key}`, buildVariantSchema(fields));
    } catch (error) {
      if (!(error instanceof KnockError)) throw error;
    }
  return schemas;
}

/** Returns guides whose steps have the JSON Schema of their values, from which the official command generates types. */
export function addGuideSchemas(guides: readonly JsonObject[], messageTypes: readonly StoredResource[]): JsonObject[] {
  const schemas = buildSchemas(messageTypes);
  const addSchema = (step: Json): Json => {
    if (!isJsonObject(step)) return step;
    const json_schema = schemas.get(`${step.schema_key} ${step.schema_variant_key}`);
    return json_schema === undefined ? step : { ...step, json_schema };
  };
  return guides.map((guide) => (Array.isArray(guide.steps) ? { ...guide, steps: guide.steps.map(addSchema) } : guide));
}
