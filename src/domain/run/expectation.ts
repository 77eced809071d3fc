import { KnockError } from "../../errors/knock-error.js";
import { didYouMean, nearest } from "../../util/nearest.js";
import { findChannelType } from "../message/channel-types.js";
import { SANDBOXED } from "../message/message.js";
import { keyOf, referenceOf } from "../recipient/recipient.js";
import type { RecipientOutcome, StepOutcome } from "./outcome.js";
import { stepFates } from "./step-fate.js";

/** Words for what became of a step's messages. People read them in place of `sent` and `failed`. */
const FATES = [SANDBOXED, "delivered", "undelivered", "bounced"] as const;

/** What rules can count, by what they are checked against. All but `recipients` and `messages` are numbers of steps. */
const COUNTERS = {
  runs: ["recipients", "messages", "sent", "skipped", "waiting", "failed", "cancelled", ...FATES],
  messages: ["recipients", "messages", "sent", "waiting", "failed", ...FATES],
  cancellation: ["recipients", "cancelled", "not_cancellable"],
} as const;
export type ExpectationScope = keyof typeof COUNTERS;
type Counter = (typeof COUNTERS)[ExpectationScope][number];

const RESULTS = ["sent", "queued", "skipped", "waiting", "passed", "halted", "failed", "cancelled", ...FATES];

const COMPARE: Record<string, (found: number, wanted: number) => boolean> = {
  "=": (found, wanted) => found === wanted,
  "==": (found, wanted) => found === wanted,
  "!=": (found, wanted) => found !== wanted,
  ">": (found, wanted) => found > wanted,
  ">=": (found, wanted) => found >= wanted,
  "<": (found, wanted) => found < wanted,
  "<=": (found, wanted) => found <= wanted,
};

/** What rules are checked against; null where the target does not report it. A recipient may have several entries. */
export interface ExpectedOutcome {
  recipients: readonly RecipientOutcome[] | null;
  summary: Readonly<Partial<Record<Counter, number>>> | null;
}

/** A rule of `--expect`. */
export interface Expectation {
  rule: string;
  /** The step that the rule names: a ref, a channel type or a channel's key. Null for a counter. */
  step: string | null;
  /** Returns null where the outcome meets the rule, otherwise what was found. */
  check(outcome: ExpectedOutcome): string | null;
}

/** A checked rule, as JSON output lists it. `found` is null where the rule is met. */
export interface ExpectationResult {
  rule: string;
  met: boolean;
  found: string | null;
}

const UNKNOWN = "the target does not report it (use --wait)";

/** Returns the rules with whether they are met. */
export function checkExpectations(rules: readonly Expectation[], outcome: ExpectedOutcome): ExpectationResult[] {
  return rules.map(({ rule, check }) => {
    const found = check(outcome);
    return { rule, met: found === null, found };
  });
}

function countOf(name: Counter, { recipients, summary }: ExpectedOutcome): number | null {
  if (!FATES.some((fate) => fate === name)) return summary?.[name] ?? null;
  const steps = recipients?.flatMap((one) => one.steps);
  return steps?.filter((step) => stepFates(step).some(({ word }) => word === name)).length ?? null;
}

function counterRule(rule: string, name: Counter, operator: string, wanted: number): Expectation {
  return {
    rule,
    step: null,
    check(outcome) {
      const count = countOf(name, outcome);
      if (count === null) return UNKNOWN;
      return COMPARE[operator]?.(count, wanted) ? null : `${name} is ${count}`;
    },
  };
}

function isCalled(step: StepOutcome, name: string): boolean {
  return (
    step.ref === name ||
    step.channel_type === name ||
    step.channel === name ||
    findChannelType(step.channel_type)?.alias === name
  );
}

function has(step: StepOutcome, wanted: string): boolean {
  return step.outcome === wanted || stepFates(step).every(({ word }) => word === wanted);
}

function wordsOf(step: StepOutcome): string {
  return stepFates(step)
    .map(({ word }) => word)
    .join(" and ");
}

