import { KnockError } from "../../errors/knock-error.js";
import { correctWord, didYouMean, findNearest, type Hint } from "../../util/find-nearest.js";
import { findChannelType } from "../message/channel-types.js";
import { SANDBOXED } from "../message/message.js";
import { toRecipientKey, toRecipientReference } from "../recipient/recipient.js";
import { toApiSpelling } from "./api-spelling.js";
import { countMessages, type RecipientOutcome, type StepOutcome } from "./outcome.js";
import { hasEndedStatus } from "./run-status.js";
import { getStepLabels } from "./step-labels.js";

/** Labels for the states of a step's messages. They replace the outcomes `sent` and `failed`. */
const MESSAGE_LABELS = [SANDBOXED, "delivered", "undelivered", "bounced"] as const;

/** The counters that rules can use, by scope. All except `recipients` and `messages` count steps. */
const COUNTERS = {
  runs: ["recipients", "messages", "sent", "skipped", "waiting", "failed", "cancelled", ...MESSAGE_LABELS],
  messages: ["recipients", "messages", "sent", "waiting", "failed", ...MESSAGE_LABELS],
  cancellation: ["recipients", "cancelled", "not_cancellable", "unfinished_triggers"],
} as const;
export type ExpectationScope = keyof typeof COUNTERS;
type Counter = (typeof COUNTERS)[ExpectationScope][number];

/** The outcomes of steps that rules and scenarios can name. */
export const STEP_OUTCOMES = [
  "sent",
  "queued",
  "skipped",
  "waiting",
  "passed",
  "halted",
  "failed",
  "cancelled",
  ...MESSAGE_LABELS,
] as const;

const COMPARATORS: Record<string, (found: number, wanted: number) => boolean> = {
  "=": (found, wanted) => found === wanted,
  "==": (found, wanted) => found === wanted,
  "!=": (found, wanted) => found !== wanted,
  ">": (found, wanted) => found > wanted,
  ">=": (found, wanted) => found >= wanted,
  "<": (found, wanted) => found < wanted,
  "<=": (found, wanted) => found <= wanted,
};

/**
 * The outcome that rules are checked against; a part is null if the target does not report it. A recipient may have
 * several entries.
 */
export interface ObservedOutcome {
  recipients: readonly RecipientOutcome[] | null;
  summary: Readonly<Partial<Record<Counter, number>>> | null;
}

/** A rule of `--expect`. */
export interface Expectation {
  rule: string;
  /** The step that the rule names: a ref, a channel type or a channel's key. Null for a counter. */
  step: string | null;
  /** Returns null if the outcome meets the rule, else the text about what was found. */
  check(outcome: ObservedOutcome): string | null;
  /** Returns the steps that decided why the outcome does not meet the rule. */
  listDecidingSteps(outcome: ObservedOutcome): DecidingStep[];
}

/** A step of a run. Null: the run stopped before its first step. */
interface DecidingStep {
  run: RecipientOutcome;
  step: StepOutcome | null;
}

/** A checked rule, as JSON output lists it. `found` is null if the rule is met. */
export interface ExpectationResult {
  rule: string;
  met: boolean;
  found: string | null;
}

const NOT_REPORTED_MESSAGE = "the target does not report it (use --wait)";

/** Returns each rule with whether it is met. */
export function checkExpectations(rules: readonly Expectation[], outcome: ObservedOutcome): ExpectationResult[] {
  return rules.map(({ rule, check }) => {
    const found = check(outcome);
    return { rule, met: found === null, found };
  });
}

function countByName(name: Counter, { recipients, summary }: ObservedOutcome): number | null {
  if (!MESSAGE_LABELS.some((label) => label === name)) return summary?.[name] ?? null;
  const steps = recipients?.flatMap((entry) => entry.steps);
  return steps?.filter((step) => getStepLabels(step).some(({ label }) => label === name)).length ?? null;
}

function isCounted(step: StepOutcome, name: Counter): boolean {
  if (name === "messages") return countMessages(step) > 0;
  if (name === "waiting") return step.outcome === "waiting" || step.outcome === "queued";
  return step.outcome === name || getStepLabels(step).some(({ label }) => label === name);
}

