import type { RecipientOutcome, StepOutcome } from "./outcome.js";
import { formatRunStatus } from "./run-status.js";
import { getStepLabels } from "./step-labels.js";

/** One part of what runs came to, such as `2 skipped`. The label decides its color. */
export interface ResultPart {
  label: string;
  text: string;
}

type RunResult = Pick<RecipientOutcome, "steps" | "reason">;

/** Outcomes of steps that come after those of sent messages, with their words. */
const OTHER_PARTS: readonly [label: string, outcomes: readonly StepOutcome["outcome"][]][] = [
  ["skipped", ["skipped"]],
  ["waiting", ["waiting", "queued"]],
  ["failed", ["failed"]],
  ["canceled", ["cancelled"]],
];

const NOTHING_SENT = "nothing sent";

/** Returns the reasons for which runs and their steps sent nothing. */
export function listReasonCodes(runs: readonly RunResult[]): ReadonlySet<string> {
  const codes = runs.flatMap(({ steps, reason }) => [
    ...(reason === undefined ? [] : [reason.code]),
    ...steps.flatMap((step) =>
      step.outcome === "skipped" || step.outcome === "halted" ? (step.reason?.code ?? []) : [],
    ),
  ]);
  return new Set(codes.filter((code) => code !== "skip_delay"));
}

/** Returns why nothing was sent, if that has one reason: `nothing sent: throttled`; null if there are several reasons. */
function describeNothingSent(runs: readonly RunResult[]): string | null {
  const codes = listReasonCodes(runs);
  if (codes.size > 1) return null;
  const [code] = codes;
  if (code === "batched") return "joined an open batch"; // which sends
  return code === undefined ? NOTHING_SENT : `${NOTHING_SENT}: ${code.replaceAll("_", " ")}`;
}

/**
 * Returns what runs came to, as the page and the command line show it: the number of steps for each status of their
 * messages, then of the other steps, or why nothing was sent.
 */
export function listResultParts(runs: readonly RunResult[]): ResultPart[] {
  const steps = runs.flatMap((run) => run.steps);
  const counts = new Map<string, number>();
  for (const step of steps.filter(({ outcome }) => outcome === "sent")) {
    const label = getStepLabels(step)
      .map((part) => part.label)
      .join(" and ");
    counts.set(label, (counts.get(label) ?? 0) + 1);
  }
  const parts = [...counts].map(([label, count]) => ({ label, text: `${count} ${label}` }));
  const unidentified = runs.filter(({ reason }) => reason?.code === "recipient_not_found").length;
  for (const [label, outcomes] of OTHER_PARTS) {
    const found = steps.filter(({ outcome }) => outcomes.includes(outcome)).length;
    const count = label === "failed" ? found + unidentified : found;
    if (count > 0) parts.push({ label, text: `${count} ${label}` });
  }
  if (steps.some(({ guide }) => guide !== undefined)) parts.push({ label: "sent", text: "added to a guide" });
  const isNothing = parts.every(({ label }) => label === "skipped");
  const nothing = isNothing ? describeNothingSent(runs) : null;
  if (nothing !== null) return [{ label: NOTHING_SENT, text: nothing }];
  return parts.length === 0 ? [{ label: NOTHING_SENT, text: NOTHING_SENT }] : parts;
}

/** Returns what one run came to; its status if it has not completed, or if the target does not report its steps. */
export function listRunParts({ status, steps, reason }: Partial<RunResult> & { status: unknown }): ResultPart[] {
  if (status === "completed" && steps !== undefined) return listResultParts([{ steps, ...(reason ? { reason } : {}) }]);
  const label = formatRunStatus(status);
  return [{ label, text: label }];
}

/** Returns whether a run ended without sending anything, for a reason. One that joined an open batch did not: the batch sends. */
export function hasSentNothing(run: RunResult): boolean {
  const isNothing = listResultParts([run]).every(({ label }) => label === "skipped" || label === NOTHING_SENT);
  const codes = listReasonCodes([run]);
  return isNothing && codes.size > 0 && !codes.has("batched");
}
