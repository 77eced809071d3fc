import { formatRecipient } from "../domain/recipient/recipient.js";
import { checkClosedDocument } from "../domain/schema/check-document.js";
import { DocumentFindings } from "../domain/schema/document-findings.js";
import { KnockError } from "../errors/knock-error.js";
import type { Output } from "../output/output.js";
import { formatDecision } from "../output/print-runs.js";
import { checkExpectation } from "../scenarios/check-expectation.js";
import { describeStep } from "../scenarios/describe-step.js";
import type { DecidingStep, ExpectationFailure } from "../scenarios/expectation-failure.js";
import { type Expected, expectationSchema, type MessageExpectation } from "../scenarios/expectation-schema.js";
import { explainCauses } from "../scenarios/explain-failure.js";
import { formatFailureDetails } from "../scenarios/format-failure.js";
import {
  describeCause,
  describeStop,
  isStepSelected,
  listMissingCauses,
  listSendingSteps,
} from "../scenarios/list-causes.js";
import type { Observation, ObservedMessage, ObservedRun } from "../scenarios/observed.js";
import { describeFilter, isSelected } from "../scenarios/select-messages.js";
import { didYouMean } from "../util/find-nearest.js";
import { checkNames } from "./check-names.js";
import { EmbeddedTestEngine } from "./embedded-test-engine.js";
import type { ExpectedMessage, ExpectedSkip } from "./engine-types.js";
import { openSilentOutput } from "./silent-io.js";

/** Limits the messages and steps that a failure shows. */
const MAX_SHOWN = 5;

/** The result of a check. `message` explains why it did not match, or what matched. */
export interface EngineCheck {
  isMet: boolean;
  message: string;
  expected: unknown;
  actual: unknown;
}

function toEngine(value: unknown): EmbeddedTestEngine {
  if (value instanceof EmbeddedTestEngine) return value;
  throw new KnockError("usage", "the value is not a test engine", {
    hint: "Pass the result of `await createTestEngine()`.",
  });
}

/** Throws `scenario_invalid` for unknown properties and for expectations that can never fail. */
function parseExpected(expected: ExpectedMessage, caller: string): MessageExpectation {
  const document = { messages: [expected] };
  const findings = new DocumentFindings(document);
  const parsed = checkClosedDocument(expectationSchema(), document, (path, message) =>
    findings.add(path.slice(2), message),
  ) as Expected | null;
  if ("snapshot" in expected)
    findings.add(["snapshot"], "is only for `knock test`; use the snapshots of your test runner");
  const entry = parsed?.messages?.[0];
  if (entry === undefined || !findings.isEmpty) throw findings.toError(caller, "scenario_invalid");
  return entry;
}

const indent = (lines: readonly string[]): string[] => lines.map((line) => `  ${line}`);

async function formatFailures(
  engine: EmbeddedTestEngine,
  failures: readonly ExpectationFailure[],
  runs: readonly ObservedRun[],
  output: Output,
): Promise<string[]> {
  const lines: string[] = [];
  for (const failure of failures.slice(0, MAX_SHOWN)) {
    const causes = failure.causes ?? listSendingSteps(failure.messages ?? [], runs);
    const explanation = await explainCauses(engine.target.operations, causes);
    lines.push(failure.subject, ...indent(formatFailureDetails({ ...failure, explanation }, output)));
  }
  return lines;
}

/** Returns steps with the conditions and preferences that decided them. */
async function formatSteps(
  engine: EmbeddedTestEngine,
  steps: readonly DecidingStep[],
  output: Output,
): Promise<string[]> {
  const lines: string[] = [];
  for (const cause of steps.slice(0, MAX_SHOWN)) {
    const { subject, found } = describeCause(cause);
    const explanation = await explainCauses(engine.target.operations, [cause]);
    lines.push(`${subject}  ${found}`, ...(explanation === null ? [] : indent(formatDecision(explanation, output))));
  }
  return lines.slice(0, 4 * MAX_SHOWN);
}

