import { formatRecipient } from "../domain/recipient/recipient.js";
import { toApiSpelling } from "../domain/run/api-spelling.js";
import { findStop, parseExpectation } from "../domain/run/expectation.js";
import { type StepOutcome, summarizeOutcomes } from "../domain/run/outcome.js";
import { getStepLabels } from "../domain/run/step-labels.js";
import { checkMessages, type MessageReader } from "./check-messages.js";
import { describeStep } from "./describe-step.js";
import { type AddFailure, type DecidingStep, type ExpectationFailure, isSameTime } from "./expectation-failure.js";
import { type Expected, NOT_REACHED, type StepOutcomeExpectation } from "./expectation-schema.js";
import { formatCauses } from "./list-causes.js";
import type { Observation } from "./observed.js";
import { selectRun } from "./select-run.js";

function meetsOutcome(step: StepOutcome, expected: Exclude<StepOutcomeExpectation, string>): boolean {
  const { branch, until } = expected;
  const outcome = expected.outcome && toApiSpelling(expected.outcome);
  const reason = expected.reason && toApiSpelling(expected.reason);
  return (
    (!outcome || step.outcome === outcome || getStepLabels(step).every(({ label }) => label === outcome)) &&
    (!reason || step.reason?.code === reason) &&
    (!branch || step.branch === branch) &&
    (!until || isSameTime(until, step.until))
  );
}

function describeExpectedOutcome({ outcome, reason, branch, until }: Exclude<StepOutcomeExpectation, string>): string {
  return [outcome, reason && `reason ${reason}`, branch && `branch ${branch}`, until && `until ${until}`]
    .filter(Boolean)
    .join(", ");
}

function checkOutcomes(
  expected: NonNullable<Expected["outcomes"]>,
  { outcomes, previous }: Observation,
  add: AddFailure,
): void {
  for (const [name, steps] of Object.entries(expected)) {
    const runs = outcomes.filter(({ recipient }) => formatRecipient(recipient) === name);
    const count = runs.length > 1 ? `; ${name} has ${runs.length} runs` : "";
    for (const [ref, wanted] of Object.entries(steps)) {
      const path = ["outcomes", name, ref];
      const expectedOutcome = typeof wanted === "string" ? { outcome: wanted } : wanted;
      const subject = `${name} ${ref}`;
      const wantedText = describeExpectedOutcome(expectedOutcome);
      const selected = selectRun(runs, ref, previous);
      if (selected === null) {
        add({
          path,
          subject,
          expected: wantedText,
          found: `${name} has no run: it is not a recipient, or was never identified`,
        });
        continue;
      }
      const { run, step } = selected;
      if (step === undefined ? wantedText === NOT_REACHED : meetsOutcome(step, expectedOutcome)) continue;
      const causes: DecidingStep[] = step === undefined ? [{ run, step: findStop(run) }] : [{ run, step }];
      const until = expectedOutcome.until && step?.until ? `, until ${step.until}` : "";
      const found = `${describeStep(step)}${until}${step === undefined ? formatCauses(causes) : ""}`;
      const about =
        run.recipient_run_id === null ? {} : { about: { recipient_run_id: run.recipient_run_id, step: ref } };
      add({ path, subject, expected: wantedText, found: `${found}${count}`, causes, ...about });
    }
  }
}

/** Rules in a list are the same as `rules`. */
const toParts = (expected: Expected | readonly string[]): Expected =>
  Array.isArray(expected) ? { rules: expected } : (expected as Expected);

/** Returns which parts of an observation an expectation compares. */
export function getComparedParts(
  expected: Expected | readonly string[],
): Record<"outcomes" | "previous" | "messages" | "time", boolean> {
  const { rules, outcomes, no_runs, messages, no_messages, sequence, time } = toParts(expected);
  return {
    outcomes: Boolean(rules ?? outcomes ?? no_runs),
    previous: Boolean(outcomes),
    messages: Boolean(messages ?? no_messages ?? sequence),
    time: Boolean(time),
  };
}

/** Returns the failures of an expectation, in the order of the file. */
export function checkExpectation(
  expected: Expected | readonly string[],
  observation: Observation,
  reader: MessageReader,
): ExpectationFailure[] {
  const failures: ExpectationFailure[] = [];
  const add: AddFailure = (failure) => void failures.push(failure);
  const isList = Array.isArray(expected);
  const parts = toParts(expected);
  const { outcomes, error, cancelled, time } = observation;
  for (const [index, text] of (parts.rules ?? []).entries()) {
    const { step, check, listDecidingSteps } = parseExpectation(text);
    const outcome = { recipients: outcomes, summary: summarizeOutcomes(outcomes) };
    const found = check(outcome);
    if (found === null) continue;
    const causes = listDecidingSteps(outcome) as DecidingStep[];
    add({
      path: isList ? [index] : ["rules", index],
      subject: "rule",
      expected: text,
      found: step === null ? `${found}${formatCauses(causes)}` : found,
      causes,
    });
  }
  if (parts.outcomes) checkOutcomes(parts.outcomes, observation, add);
  for (const [index, name] of (parts.no_runs ?? []).entries()) {
    const runs = outcomes.filter(({ recipient }) => formatRecipient(recipient) === name);
    if (runs.length === 0) continue;
    const causes = runs.flatMap((run) => run.steps.map((step) => ({ run, step })));
    const found = `${runs.length} ${runs.length === 1 ? "run" : "runs"}${formatCauses(causes)}`;
    add({ path: ["no_runs", index], subject: name, expected: "no run", found, causes });
  }
  checkMessages(parts, observation, reader, add);
  if (parts.error && error?.code !== parts.error)
    add({
      path: ["error"],
      subject: "error",
      expected: parts.error,
      found: error === null ? "no error" : `${error.code}: ${error.message}`,
    });
  for (const key of ["cancelled", "canceled"] as const) {
    const wanted = parts[key];
    if (typeof wanted !== "number" || cancelled === wanted) continue;
    const found = String(cancelled ?? "no cancel step");
    add({ path: [key], subject: "canceled runs", expected: String(wanted), found });
  }
  if (parts.time && !isSameTime(parts.time, time))
    add({ path: ["time"], subject: "time", expected: parts.time, found: String(time) });
  return failures;
}