/** Says that a recipient has no such step: whether it may still come, and what there is instead. */
function notReached(recipient: string, step: string, entries: readonly RecipientOutcome[]): string {
  const steps = entries.flatMap((one) => one.steps.map((step) => `${step.ref} ${wordsOf(step)}`));
  const reasons = entries.flatMap(({ reason }) => reason?.code ?? []);
  const why = [...reasons, ...(steps.length === 0 ? [] : [`so far: ${steps.join(", ")}`])].join("; ");
  const hasEnded = entries.every(({ status }) => status === "completed" || status === "cancelled");
  const said = hasEnded ? `ended without reaching step ${step}` : `has not reached step ${step} yet`;
  const isUnidentified = reasons.includes("recipient_not_found");
  return `${recipient} ${isUnidentified ? `has no step ${step}` : said}${why === "" ? "" : ` (${why})`}`;
}

/** `ada:email=sent`: every step of that channel type, channel or ref has that outcome, and there is one. */
function stepRule(rule: string, recipient: string, step: string, wanted: string): Expectation {
  const [collection, id] = recipient.split("/");
  const key = id === undefined ? keyOf(recipient) : keyOf({ collection: collection as string, id });
  return {
    rule,
    step,
    check({ recipients }) {
      if (recipients === null) return UNKNOWN;
      const entries = recipients.filter((one) => keyOf(one.recipient) === key);
      if (entries.length === 0) return `${recipient} is not among the recipients`;
      const steps = entries.flatMap((one) => one.steps.filter((one) => isCalled(one, step)));
      if (steps.length === 0) return notReached(recipient, step, entries);
      const other = steps.find((one) => !has(one, wanted));
      return other === undefined
        ? null
        : `${JSON.stringify(referenceOf(key))} ${other.ref} is ${wordsOf(other)}${other.reason ? ` (${other.reason.code})` : ""}`;
    },
  };
}

/**
 * Throws `usage` for a rule about a step that no workflow has. `known` are the names of the workflows' steps (refs, channel types,
 * channels); `where` names the workflows.
 */
export function checkStepNames(rules: readonly Expectation[], known: readonly string[], where: string): void {
  for (const { rule, step } of rules) {
    if (step === null || known.includes(step)) continue;
    throw new KnockError("usage", `--expect: ${JSON.stringify(rule)}: ${where} has no step ${JSON.stringify(step)}`, {
      hint: didYouMean(step, known, "Steps and channels"),
    });
  }
}

/** Parses `sent>=2`, `skipped=0`, `no-failures`, `ada:email=sent`, `projects/p1:sms_1=skipped`. Throws `usage`. */
export function parseExpectation(rule: string, scope: ExpectationScope = "runs"): Expectation {
  const counters: readonly Counter[] = COUNTERS[scope];
  const bad = (message: string, hint?: string): KnockError =>
    new KnockError("usage", `--expect: ${JSON.stringify(rule)} ${message}`, {
      hint: hint ?? "For example 'sent>=2' (quoted: > is the shell's), skipped=0, ada:email=sent or no-failures.",
    });
  const counterNamed = (name: string): Counter => {
    const known = counters.find((one) => one === name);
    if (known !== undefined) return known;
    const isElsewhere = COUNTERS.runs.some((one) => one === name);
    const near = isElsewhere ? undefined : nearest(name, counters);
    throw bad(
      isElsewhere
        ? `counts ${name}, which this command does not report`
        : `counts nothing known: ${JSON.stringify(name)}`,
      near ? `Did you mean "${near}"?` : `Counters: ${counters.join(", ")}.`,
    );
  };
  const text = rule.trim();
  if (text === "no-failures") return counterRule(rule, counterNamed("failed"), "=", 0);
  // An id may hold colons itself: the last one counts.
  const step = /^(.+):([^=:]+)=([a-z]+)$/.exec(text);
  if (step) {
    const [, recipient, name, wanted] = step as unknown as [string, string, string, string];
    if (!RESULTS.includes(wanted)) {
      const near = nearest(wanted, RESULTS);
      throw bad(
        `names no outcome: ${JSON.stringify(wanted)}`,
        near ? `Did you mean "${near}"?` : `Outcomes: ${RESULTS.join(", ")}.`,
      );
    }
    return stepRule(rule, recipient, name, wanted);
  }
  const counter = /^([a-z_-]+)\s*(==|!=|>=|<=|=|>|<)\s*(\d+)$/.exec(text);
  if (!counter) throw bad("is not a rule");
  const [, name, operator, wanted] = counter as unknown as [string, string, string, string];
  return counterRule(rule, counterNamed(name), operator, Number(wanted));
}
