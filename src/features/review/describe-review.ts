import { findChannelType } from "../../domain/message/channel-types.js";
import type { RecipientReference } from "../../domain/recipient/recipient.js";
import { toRecipientKey } from "../../domain/recipient/recipient.js";
import { REASONS } from "../../domain/run/reasons.js";
import { formatNumber } from "../../util/format-count.js";
import type { MessageDifference, ReviewReport, WorkflowReview } from "./review-report-schema.js";

/** The place of a change. */
type Location = NonNullable<NonNullable<MessageDifference["cause"]>["location"]>;
type Change = WorkflowReview["changes"][number];
type Example = MessageDifference["examples"][number];

export const capitalize = (text: string): string => `${text[0]?.toUpperCase()}${text.slice(1)}`;

/** Returns a number with separators and its noun: `12,400 messages`. */
export const formatQuantity = (count: number, noun: string): string =>
  `${formatNumber(count)} ${noun}${count === 1 ? "" : "s"}`;

/** Returns the file and line of a change. A removed line is only in the version before. */
export const formatLocation = ({ side, file, line }: Location): string =>
  `${file}:${line}${side === "before" ? " (before)" : ""}`;

/** Returns the name of a channel type within a sentence. */
export function formatChannel(type: string): string {
  const title = findChannelType(type)?.title ?? type;
  return title === title.toUpperCase() ? title : title.toLowerCase();
}

/** Returns the changes within a document. That it was added or removed is its state. */
export const listChanges = <T extends Pick<Change, "kind" | "step" | "path">>(changes: readonly T[]): T[] =>
  changes.filter(({ kind, step, path }) => kind === "changed" || step !== null || path !== "");

/** Returns the name of a version without its commit, which is shown after it. */
export const formatSideName = ({ name, commit }: ReviewReport["base"]): string =>
  commit === null ? name : name.replace(` (${commit.slice(0, 8)})`, "");

/** Returns messages and their recipients: `4 SMS messages to 3 recipients`. */
export function formatMessages({ messages, channel_type, recipients }: MessageDifference): string {
  return `${formatQuantity(messages, `${formatChannel(channel_type)} message`)} to ${formatQuantity(recipients.length, "recipient")}`;
}

/** Returns why a message is not sent: `recipient.plan is free (condition)`. */
export const formatReason = ({ code, detail }: NonNullable<MessageDifference["reason"]>): string =>
  `${detail ?? REASONS[code]} (${code.replaceAll("_", " ")})`;

export function formatState({ state, previous_key }: WorkflowReview): string {
  if (state === "added") return "new";
  if (state === "renamed") return `renamed from ${previous_key}`;
  return state === "affected" ? "uses changed files" : state;
}

/** Returns the number of messages of a workflow that are lost, gained or changed. */
export const countMessages = ({ differences }: WorkflowReview, kind: MessageDifference["kind"]): number =>
  differences.filter((difference) => difference.kind === kind).reduce((sum, { messages }) => sum + messages, 0);

export const VOLUME_UNITS = { month: "messages per month", trigger: "messages per trigger" } as const;

/**
 * Returns the number of messages of a workflow in words: those of a month, or without times those of the samples. The month of a
 * workflow without triggers with times is unknown.
 */
export function formatWorkflowVolume(
  { volume, messages }: WorkflowReview,
  unit: ReviewReport["volume"]["unit"],
): string {
  const isUntimed = volume.before + volume.after === 0 && messages.before + messages.after > 0;
  if (unit === "month" && isUntimed) return "unknown";
  const numbers = unit === "month" ? volume : messages;
  return `${formatTransition(numbers)}${formatGrowth(numbers)}`;
}

export const WORKFLOW_UNITS = { month: "messages per month", trigger: "messages" } as const;

const formatAmount = (amount: number): string =>
  amount.toLocaleString("en-US", { maximumFractionDigits: amount < 10 ? 2 : amount < 100 ? 1 : 0 });

/** Returns two numbers as `1,320 → 880`, or one of them if they are equal. */
export function formatTransition({ before, after }: { before: number; after: number }, unit = ""): string {
  const [old, now] = [`${formatAmount(before)}${unit}`, `${formatAmount(after)}${unit}`];
  return old === now ? now : `${old} → ${now}`;
}

/** Returns by how much a number grows: ` (-33%)`; "" if it does not, or if it was 0. */
export function formatGrowth({ before, after }: { before: number; after: number }): string {
  const percent = before === 0 ? 0 : Math.round((after / before - 1) * 100);
  return percent === 0 ? "" : ` (${percent > 0 ? "+" : ""}${percent}%)`;
}

type Amounts = NonNullable<WorkflowReview["cost"]>;

