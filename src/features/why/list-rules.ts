import type { Step } from "../../domain/step/step.js";
import { isChannelStep } from "../../domain/step-types/channel-step.js";
import type { Workflow } from "../../domain/workflow/workflow.js";
import type { RuleName } from "./rules.js";
import type { Decision, RuleState } from "./why-report-schema.js";

const hasConditions = (value: object): boolean => "conditions" in value && value.conditions !== null;

/** Rules of step types other than channel steps. */
const RULE_BY_TYPE: Readonly<Record<string, RuleName>> = {
  batch: "batch",
  throttle: "throttle",
  delay: "wait",
  wait_for_event: "wait",
  http_fetch: "request",
  ai_agent: "request",
};

/** Returns the rules of a step in the order in which the engine checks them. */
export function listStepRules(step: Step | undefined, hasGuards: boolean): RuleName[] {
  if (step === undefined) return [];
  const conditions: RuleName[] = hasConditions(step) ? ["step_conditions"] : [];
  if (!isChannelStep(step)) {
    const own = RULE_BY_TYPE[step.type];
    return own === undefined ? conditions : [...conditions, own];
  }
  return [
    "channel_configuration",
    ...conditions,
    "channel_conditions",
    "recipient_data",
    "preferences",
    ...(step.send_windows === null ? [] : (["send_window"] as const)),
    "template",
    ...(hasGuards ? (["guard"] as const) : []),
  ];
}

/** Returns the rules of a trigger in the order in which the engine checks them (EQ-01). */
export function listTriggerRules({ conditions, trigger_frequency }: Workflow): RuleName[] {
  return [
    "active",
    "recipient",
    "trigger_depth",
    ...(conditions === null ? [] : (["trigger_conditions"] as const)),
    ...(trigger_frequency === "every_trigger" ? [] : (["trigger_frequency"] as const)),
  ];
}

/** Returns what came of each rule: those before the one that decided passed, those after it were not reached. */
export function toRuleStates(rules: readonly RuleName[], decision: Decision | null): RuleState[] {
  const names = decision === null || rules.includes(decision.rule) ? rules : [...rules, decision.rule];
  const decided = decision === null ? names.length : names.indexOf(decision.rule);
  return names.map((rule, index) => ({
    rule,
    state: index < decided ? "passed" : index === decided ? "decided" : "not_reached",
  }));
}
