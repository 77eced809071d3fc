import type { EvaluatedCondition } from "../../domain/condition/evaluated-condition.js";
import { type ChannelGroup, type ChannelGroupRule, COHORT_OPERATOR } from "../../domain/environment/environment.js";
import { computeSha256Prefix } from "../../util/ids.js";
import { getValueAtPath } from "../../util/json.js";
import { type ConditionScope, evaluateConditionList } from "../condition/evaluate-conditions.js";

/** Tenths of a percent, as in an experiment step (EQ-49). */
const SLOT_COUNT = 1_000n;

/**
 * Returns whether a rule's condition is true, or false for an `unless` rule (E-189, E-190). Adds the compared values to
 * `evaluated`.
 */
function matchesRule(
  group: ChannelGroup,
  rule: ChannelGroupRule,
  scope: ConditionScope,
  evaluated: EvaluatedCondition[],
): boolean {
  if (rule.rule_type === "always") return true;
  let matches: boolean;
  if (rule.operator === COHORT_OPERATOR) {
    const key = String(getValueAtPath(scope.variables, rule.variable.split(".")) ?? "");
    matches = Number(computeSha256Prefix(`${group.key}:${rule.index}:${key}`) % SLOT_COUNT) < rule.argument * 10;
  } else {
    const { variable, operator, argument } = rule;
    const result = evaluateConditionList([{ variable, operator, argument }], { ...scope, refs: () => undefined });
    evaluated.push(...result.evaluated);
    matches = result.passed;
  }
  return rule.rule_type === "if" ? matches : !matches;
}

/**
 * Returns the keys of a group's channels to send through, in the order of its rules (EQ-31). Adds the compared values
 * to `evaluated`.
 */
export function selectChannels(group: ChannelGroup, scope: ConditionScope, evaluated: EvaluatedCondition[]): string[] {
  const passed = group.rules.filter((rule) => matchesRule(group, rule, scope, evaluated));
  if (group.operator === "all" && passed.length < group.rules.length) return [];
  return [...new Set(passed.map(({ channel }) => channel))];
}
