import { parseStepKeyPath } from "../../domain/step/step-key.js";
import { hasLiquid } from "../../domain/template/has-liquid.js";
import { getValueAtPath } from "../../util/json.js";
import { RenderError, type RenderScope, renderText } from "../liquid/liquid.js";

/**
 * Returns the value of a batch, throttle or cohort key (E-244): Liquid, a dotted path with a known prefix, or a bare
 * name, which is a path in `data`. Returns undefined if there is no value. Values other than strings are returned as
 * JSON.
 */
function resolveStepKey(key: string, scope: RenderScope): string | undefined {
  if (hasLiquid(key)) {
    const rendered = renderText(key, scope);
    return rendered === "" ? undefined : rendered;
  }
  const value = getValueAtPath(scope, parseStepKeyPath(key));
  if (value === undefined || value === null || value === "") return undefined;
  return typeof value === "string" ? value : JSON.stringify(value);
}

/** Returns the value of a key, or undefined if its template fails, so that the run continues. */
export function findStepKey(key: string, scope: RenderScope): string | undefined {
  try {
    return resolveStepKey(key, scope);
  } catch (error) {
    if (error instanceof RenderError) return undefined;
    throw error;
  }
}
