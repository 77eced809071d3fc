import { describeInvalidJsonShape } from "../../domain/shape/check-json-shape.js";
import { isJsonObject, type JsonObject } from "../../util/json.js";
import { RenderError, type RenderScope, renderStrictText } from "./liquid.js";

/**
 * Text of an update step, rendered and then read as a JSON object (EQ-55). Unlike in messages, a property that does not
 * exist is an error, unless the `default` filter stands for it (EQ-51).
 */
export function renderObject(source: string, scope: RenderScope, settingName: string): JsonObject {
  const rendered = renderStrictText(source, scope);
  let value: unknown;
  try {
    value = JSON.parse(rendered);
  } catch (error) {
    throw new RenderError(`${settingName} is not valid JSON once rendered`, { cause: error });
  }
  if (!isJsonObject(value)) throw new RenderError(`${settingName} must be a JSON object once rendered`);
  const fault = describeInvalidJsonShape(value, settingName);
  if (fault !== null) throw new RenderError(fault);
  return value;
}
