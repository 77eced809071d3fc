import { compareAmounts, parseAmount as toAmount, toUnits } from "../../domain/pricing/amount.js";
import { KnockError } from "../../errors/knock-error.js";
import { formatNumber } from "../../util/format-count.js";
import type { MonthlyCosts } from "./build-costs.js";
import type { ExactVolume } from "./build-volume.js";
import type { ReviewReport } from "./review-report-schema.js";

/** The kinds of failures for `--fail-on`. */
export const FAILURE_KINDS = ["lost", "errors", "cost"] as const;

/** The rules that decide the exit code. Null for a rule that is not set. */
export interface ReviewRules {
  failOn: readonly (typeof FAILURE_KINDS)[number][];
  maxLost: number | null;
  /** Percent. */
  maxGrowth: number | null;
  /** As it was given, in the currency of the prices. */
  budget: string | null;
}

type Rule = ReviewReport["rules"][number];

/** Parses the value of `--fail-on`. Throws `usage` for an unknown kind. */
export function parseFailOn(text: string): ReviewRules["failOn"] {
  return text.split(",").map((part) => {
    const kind = FAILURE_KINDS.find((known) => known === part.trim());
    if (kind !== undefined) return kind;
    throw new KnockError("usage", `--fail-on: ${JSON.stringify(part.trim())} is unknown`, {
      hint: `Use ${FAILURE_KINDS.join(", ")}, separated by commas.`,
    });
  });
}

/** Parses a number of at least 0, with a unit that may follow. Throws `usage`. */
export function parseAmount(text: string, flag: string, unit = ""): number {
  const digits = unit !== "" && text.endsWith(unit) ? text.slice(0, -unit.length) : text;
  if (/^\d+(?:\.\d+)?$/.test(digits)) return Number(digits);
  throw new KnockError("usage", `${flag}: ${JSON.stringify(text)} is not a number of 0 or more`, {
    hint: `For example ${flag} 10${unit}.`,
  });
}

function countErrors({
  findings,
  scenarios,
  rejected,
}: Pick<ReviewReport, "findings" | "scenarios" | "rejected">): number {
  const errors = findings.new.filter(({ severity }) => severity === "error").length;
  const isFailing = (status: string | null): boolean => status === "failed" || status === "broken";
  const failing = scenarios.changes.filter(({ before, after }) => isFailing(after) && !isFailing(before)).length;
  return errors + failing + rejected.filter(({ side }) => side === "after").length;
}

/**
 * Checks the rules of a review. An amount equal to a limit is within it. Numbers of the report can be rounded, so the exact ones are
 * compared. Throws `usage` for a budget without prices.
 */
export function checkRules(
  report: Omit<ReviewReport, "rules">,
  rules: ReviewRules,
  { messages, costs }: { messages: ExactVolume; costs: MonthlyCosts | null },
): Rule[] {
  const { summary } = report;
  const { cost } = report.volume;
  const found: Rule[] = [];
  const requireCost = (flag: string): NonNullable<typeof cost> & { exact: MonthlyCosts } => {
    if (cost !== null && costs !== null) return { ...cost, exact: costs };
    throw new KnockError("usage", `${flag} needs prices, and triggers with times of at least a day`, {
      hint: "Add prices.json to the project or use --prices, and name a file of triggers with --file.",
    });
  };
  for (const kind of rules.failOn) {
    const rule = `--fail-on ${kind}`;
    // --max-lost says how many may be lost.
    if (kind === "lost" && rules.maxLost === null)
      found.push({ rule, met: summary.lost === 0, found: `${formatNumber(summary.lost)} lost` });
    if (kind === "errors") {
      const errors = countErrors(report);
      found.push({ rule, met: errors === 0, found: `${formatNumber(errors)} new` });
    }
    if (kind === "cost") {
      const { before, after, currency, exact } = requireCost(rule);
      const met = compareAmounts(exact.after, exact.before) <= 0;
      found.push({ rule, met, found: `${currency} ${before} → ${after}` });
    }
  }
  if (rules.maxLost !== null)
    found.push({
      rule: `--max-lost ${rules.maxLost}`,
      met: summary.lost <= rules.maxLost,
      found: `${formatNumber(summary.lost)} lost`,
    });
  if (rules.maxGrowth !== null) {
    const { before, after } = messages;
    const growth = before === 0n ? (after === 0n ? 0 : null) : (Number(after) / Number(before) - 1) * 100;
    found.push({
      rule: `--max-growth ${rules.maxGrowth}%`,
      met: after * toUnits(100) <= before * (toUnits(100) + toUnits(rules.maxGrowth)),
      found: growth === null ? "all messages are new" : `${growth > 0 ? "+" : ""}${Math.round(growth * 10) / 10}%`,
    });
  }
  if (rules.budget !== null) {
    const { after, currency, exact } = requireCost("--budget");
    found.push({
      rule: `--budget ${rules.budget}`,
      met: compareAmounts(exact.after, toAmount(rules.budget)) <= 0,
      found: `${currency} ${after}`,
    });
  }
  return found;
}
