import { describeCondition, type EvaluatedCondition } from "../../domain/condition/evaluated-condition.js";
import type { JsonObject } from "../../util/json.js";

/** Returns evaluated conditions with their results, for a step's event. */
export function toConditionLog(evaluated: readonly EvaluatedCondition[]): JsonObject[] {
  return evaluated.map(
    (condition) =>
      ({ ...condition, argument: condition.argument ?? null, value: condition.value ?? null }) as JsonObject,
  );
}

/** Describes the condition that decided a false result; null if no condition was evaluated. */
export function describeDecidingCondition(evaluated: readonly EvaluatedCondition[]): string | null {
  const decided = evaluated.findLast((condition) => condition.result === false) ?? evaluated[0];
  return decided ? describeCondition(decided) : null;
}