/** Returns the steps that a counter counts, or those that it could also count. */
function listSteps(name: Counter, { recipients }: ObservedOutcome, counted: boolean): DecidingStep[] {
  if (name === "recipients") return [];
  return (recipients ?? []).flatMap((run): DecidingStep[] => {
    if (run.steps.length === 0 && run.reason !== undefined) return [{ run, step: null }];
    return run.steps
      .filter((step) =>
        counted
          ? isCounted(step, name)
          : !isCounted(step, name) &&
            step.outcome !== "passed" &&
            // A run continues after a delay or a fetch step that was skipped.
            (step.channel_type !== undefined || step.outcome !== "skipped"),
      )
      .map((step) => ({ run, step }));
  });
}

/** Returns the step that kept a run from reaching others: one that ended or delays it, otherwise its last branch. */
export function findStop({ steps }: RecipientOutcome): StepOutcome | null {
  const isStop = ({ outcome }: StepOutcome): boolean =>
    ["waiting", "queued", "halted", "failed", "cancelled"].includes(outcome);
  return steps.findLast(isStop) ?? steps.findLast(({ branch }) => Boolean(branch)) ?? steps.at(-1) ?? null;
}

function buildCounterRule(
  rule: string,
  name: Counter,
  operator: string,
  wanted: number,
  typed: string = name,
): Expectation {
  return {
    rule,
    step: null,
    check(outcome) {
      const count = countByName(name, outcome);
      if (count === null) return NOT_REPORTED_MESSAGE;
      return COMPARATORS[operator]?.(count, wanted) ? null : `${typed} is ${count}`;
    },
    listDecidingSteps(outcome) {
      const count = countByName(name, outcome) ?? 0;
      return listSteps(name, outcome, count > wanted || operator === "!=" || operator === "<");
    },
  };
}

function isStepNamed(step: StepOutcome, name: string): boolean {
  return (
    step.ref === name ||
    step.channel_type === name ||
    step.channel === name ||
    findChannelType(step.channel_type)?.alias === name
  );
}

function hasLabel(step: StepOutcome, wanted: string): boolean {
  return step.outcome === wanted || getStepLabels(step).every(({ label }) => label === wanted);
}

function formatStepLabels(step: StepOutcome): string {
  return getStepLabels(step)
    .map(({ label }) => label)
    .join(" and ");
}

/**
 * Returns the sentence about a step that a recipient does not have: whether it may still come, and the steps so far.
 */
function describeMissingStep(recipient: string, step: string, entries: readonly RecipientOutcome[]): string {
  const steps = entries.flatMap((entry) => entry.steps.map((step) => `${step.ref} ${formatStepLabels(step)}`));
  const reasons = entries.flatMap(({ reason }) => reason?.code ?? []);
  const details = [...reasons, ...(steps.length === 0 ? [] : [`so far: ${steps.join(", ")}`])].join("; ");
  const hasEnded = entries.every(({ status }) => hasEndedStatus(status));
  const phrase = hasEnded ? `ended without reaching step ${step}` : `has not reached step ${step} yet`;
  const isUnidentified = reasons.includes("recipient_not_found");
  return `${recipient} ${isUnidentified ? `has no step ${step}` : phrase}${details === "" ? "" : ` (${details})`}`;
}

/**
 * Returns a rule such as `ada:email=sent`. It is met if there is a step with that channel type, channel or ref, and all
 * such steps have the outcome.
 */
