import { formatQuantity } from "./describe-review.js";
import type { ReviewReport } from "./review-report-schema.js";

type Summary = Omit<ReviewReport["summary"], "verdict">;

/** Returns a count with its verb: `2 recipients lose 3 messages`. */
function describe(recipients: number, verbs: readonly [one: string, many: string], messages: number): string {
  const verb = recipients === 1 ? verbs[0] : verbs[1];
  return `${formatQuantity(recipients, "recipient")} ${verb} ${formatQuantity(messages, "message")}`;
}

/** Returns the result of a review in one sentence. */
export function buildVerdict(summary: Summary, triggers: number): string {
  const { lost, gained, changed, equal, workflows } = summary;
  const parts = [
    ...(lost > 0 ? [describe(summary.recipients_lost, ["loses", "lose"], lost)] : []),
    ...(gained > 0 ? [describe(summary.recipients_gained, ["gains", "gain"], gained)] : []),
    ...(changed > 0 ? [`${formatQuantity(changed, "message")} ${changed === 1 ? "changes" : "change"}`] : []),
  ];
  const last = parts.pop();
  if (last !== undefined) return `${parts.length === 0 ? last : `${parts.join(", ")} and ${last}`}.`;
  if (!summary.has_differences) return "Nothing changes.";
  const samples = `${formatQuantity(equal, "message")} of ${formatQuantity(triggers, "trigger")}`;
  const subject =
    workflows === 0
      ? "Files change"
      : `${formatQuantity(workflows, "workflow")} ${workflows === 1 ? "changes" : "change"}`;
  return triggers === 0
    ? `${subject}, and there are no triggers to compare messages.`
    : `${subject}, but the ${samples} stay the same.`;
}
