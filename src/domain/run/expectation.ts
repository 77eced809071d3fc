import { KnockError } from "../../errors/knock-error.js";
import { nearest } from "../../util/nearest.js";
import { keyOf, referenceOf } from "../recipient/recipient.js";
import type { OutcomeSummary, TriggerOutcome } from "./outcome.js";

const COUNTERS = [
  "recipients",
  "messages",
  "sent",
  "skipped",
  "waiting",
  "failed",
  "cancelled",
] as const satisfies readonly (keyof OutcomeSummary)[];
const RESULTS = ["sent", "queued", "skipped", "waiting", "passed", "halted", "failed", "cancelled"];

const COMPARE: Record<string, (found: number, wanted: number) => boolean> = {
  "=": (found, wanted) => found === wanted,
  "==": (found, wanted) => found === wanted,
  "!=": (found, wanted) => found !== wanted,
  ">": (found, wanted) => found > wanted,
  ">=": (found, wanted) => found >= wanted,
  "<": (found, wanted) => found < wanted,
  "<=": (found, wanted) => found <= wanted,
};

/** A rule of `--expect`: null where the outcome meets it, else what was found instead. */
export interface Expectation {
  rule: string;
  check(outcome: TriggerOutcome): string | null;
}

const UNKNOWN = "the target does not tell (use --wait)";

function counterRule(rule: string, name: (typeof COUNTERS)[number], operator: string, wanted: number): Expectation {
  return {
    rule,
    check({ summary }) {
      if (summary === null) return UNKNOWN;
      return COMPARE[operator]?.(summary[name], wanted) ? null : `${name} is ${summary[name]}`;
    },
  };
}

/** `ada:email=sent`: every step of that channel type, channel or ref has that outcome, and there is one. */
function stepRule(rule: string, recipient: string, step: string, wanted: string): Expectation {
  const [collection, id] = recipient.split("/");
  const key = id === undefined ? keyOf(recipient) : keyOf({ collection: collection as string, id });
  return {
    rule,
    check({ recipients }) {
      if (recipients === null) return UNKNOWN;
      const own = recipients.find((one) => keyOf(one.recipient) === key);
      if (own === undefined) return `${recipient} is not among the recipients`;
      const steps = own.steps.filter(
        (one) =>
          one.ref === step ||
          one.channel_type === step ||
          one.channel === step ||
          (step === "in-app" && one.channel_type === "in_app_feed"),
      );
      if (steps.length === 0) {
        const had = own.steps.map(({ ref, outcome }) => `${ref} ${outcome}`).join(", ");
        const why = own.reason?.code ?? (had === "" ? "" : `so far: ${had}`);
        return `${recipient} has no step ${step}${why === "" ? "" : ` (${why})`}`;
      }
      const other = steps.find((one) => one.outcome !== wanted);
      return other === undefined
        ? null
        : `${JSON.stringify(referenceOf(key))} ${other.ref} is ${other.outcome}${other.reason ? ` (${other.reason.code})` : ""}`;
    },
  };
}

/** Parses `sent>=2`, `skipped=0`, `no-failures`, `ada:email=sent`, `projects/p1:sms_1=skipped`. Throws `usage`. */
export function parseExpectation(rule: string): Expectation {
  const bad = (message: string, hint?: string): KnockError =>
    new KnockError("usage", `--expect: ${JSON.stringify(rule)} ${message}`, {
      hint: hint ?? "For example 'sent>=2' (quoted: > is the shell's), skipped=0, ada:email=sent or no-failures.",
    });
  const text = rule.trim();
  if (text === "no-failures") return counterRule(rule, "failed", "=", 0);
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
  const counter = /^([a-z-]+)\s*(==|!=|>=|<=|=|>|<)\s*(\d+)$/.exec(text);
  if (!counter) throw bad("is not a rule");
  const [, name, operator, wanted] = counter as unknown as [string, string, string, string];
  const known = COUNTERS.find((one) => one === name);
  if (known === undefined) {
    const near = nearest(name, COUNTERS);
    throw bad(
      `counts nothing known: ${JSON.stringify(name)}`,
      near ? `Did you mean "${near}"?` : `Counters: ${COUNTERS.join(", ")}.`,
    );
  }
  return counterRule(rule, known, operator, Number(wanted));
}
