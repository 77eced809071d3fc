import { describeInvalidJsonShape } from "../../domain/findings/check-json-shape.js";
import { isJsonObject, type JsonObject } from "../../util/json.js";
import { RenderError, type RenderScope, renderStrictText } from "./liquid.js";

/**
 * Renders the text of an update step and parses it as a JSON object. Throws {@link RenderError} for other JSON and, unlike
 * in messages, for an undefined property without the `default` filter (EQ-51, EQ-55).
 */
export function renderObject(source: string, scope: RenderScope, settingName: string): JsonObject {
  const rendered = renderStrictText(source, scope);
  let value: unknown;
  try {
    value = JSON.parse(rendered);
  } catch (error) {
    throw new RenderError(`${settingName} is invalid JSON once rendered`, { cause: error });
  }
  if (!isJsonObject(value)) throw new RenderError(`${settingName} must be a JSON object once rendered`);
  const problem = describeInvalidJsonShape(value, settingName);
  if (problem !== null) throw new RenderError(problem);
  return value;
}