/** Checks whether messages with all expected properties were created. `caller` is the function that users called. */
export async function checkSent(
  value: unknown,
  expected: ExpectedMessage,
  { isNegated, caller }: { isNegated: boolean; caller: string },
): Promise<EngineCheck> {
  const engine = toEngine(value);
  const { count, ...wanted } = parseExpected(expected, caller);
  if (isNegated && typeof count === "number")
    throw new KnockError("usage", "a count cannot be negated", { hint: "Expect the number itself, such as count: 0." });
  await checkNames(engine, expected);
  const observation = await engine.observe();
  const { reader } = engine.target;
  const check = (messages: readonly ObservedMessage[], entry: MessageExpectation): ExpectationFailure[] =>
    checkExpectation({ messages: [entry] }, { ...observation, messages }, reader);
  const selected = observation.messages.filter((message) => isSelected(message, wanted));
  const attempts = selected.map((message) => ({ message, failures: check([message], wanted) }));
  const matching = attempts.filter(({ failures }) => failures.length === 0).map(({ message }) => message);
  const isMet = typeof count === "number" ? matching.length === count : matching.length > 0;
  const output = await openSilentOutput(() => {});
  const lines: string[] = [];
  if (isMet) lines.push(`expected no message (${describeFilter(wanted)}), but ${matching.length} match:`);
  else lines.push(`expected the engine to have sent ${formatCount(count)} (${describeFilter(wanted)})`);
  const mismatches = attempts.filter(({ failures }) => failures.length > 0);
  if (isMet)
    lines.push(
      ...matching.slice(0, MAX_SHOWN).map(({ channel, step, to, at }) => `  ${channel.type} ${step} to ${to} at ${at}`),
    );
  else if (selected.length === 0 || mismatches.length === 0) {
    const { to, channel, step, workflow, tenant } = wanted;
    const filter = { to, channel, step, workflow, tenant };
    const failures = check(observation.messages, { ...filter, ...(count === undefined ? {} : { count }) });
    lines.push(...indent(await formatFailures(engine, failures, observation.outcomes, output)));
    const reasons = await formatSteps(engine, listMissingCauses(wanted, observation.outcomes), output);
    if (reasons.length > 0) lines.push("  why", ...indent(indent(reasons)));
  } else
    for (const { failures } of mismatches.slice(-MAX_SHOWN))
      lines.push(...indent(await formatFailures(engine, failures, observation.outcomes, output)));
  return { isMet, message: lines.join("\n"), expected, actual: selected };
}

function formatCount(count: number | null | undefined): string {
  if (typeof count !== "number") return "a message";
  return count === 1 ? "exactly 1 message" : `exactly ${count} messages`;
}

/** Checks whether a step was skipped, or a run was stopped before its first step. */
export async function checkSkipped(value: unknown, expected: ExpectedSkip, caller: string): Promise<EngineCheck> {
  const engine = toEngine(value);
  const { to, step, channel, workflow, reason, ...unknown } = expected;
  const [unknownKey] = Object.keys(unknown);
  if (unknownKey !== undefined)
    throw new KnockError("scenario_invalid", `${caller}: "${unknownKey}" is not a known property`, {
      hint: didYouMean(unknownKey, ["to", "step", "channel", "workflow", "reason"], "Properties"),
    });
  await checkNames(engine, expected);
  const observation = await engine.observe();
  const runs = observation.outcomes.filter(
    (run) => (!to || formatRecipient(run.recipient) === to) && (!workflow || run.workflow === workflow),
  );
  const output = await openSilentOutput(() => {});
  const wanted = `${[to, workflow, step, channel].filter(Boolean).join(" ") || "a step"} skipped${reason ? ` (${reason})` : ""}`;
  const met: string[] = [];
  const failures: ExpectationFailure[] = [];
  for (const run of runs) {
    const name = formatRecipient(run.recipient);
    if (!step && !channel && run.steps.length === 0 && run.reason && (!reason || run.reason.code === reason))
      met.push(`${name} ${run.workflow}  ${describeStop(run.reason)}`);
    for (const found of run.steps) {
      if (!isStepSelected(found, { step, channel }) || (channel && found.channel_type === undefined)) continue;
      const outcome = { outcome: "skipped" as const, ...(reason ? { reason: reason as never } : {}) };
      const only: Observation = { ...observation, outcomes: [run] };
      const own = checkExpectation({ outcomes: { [name]: { [found.ref]: outcome } } }, only, engine.target.reader);
      if (own.length === 0) met.push(`${name} ${found.ref}  ${describeStep(found)}`);
      failures.push(...own);
    }
  }
  const isMet = met.length > 0;
  const lines = isMet
    ? [`expected nothing of: ${wanted}, but it happened:`, ...indent(met.slice(0, MAX_SHOWN))]
    : [`expected ${wanted}`, ...indent(await formatFailures(engine, failures, observation.outcomes, output))];
  if (!isMet && failures.length === 0) lines.push(`  found: ${describeRuns(runs)}`);
  return { isMet, message: lines.join("\n"), expected, actual: runs };
}

function describeRuns(runs: readonly ObservedRun[]): string {
  if (runs.length === 0) return "no run";
  return runs
    .slice(0, MAX_SHOWN)
    .map(
      ({ recipient, workflow, steps, reason }) =>
        `${formatRecipient(recipient)} ${workflow}: ${reason?.code ?? steps.map(({ ref }) => ref).join(", ")}`,
    )
    .join("; ");
}
