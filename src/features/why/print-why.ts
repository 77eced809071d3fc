import { describeCondition } from "../../domain/condition/evaluated-condition.js";
import { findChannelType } from "../../domain/message/channel-types.js";
import { formatRecipient } from "../../domain/recipient/recipient.js";
import { formatTime } from "../../output/format-time.js";
import type { Output } from "../../output/output.js";
import { formatNumber } from "../../util/format-count.js";
import { RULES } from "./rules.js";
import type { Decision, Place, RuleState, WhyReport, WhyStep } from "./why-report-schema.js";

const MAX_NAMED = 3;

const formatPlace = (place: Place | null): string =>
  place === null ? "" : `${place.file}:${place.line}:${place.column}`;

function formatCompared(compared: Decision["compared"], { colors: paint }: Output): string[] {
  return compared.map((condition) => {
    const word =
      condition.result === null ? paint.dim("–") : condition.result ? paint.green("true:") : paint.red("false:");
    return `${word} ${describeCondition({ ...condition, value: condition.value ?? undefined })}`;
  });
}

/** Returns the lines below a step: the rule, its place, the compared values, and the change that would make it pass. */
function formatDecision(decision: Decision, output: Output): string[] {
  const { colors: paint } = output;
  const { rule, code, detail, compared, place, source, change } = decision;
  const cause = detail === null ? "" : `: ${detail}`;
  return [
    `${paint.red("✗")} ${RULES[rule]}${cause} ${paint.dim(`(${code})`)}`,
    `  ${paint.dim("at")} ${formatPlace(place) || source}${place === null || source.endsWith(".json") ? "" : `, ${source}`}`,
    ...formatCompared(compared, output).map((line) => `  ${line}`),
    `  ${paint.dim("to change it:")} ${change}`,
  ];
}

function formatRules(rules: readonly RuleState[] | undefined, { colors: paint }: Output): string[] {
  if (rules === undefined || rules.length === 0) return [];
  const marks = { passed: paint.green("✓"), decided: paint.red("✗"), not_reached: paint.dim("–") };
  return [rules.map(({ rule, state }) => `${marks[state]} ${RULES[rule]}`).join("  ")];
}

function formatStep(step: WhyStep, isTrial: boolean, output: Output): string {
  const { ref, channel_type, outcome, branch, at, decision } = step;
  const label =
    channel_type === undefined ? "" : ` ${output.colors.dim(findChannelType(channel_type)?.label ?? channel_type)}`;
  const word =
    decision?.code === "batched" ? "joins an open batch" : isTrial && outcome === "sent" ? "would be sent" : outcome;
  const time = at === null ? "" : ` ${outcome === "sent" ? "at" : "until"} ${formatTime(at, output.zone)}`;
  return `  ${ref}${label}: ${word}${branch ? ` → ${branch}` : ""}${time}`;
}

function formatNames(recipients: WhyReport["recipient"][], count: number): string {
  const named = recipients.slice(0, count > MAX_NAMED + 1 ? MAX_NAMED : count).map(formatRecipient);
  const others = count - named.length;
  return named.join(", ") + (others > 0 ? ` and ${formatNumber(others)} more` : "");
}

function printSubscribers({ total, sends, groups }: NonNullable<WhyReport["subscribers"]>, output: Output): void {
  output.line(`subscribers: ${formatNumber(sends)} of ${formatNumber(total)} would get a message`);
  for (const { subscribers, sends: isSent, decision, recipients } of groups) {
    const names = output.colors.dim(`(${formatNames(recipients, subscribers)})`);
    if (isSent) output.line(`  ${formatNumber(subscribers)} would get it ${names}`);
    else {
      output.line(`  ${formatNumber(subscribers)} would get nothing ${names}`);
      if (decision === null) output.line("    ✗ recipient: never identified");
      else for (const line of formatDecision(decision, output)) output.line(`    ${line}`);
    }
  }
}

/** Prints the answer: whether a message is sent, then each step with the rule that decided it. */
export function printWhy(report: WhyReport, output: Output): void {
  if (output.verbosity.json) return output.json(report);
  const { workflow, recipient, sends, decision, rules, steps, subscribers, run, missing_data } = report;
  const { colors: paint } = output;
  const name = formatRecipient(recipient);
  const isTrial = run === null;
  const [get, gets] = isTrial ? ["would get", "would get"] : ["get", "gets"];
  const answer =
    subscribers !== null && subscribers.total > 0
      ? `${formatNumber(subscribers.sends)} of ${formatNumber(subscribers.total)} subscribers ${get} a message`
      : sends
        ? paint.green(`${name} ${gets} a message`)
        : paint.red(`${name} ${gets} no message`);
  if (output.verbosity.quiet)
    return output.line(sends ? "sends" : `nothing: ${decision?.code ?? "no channel step was reached"}`);
  output.line(
    `${paint.bold(workflow)}: ${answer}${paint.dim(isTrial ? " (tried in memory, nothing was sent)" : ` (run ${run})`)}`,
  );
  if (missing_data.length > 0)
    output.line(
      `  ${paint.yellow("!")} without ${missing_data.map((name) => `data.${name}`).join(", ")}, which the workflow requires: conditions may decide differently with data`,
    );
  for (const line of formatRules(rules, output)) output.line(`  ${line}`);
  const isStopped = steps.length === 0 || steps.every((step) => step.decision !== decision);
  if (decision !== null && isStopped) for (const line of formatDecision(decision, output)) output.line(`  ${line}`);
  for (const step of steps) {
    output.line(formatStep(step, isTrial, output));
    if (step.branch !== undefined) for (const line of formatCompared(step.compared, output)) output.line(`    ${line}`);
    for (const line of formatRules(step.rules, output)) output.line(`    ${line}`);
    if (step.decision !== null && step.decision.code !== "batched")
      for (const line of formatDecision(step.decision, output)) output.line(`    ${line}`);
  }
  if (subscribers !== null && subscribers.total > 0) printSubscribers(subscribers, output);
}
