import type { Command } from "commander";
import type { CommandContext } from "../../context/command-context.js";
import type { TargetFlags } from "../../context/target-flags.js";
import {
  checkExpectations,
  checkStepNames,
  type Expectation,
  type ExpectationResult,
  type ExpectationScope,
  type ObservedOutcome,
  parseExpectation,
} from "../../domain/run/expectation.js";
import { parseRecipientReference } from "../../domain/run/message-outcomes.js";
import { type Reason, type RecipientOutcome, type StepOutcome, summarizeOutcomes } from "../../domain/run/outcome.js";
import { RUN_STATUSES } from "../../domain/run/run-status.js";
import { EXIT } from "../../errors/error-codes.js";
import { printExpectations } from "../../output/print-expectations.js";
import { isJsonObject, type JsonObject } from "../../util/json.js";
import { OPTION_GROUPS } from "./help-groups.js";

export interface ExpectFlags {
  expect?: string[];
}

/** Examples of rules for runs, as help texts show them. */
export const RUN_RULE_EXAMPLES = "sent>=2, skipped=0, ada:email=sent, no-failures";

export function addExpectOption(command: Command, examples: string = RUN_RULE_EXAMPLES): Command {
  return command
    .optionsGroup(OPTION_GROUPS.testing)
    .option("--expect <rule...>", `exit 1 unless every rule is met, such as ${examples}`);
}

/** Parses the rules of `--expect`; returns an empty list without the flag. Throws `usage`. */
export function readRules({ expect }: ExpectFlags, scope?: ExpectationScope): Expectation[] {
  return (expect ?? []).map((rule) => parseExpectation(rule, scope));
}

/**
 * Throws `usage` for a rule about a step that none of the workflows has. `workflows` null means every workflow of the
 * project. Checks nothing if the project does not have one of them.
 */
export async function checkRuleSteps(
  rules: readonly Expectation[],
  workflows: readonly string[] | null,
  flags: TargetFlags,
  context: CommandContext,
): Promise<void> {
  if (!rules.some(({ step }) => step !== null)) return;
  // The remote workflow may differ from the project's.
  if (flags.validate === false && (await context.settings.getTarget(flags)) === "remote") return;
  const keys = workflows === null ? null : [...new Set(workflows)];
  const names = await context.project.readStepNames(keys, flags);
  if (names === null) return;
  const missing =
    keys === null
      ? "no workflow of the project has the step"
      : keys.length === 1
        ? `workflow "${keys[0]}" has no step`
        : `none of the workflows ${keys.join(", ")} has the step`;
  checkStepNames(rules, names, missing);
}

/** Returns the field of a `--json` document for the rules' results; it is absent if there are no rules. */
export function toExpectationsField(results: readonly ExpectationResult[]): { expectations?: ExpectationResult[] } {
  return results.length === 0 ? {} : { expectations: [...results] };
}

/** Returns the same field for a document in the API's JSON format. */
export function toExpectationsJson(results: readonly ExpectationResult[]): JsonObject {
  return toExpectationsField(results) as JsonObject;
}

/** Returns recipients' outcomes with their summary, which rules are checked against. */
export function toExpectedOutcome(recipients: readonly RecipientOutcome[]): ObservedOutcome {
  return { recipients, summary: summarizeOutcomes(recipients) };
}

/** Returns the outcome in a recipient run's document. */
export function toRecipientOutcome({ id, recipient, status, steps, reason }: JsonObject): RecipientOutcome {
  return {
    recipient: parseRecipientReference(recipient),
    recipient_run_id: String(id),
    status: RUN_STATUSES.find((known) => known === status) ?? null,
    steps: (Array.isArray(steps) ? steps : []) as StepOutcome[],
    ...(isJsonObject(reason) ? { reason: reason as Reason } : {}),
  };
}

export { checkExpectations, type Expectation, type ObservedOutcome as ExpectedOutcome };

/**
 * Prints a line for each rule on standard error, reports unmet rules to the CI system, and returns whether all rules
 * are met.
 */
export async function reportExpectations(
  results: readonly ExpectationResult[],
  title: string,
  context: CommandContext,
): Promise<boolean> {
  if (results.length === 0) return true;
  printExpectations(results, context.output);
  const isMet = results.every(({ met }) => met);
  if (!isMet) context.reportUnmetExpectations(title, results);
  return isMet;
}

/** Reports the rules' results, and sets exit code 1 unless all rules are met. */
export async function setExitCodeByExpectations(
  results: readonly ExpectationResult[],
  title: string,
  context: CommandContext,
): Promise<void> {
  if (!(await reportExpectations(results, title, context))) context.setExitCode(EXIT.failure);
}
