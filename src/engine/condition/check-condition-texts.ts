import type { Condition } from "../../domain/condition/condition.js";
import { isJsonObject } from "../../util/json.js";
import type { CompileText } from "../liquid/liquid.js";
import { parseConditionArgument } from "./parse-condition-argument.js";

/** Keys with nested steps, which are checked separately, and with texts that are compiled as templates. */
const SKIPPED_KEYS = new Set(["steps", "template", "channel_overrides"]);

/**
 * Compiles the Liquid in the arguments of all conditions of a step or workflow, so that errors are reported as early as
 * those of templates (F-054).
 */
export function checkConditionTexts(value: unknown, fieldPath: string, compile: CompileText): void {
  if (Array.isArray(value)) {
    for (const [index, item] of value.entries()) checkConditionTexts(item, `${fieldPath}[${index}]`, compile);
    return;
  }
  if (!isJsonObject(value)) return;
  if (typeof value.operator === "string" && value.argument !== undefined) {
    const argument = parseConditionArgument(value as unknown as Condition);
    const at = `${fieldPath === "" ? "" : `${fieldPath}.`}argument`;
    if (argument.kind !== "liquid") return;
    if (typeof argument.template === "string") compile(argument.template, at);
    else
      for (const [index, bound] of argument.template.entries())
        if (typeof bound === "string") compile(bound, `${at}[${index}]`);
    return;
  }
  for (const [key, item] of Object.entries(value))
    if (!SKIPPED_KEYS.has(key)) checkConditionTexts(item, fieldPath === "" ? key : `${fieldPath}.${key}`, compile);
}
