import type { Condition } from "../../domain/condition/condition.js";
import { isJsonObject } from "../../util/json.js";
import type { CompileText } from "../liquid/liquid.js";
import { parseConditionArgument } from "./parse-condition-argument.js";

/** What holds other steps, which are looked at by themselves, or texts that are compiled as templates. */
const SKIPPED_KEYS = new Set(["steps", "template", "channel_overrides"]);

/** Compiles the Liquid in conditions' arguments, wherever a step or a workflow has them, so that faults are told as early as others (F-054). */
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
