import * as z from "zod/mini";
import { isJsonObject, type Json, type JsonObject, toPointer } from "../../util/json.js";
import { checkJsonShape } from "../findings/check-json-shape.js";
import { formatPointer } from "../findings/describe-finding.js";
import type { ReportFinding } from "../findings/report-finding.js";
import { checkJsonSchema } from "../schema/check-json-schema.js";
import { described, flag, requiredText, rule, text } from "../schema/fields.js";
import type { StepBase } from "../step/step.js";
import { defineStep, type RawStep } from "../step/step-definition.js";
import { stepFields } from "../step/step-fields.js";

const MODEL = /^[^\s:]+:\S+$/;

/** Returns a JSON Schema that is written as text, or null if the text is not an object or is nested too deep. */
function parseSchemaText(schemaText: string): JsonObject | null {
  try {
    const parsed: Json = JSON.parse(schemaText);
    checkJsonShape(parsed, "the schema");
    return isJsonObject(parsed) ? parsed : null;
  } catch {
    return null;
  }
}

/** Reports a response schema that is missing, unused or invalid (E-352). */
function checkResponse(
  { response_type, response_schema }: Readonly<Record<string, unknown>>,
  report: ReportFinding,
): void {
  const path = ["response_schema"];
  const isSet = typeof response_schema === "string" && response_schema !== "";
  if (!isSet) {
    const isMissing = response_schema === undefined || response_schema === null || response_schema === "";
    if (response_type === "json" && isMissing) report(path, 'is required for a response of type "json"');
    return;
  }
  if (response_type === "text") report(path, 'is only for a response of type "json"');
  const schema = parseSchemaText(response_schema);
  if (schema !== null)
    checkJsonSchema(schema, [], (inner, message) => report(path, `${formatPointer(toPointer(inner))} ${message}`));
  else if (response_type === "json") report(path, "must be a JSON Schema (an object) as text");
}

/** Returns the schema of the step (section 9.13 of the format, F-050, E-352, EQ-58). */
const schema = () =>
  z.strictObject({
    ...stepFields("ai_agent"),
    settings: described(
      z
        .strictObject({
          model: described(
            z.string().check(
              z.refine((value) => MODEL.test(value), {
                error: ({ input }) => `must be provider:model, found ${JSON.stringify(input)}`,
              }),
            ),
            "The provider and its model, such as anthropic:claude-haiku-4-5.",
          ),
          request_prompt: requiredText("The prompt. Liquid."),
          response_type: described(z.enum(["text", "json"]), "Whether the response is text or JSON."),
          response_schema: text("The JSON Schema of the response, as text. Required for JSON.", '{ "type": "object" }'),
          web_search_enabled: flag("Whether the model can search the web (default: false)."),
          halt_on_error: flag("Whether the run ends if the request fails (default: true)."),
        })
        .check(rule(checkResponse)),
      "The model, the prompt and the format of the response.",
    ),
  });

function normalize({ settings }: RawStep<typeof schema>, base: StepBase) {
  return {
    ...base,
    type: "ai_agent" as const,
    settings: {
      model: settings.model,
      request_prompt: settings.request_prompt,
      response_type: settings.response_type,
      response_schema: settings.response_schema ? parseSchemaText(settings.response_schema) : null,
      web_search_enabled: settings.web_search_enabled ?? false,
      halt_on_error: settings.halt_on_error ?? true,
    },
  };
}

export type AiAgentStep = ReturnType<typeof normalize>;

declare module "../step/step.js" {
  interface StepTypes {
    ai_agent: AiAgentStep;
  }
}

/** Returns whether steps of a type ask a model. */
export const isAgentType = (type: string): boolean => type === "ai_agent";

export const aiAgentStep = defineStep({
  label: "an ai_agent",
  schema,
  normalize,
  listReasons: () => ["agent_error"],
  summarize: ({ settings }) => settings.model,
  templates: ({ settings }) => ({ settings }),
  changedScopes: ["data"],
  listAddedProperties: ({ ref }) => [ref],
});