function buildStepRule(rule: string, recipient: string, step: string, wanted: string): Expectation {
  const [collection = "", id] = recipient.split("/");
  const key = toRecipientKey(id === undefined ? recipient : { collection, id });
  const listEntries = ({ recipients }: ObservedOutcome): RecipientOutcome[] =>
    (recipients ?? []).filter((entry) => toRecipientKey(entry.recipient) === key);
  return {
    rule,
    step,
    listDecidingSteps(outcome) {
      const entries = listEntries(outcome);
      const named = entries.flatMap((run) =>
        run.steps.filter((entry) => isStepNamed(entry, step)).map((found) => ({ run, step: found })),
      );
      if (named.length === 0) return entries.map((run) => ({ run, step: findStop(run) }));
      return named.filter(({ step: found }) => !hasLabel(found, wanted));
    },
    check(outcome) {
      if (outcome.recipients === null) return NOT_REPORTED_MESSAGE;
      const entries = listEntries(outcome);
      if (entries.length === 0) return `${recipient} is not among the recipients`;
      const steps = entries.flatMap((entry) => entry.steps.filter((entry) => isStepNamed(entry, step)));
      if (steps.length === 0) return describeMissingStep(recipient, step, entries);
      const other = steps.find((step) => !hasLabel(step, wanted));
      return other === undefined
        ? null
        : `${JSON.stringify(toRecipientReference(key))} ${other.ref} is ${formatStepLabels(other)}${other.reason ? ` (${other.reason.code})` : ""}`;
    },
  };
}

/**
 * Throws `usage` for a rule about a step that no workflow has. `known` are the names of the workflows' steps (refs,
 * channel types, channels); `missing` says which workflows do not have the step that follows.
 */
export function checkStepNames(rules: readonly Expectation[], known: readonly string[], missing: string): void {
  for (const { rule, step } of rules) {
    if (step === null || known.includes(step)) continue;
    throw new KnockError("usage", `--expect: ${JSON.stringify(rule)}: ${missing} ${JSON.stringify(step)}`, {
      hint: didYouMean(step, known, "Steps and channels"),
    });
  }
}

/**
 * Parses a rule such as `sent>=2`, `skipped=0`, `no-failures`, `ada:email=sent` or `projects/p1:sms_1=skipped`. Throws
 * `usage` if it is invalid.
 */
export function parseExpectation(rule: string, scope: ExpectationScope = "runs"): Expectation {
  const counters: readonly Counter[] = COUNTERS[scope];
  const createError = (message: string, hint?: Hint): KnockError =>
    new KnockError("usage", `--expect: ${JSON.stringify(rule)} ${message}`, {
      hint:
        hint ??
        "For example 'sent>=2' (with quotes, because > redirects output), skipped=0, ada:email=sent or no-failures.",
    });
  const parseCounter = (name: string): Counter => {
    const known = counters.find((counter) => counter === toApiSpelling(name));
    if (known !== undefined) return known;
    const isElsewhere = COUNTERS.runs.some((counter) => counter === name);
    const near = isElsewhere ? undefined : findNearest(name, counters);
    throw createError(
      isElsewhere
        ? `uses the counter ${name}, which this command does not report`
        : `has an unknown counter: ${JSON.stringify(name)}`,
      near ? correctWord(name, near) : `Counters: ${counters.join(", ")}.`,
    );
  };
  const text = rule.trim();
  if (text === "no-failures") return buildCounterRule(rule, parseCounter("failed"), "=", 0);
  // An ID may contain colons, so the last one separates the step.
  const [step, recipient = "", name = "", typed = ""] = /^(.+):([^=:]+)=([a-z]+)$/.exec(text) ?? [];
  if (step !== undefined) {
    const wanted = toApiSpelling(typed);
    if (!STEP_OUTCOMES.some((outcome) => outcome === wanted)) {
      const near = findNearest(wanted, STEP_OUTCOMES);
      throw createError(
        `has an unknown outcome: ${JSON.stringify(wanted)}`,
        near ? correctWord(typed, near) : `Outcomes: ${STEP_OUTCOMES.join(", ")}.`,
      );
    }
    return buildStepRule(rule, recipient, name, wanted);
  }
  const [, counter, operator = "", wanted] = /^([a-z_-]+)\s*(==|!=|>=|<=|=|>|<)\s*(\d+)$/.exec(text) ?? [];
  if (counter === undefined) throw createError("is not a rule");
  return buildCounterRule(rule, parseCounter(counter), operator, Number(wanted), counter);
}
