import { describeCondition, type EvaluatedCondition } from "../../domain/condition/evaluated-condition.js";
import { REASONS } from "../../domain/run/reasons.js";
import { isJsonObject, type Json, type JsonObject } from "../../util/json.js";

/** Returns the result and text of each logged condition. A path without a value is null in the log. */
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

/** Returns a recipient run with the reason of each step as text, as `knock runs show` prints it. */
export function explainRun(run: JsonObject): JsonObject {
  const steps = Array.isArray(run.steps) ? run.steps.filter(isJsonObject) : [];
  return { ...explainPart(run), steps: steps.map(explainPart) };
}