/** Returns two amounts as `41.65 → 4.25`. They have two decimal places, or three below 1, unless they would then look equal. */
export function formatAmounts({ before, after }: Amounts): string {
  const format = (amount: string, maximumFractionDigits: number): string =>
    Number(amount).toLocaleString("en-US", { minimumFractionDigits: 2, maximumFractionDigits });
  const [old, now] = [before, after].map((amount) => format(amount, Number(amount) < 1 ? 3 : 2));
  if (before === after) return `${now}`;
  return old === now ? `${format(before, 12)} → ${format(after, 12)}` : `${old} → ${now}`;
}

/** Returns the price of a month: `EUR 41.65 → 4.25`. */
export const formatCost = ({ currency, ...amounts }: Amounts & { currency: string }): string =>
  `${currency} ${formatAmounts(amounts)}`;

function formatScenarioCounts(counts: ReviewReport["scenarios"]["before"]): string {
  const named = (["passed", "failed", "broken", "skipped"] as const).filter((status) => counts[status] > 0);
  return named.length === 0 ? "none" : named.map((status) => `${counts[status]} ${status}`).join(", ");
}

/** Returns the results of both versions: `12 passed, 1 failed (before: 13 passed), coverage 84% → 81%`. */
export function formatScenarioSummary({ before, after, coverage }: ReviewReport["scenarios"]): string {
  const [old, now] = [formatScenarioCounts(before), formatScenarioCounts(after)];
  const share = coverage === null ? "" : `, coverage ${formatTransition(coverage, "%")}`;
  return `${old === now ? now : `${now} (before: ${old})`}${share}`;
}

/** Returns where the triggers come from: `14 from scenarios, 120 from orders.jsonl`. */
export function formatSources({ sources }: ReviewReport): string {
  if (sources.length === 0) return "none";
  return sources
    .map(({ kind, name, triggers }) => `${formatNumber(triggers)} from ${kind === "scenarios" ? kind : name}`)
    .join(", ");
}

export function formatScenarioStatus({ before, after }: ReviewReport["scenarios"]["changes"][number]): string {
  if (before === after) return `${after}, also before`;
  return `${before ?? "new"} → ${after ?? "removed"}`;
}

type Rejected = ReviewReport["rejected"][number];

/** Returns whether the result of a scenario is good, bad, or neither, such as for a removed one. */
export function rateScenario({ after }: ReviewReport["scenarios"]["changes"][number]): "good" | "bad" | "wait" {
  if (after === "passed") return "good";
  return after === "failed" || after === "broken" ? "bad" : "wait";
}

/** Returns the versions that rejected a trigger. */
export function formatRejectedSide({ side }: Pick<Rejected, "side">): string {
  return { before: "rejected before", after: "rejected now", both: "rejected by both versions" }[side];
}

/** Triggers that were rejected for the same reason. */
interface RejectedGroup extends Pick<Rejected, "side" | "message"> {
  triggers: string[];
}

/** Groups rejected triggers, because a file can have thousands of them. */
export function groupRejected({ rejected }: ReviewReport): RejectedGroup[] {
  const groups = new Map<string, RejectedGroup>();
  for (const { side, message, trigger } of rejected) {
    const key = JSON.stringify([side, message]);
    const group = groups.get(key) ?? { side, message, triggers: [] };
    group.triggers.push(trigger);
    groups.set(key, group);
  }
  return [...groups.values()];
}

/** Returns whether the review has anything to show besides its verdict. */
export function hasContent({ summary, rejected, rules }: ReviewReport): boolean {
  return summary.has_differences || rejected.length > 0 || rules.some(({ met }) => !met);
}

export const hasScenarios = ({ scenarios: { before, after } }: ReviewReport): boolean =>
  [before, after].some((counts) => Object.values(counts).some((count) => count > 0));

/** Messages that differ in the same way. */
export interface ExampleGroup {
  example: Example;
  recipients: RecipientReference[];
}

/** Groups examples whose texts differ in the same way, so that each difference is shown once. */
export function groupExamples(examples: readonly Example[]): ExampleGroup[] {
  const groups = new Map<string, ExampleGroup>();
  for (const example of examples) {
    const { fields, recipient, before, after } = example;
    const key = JSON.stringify([fields, before?.title, after?.title]);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, { example, recipients: [recipient] });
    else if (!group.recipients.some((known) => toRecipientKey(known) === toRecipientKey(recipient)))
      group.recipients.push(recipient);
  }
  return [...groups.values()];
}

/** Returns the first names and the number of the others: `jonas, aki and 2 more`. */
export function formatNames(names: readonly string[], total: number, limit: number): string {
  const shown = names.slice(0, limit);
  const others = total - shown.length;
  return `${shown.join(", ")}${others > 0 ? ` and ${others} more` : ""}`;
}
