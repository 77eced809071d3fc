import { matchesSchema } from "../../domain/data-schema/check-trigger-data.js";
import type { HttpFetchStep } from "../../domain/step-types/http-fetch-step.js";
import { findInputSchema, type SharedRequest } from "../../domain/workflow/shared-request.js";
import { KnockError } from "../../errors/knock-error.js";
import { isJsonObject, type Json, type JsonObject } from "../../util/json.js";
import type { RunExecution } from "../execution/run-execution.js";
import { RenderError, type RenderScope, renderText } from "../liquid/liquid.js";

/** The request settings of a fetch step, and the scope of its templates. */
export interface RequestSource {
  settings: Omit<HttpFetchStep["settings"], "reusable_step_key" | "inputs">;
  scope: RenderScope;
}

function renderJsonValue(value: Json, scope: RenderScope): Json {
  if (typeof value === "string") return renderText(value, scope);
  if (Array.isArray(value)) return value.map((item) => renderJsonValue(item, scope));
  if (!isJsonObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, renderJsonValue(item, scope)]));
}

/** Converts rendered text to the type that the schema requires. If that is not a string, the text is parsed as JSON. */
function toSchemaType(value: Json, schema: JsonObject | null): Json {
  const types = [schema?.type ?? "string"].flat();
  if (typeof value !== "string" || types.includes("string")) return value;
  try {
    return JSON.parse(value);
  } catch {
    return value; // the schema check reports it
  }
}

function buildInputs(step: HttpFetchStep, request: SharedRequest, scope: RenderScope): JsonObject {
  // An input cannot refer to inputs (CH-206), or to a data key with the name `inputs`.
  const outerScope = { ...scope, inputs: undefined };
  const inputs: JsonObject = {};
  const properties = request.input_schema?.properties;
  for (const name of isJsonObject(properties) ? Object.keys(properties) : []) {
    const fallback = findInputSchema(request, name)?.default;
    if (fallback !== undefined) inputs[name] = fallback;
  }
  for (const [name, value] of Object.entries(step.settings.inputs))
    inputs[name] = toSchemaType(renderJsonValue(value, outerScope), findInputSchema(request, name));
  const problems = request.input_schema === null ? [] : describeInvalidInputs(request.input_schema, inputs);
  if (problems.length > 0)
    throw new RenderError(`the inputs do not match the request "${request.key}": ${problems.join(", ")}`);
  return inputs;
}

function describeInvalidInputs(schema: JsonObject, inputs: JsonObject): string[] {
  const wrong = Object.keys(inputs).filter((name) => {
    const own = isJsonObject(schema.properties) ? schema.properties[name] : undefined;
    return isJsonObject(own) && !matchesSchema(own, inputs[name] as Json);
  });
  if (wrong.length > 0) return wrong.map((name) => `${name} is ${JSON.stringify(inputs[name])}`);
  return matchesSchema(schema, inputs) ? [] : ["they do not match its input_schema"];
}

/** Returns the step's own request, or the shared request with the step's inputs as `inputs` (E-305). */
export function resolveRequestSource(step: HttpFetchStep, { input: { compiled }, scope }: RunExecution): RequestSource {
  const { reusable_step_key: key, response_path } = step.settings;
  if (key === null) return { settings: step.settings, scope };
  const request = compiled.requests.get(key);
  if (request === undefined) throw new RenderError(`there is no shared request "${key}"`);
  if (request instanceof KnockError) throw new RenderError(request.message, { cause: request });
  return {
    settings: { ...request, response_path: response_path ?? request.response_path },
    scope: { ...scope, inputs: buildInputs(step, request, scope) },
  };
}
