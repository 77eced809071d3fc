import { jsonShapeFault } from "../../domain/shape/json-limits.js";
import { isJsonObject, type JsonObject } from "../../util/json.js";
import { RenderError, type RenderScope, renderStrictText } from "./liquid.js";

/**
 * Text of an update step, rendered and then read as a JSON object (EQ-55). Unlike in messages, a property that does not
 * exist is an error, unless the `default` filter stands for it (EQ-51).
 */
export function renderObject(source: string, scope: RenderScope, what: string): JsonObject {
  const rendered = renderStrictText(source, scope);
  let value: unknown;
  try {
    value = JSON.parse(rendered);
  } catch (error) {
    throw new RenderError(`${what} is not valid JSON once rendered`, { cause: error });
  }
  if (!isJsonObject(value)) throw new RenderError(`${what} must be a JSON object once rendered`);
  const fault = jsonShapeFault(value, what);
  if (fault !== null) throw new RenderError(fault);
  return value;
}
