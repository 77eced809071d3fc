import { describeCondition, type EvaluatedCondition } from "../../domain/condition/evaluated-condition.js";
import { REASONS } from "../../domain/run/outcome.js";
import { isJsonObject, type Json, type JsonObject } from "../../util/json.js";

/** A condition in words, beside what was logged of it; a path that led nowhere is null there. */
function explainConditions(conditions: Json | undefined): JsonObject[] {
  if (!Array.isArray(conditions)) return [];
  return conditions.filter(isJsonObject).map((logged) => {
    const condition = { ...logged, value: logged.value ?? undefined } as unknown as EvaluatedCondition;
    return { result: condition.result, text: describeCondition(condition) };
  });
}

function explainPart(part: JsonObject): JsonObject {
  const { reason, preference, conditions } = part;
  const code = isJsonObject(reason) ? String(reason.code) : "";
  return {
    ...part,
    conditions: explainConditions(conditions),
    ...(isJsonObject(reason)
      ? { reason: { ...reason, meaning: Object.hasOwn(REASONS, code) ? REASONS[code as keyof typeof REASONS] : code } }
      : {}),
    ...(isJsonObject(preference)
      ? { preference: { ...preference, conditions: explainConditions(preference.conditions) } }
      : {}),
  };
}

/** A recipient run as `knock runs show` tells of it: why each step came out as it did, in words. */
export function explainRun(run: JsonObject): JsonObject {
  const steps = Array.isArray(run.steps) ? run.steps.filter(isJsonObject) : [];
  return { ...explainPart(run), steps: steps.map(explainPart) };
}
