import { describeCondition, parseConditionLog } from "../domain/condition/evaluated-condition.js";
import { formatRecipient } from "../domain/recipient/recipient.js";
import type { Reason, StepOutcome } from "../domain/run/outcome.js";
import { REASONS, type ReasonCode } from "../domain/run/reasons.js";
import { parseStepKeyValue } from "../domain/run/recipient-step-key.js";
import { hasSentNothing, listReasonCodes, listRunParts } from "../domain/run/run-result.js";
import { findStepDefinition } from "../domain/step-types/step-definitions.js";
import { filterObjects, isJsonObject, type JsonObject } from "../util/json.js";
import { type Colors, NO_COLORS } from "./colors.js";
import type { ListPage, PageInfo } from "./documents/lists.js";
import { formatTime, formatValue, type Zone } from "./format-time.js";
import { formatReason, formatResult, formatStepStatus } from "./labels.js";
import type { Output } from "./output.js";
import { printTable } from "./print-table.js";

/** Prints the flag for the next page as a note; scripts read `page_info`. */
export function printPageHint({ page_info }: { page_info: PageInfo }, output: Output): void {
  if (page_info.after !== null) output.note(output.errorColors.dim(`more: --after ${page_info.after}`));
}

export function printRuns(page: ListPage, output: Output): void {
  if (output.verbosity.json) return output.json(page);
  if (output.verbosity.quiet) return output.lines(page.items.map((run) => String(run.id)));
  if (page.items.length === 0) return output.line("no runs");
  printRunTable(page.items, output);
  if (page.items.some(({ status, steps }) => status === "completed" && steps === undefined))
    output.note("the API does not list what completed runs sent; run `knock runs show <id>` to see it");
  printPageHint(page, output);
}

/** Returns what a run came to, or its status if it has not completed. */
function formatRunResult(run: JsonObject, paint: Colors): string {
  return formatResult(listRunParts(run as Parameters<typeof listRunParts>[0]), paint);
}

function printRunTable(runs: readonly JsonObject[], output: Output): void {
  const rows = runs.map((run) => [
    String(run.id),
    String(run.workflow),
    formatRecipient(run.recipient),
    `${formatRunResult(run, NO_COLORS)}${Number(run.error_count) > 0 ? ` (${String(run.error_count)} ${run.error_count === 1 ? "error" : "errors"})` : ""}`,
    formatTime(run.inserted_at, output.zone),
  ]);
  printTable(["RECIPIENT RUN", "WORKFLOW", "RECIPIENT", "STATUS", "STARTED"], rows, output);
}

/** Prints runs after a retry, or those that a dry run would retry. */
export function printRetriedRuns(
  runs: readonly JsonObject[],
  { isDryRun }: { isDryRun: boolean },
  output: Output,
): void {
  if (output.verbosity.json)
    return output.json({ items: runs.map(({ data: _, trigger_data: ____, events: __, steps: ___, ...run }) => run) });
  if (output.verbosity.quiet) return output.lines(runs.map(({ id }) => String(id)));
  if (runs.length === 0) return output.note("no run is failed");
  printRunTable(runs, output);
  const count = runs.length === 1 ? "1 run" : `${runs.length} runs`;
  output.note(isDryRun ? `${count} would be retried` : `${count} retried`);
}

/**
 * Returns only the value of the step's own batch key. The stored key also contains the parties that share the batch
 * (E-243).
 */
function formatBatchKey(key: string): string {
  return JSON.stringify(parseStepKeyValue(key) ?? key);
}

function formatEvent(event: JsonObject, zone: Zone): string {
  const step = event.step_ref ? ` ${String(event.step_ref)}` : "";
  const isBatch = String(event.event).startsWith("batch_");
  const data = isJsonObject(event.data)
    ? Object.entries(event.data).filter(([, value]) => typeof value !== "object" && value !== null)
    : [];
  const details = data
    .map(
      ([name, value]) =>
        `${name}=${isBatch && name === "key" ? formatBatchKey(String(value)) : formatValue(value, zone)}`,
    )
    .join(" ");
  return `${formatTime(event.inserted_at, zone)}  ${String(event.event)}${step}${details ? `  ${details}` : ""}`;
}

/** Formats evaluated conditions. */
function formatConditions(conditions: unknown, { colors: paint }: Output): string[] {
  return parseConditionLog(conditions).map((condition) => {
    const { result } = condition;
    // A check mark would look like success where a condition that is true prevents a message.
    const word = result === null ? paint.dim("–") : result ? paint.green("true:") : paint.red("false:");
    return `${word} ${describeCondition(condition)}`;
  });
}

/** Formats which preference set decided, which part of it, and its value or conditions. */
function formatPreference(preference: unknown, output: Output): string[] {
  if (!isJsonObject(preference)) return [];
  const { set, id, path, value, conditions } = preference;
  const setName =
    set === "environment_default"
      ? "the environment's defaults"
      : set === "tenant_default"
        ? `the defaults of tenant ${String(id)}`
        : `the recipient's set ${String(id)}`;
  const valueSuffix = value === undefined ? "" : ` = ${String(value)}`;
  return [
    `${output.colors.red("✗")} ${setName}: ${String(path)}${valueSuffix}`,
    ...formatConditions(conditions, output).map((line) => `  ${line}`),
  ];
}

/** Formats what decided a step: its conditions with the compared values, the preference, and its warnings. */
export function formatDecision({ conditions, preference, warnings }: JsonObject, output: Output): string[] {
  return [
    ...formatConditions(conditions, output),
    ...formatPreference(preference, output),
    ...(Array.isArray(warnings) ? warnings.map((text) => `${output.colors.yellow("!")} ${String(text)}`) : []),
  ];
}

/** Describes what started the run, or returns null if it was an ordinary trigger (E-010). */
function describeRunSource(source: unknown): string | null {
  if (!isJsonObject(source)) return null;
  if (source.rerun_of !== undefined) return `a rerun of ${String(source.rerun_of)}`;
  if (source.type === "audience") return `joining audience ${String(source.audience_key)}`;
  if (source.type === "schedule") return `schedule ${String(source.schedule_id)}`;
  return source.type === "workflow_step" ? "a step of another run" : null;
}

/** Describes the result of a completed step: the branch, the batch, the event, or the workflow that it triggered. */
function formatStepResult(step: JsonObject): string {
  if (step.branch) return ` → ${String(step.branch)}`;
  if (step.guide) return ` → added to guide ${String(step.guide)}`;
  if (step.matched !== undefined)
    return step.matched === true ? " → the event occurred" : " → no event occurred in time";
  const result = findStepDefinition(step.type)?.formatResult?.(step) ?? null;
  return result === null ? "" : ` → ${result}`;
}

/** Returns the data of a run, and the data of its trigger if steps or a batch have replaced it. */
function formatData({ data, trigger_data }: JsonObject): string[] {
  const [current, triggered] = [JSON.stringify(data), JSON.stringify(trigger_data)];
  if (trigger_data === undefined || current === triggered) return [];
  return [`trigger data  ${triggered}`, `data now      ${current}`];
}

/** Says in words why a completed run sent nothing, in a line for each reason. None for other runs. */
function explainNothingSent({ status, steps, reason }: JsonObject): string[] {
  if (status !== "completed" || steps === undefined) return [];
  const run = { steps, reason } as unknown as Parameters<typeof hasSentNothing>[0];
  if (!hasSentNothing(run)) return [];
  return [...listReasonCodes([run])].map((code) => REASONS[code as ReasonCode]);
}

/** Prints the details of a recipient run (A-509): its steps, and below each step the conditions that decided it. */
export function printRecipientRun(run: JsonObject, output: Output): void {
  if (output.verbosity.json) return output.json(run);
  const { colors: paint } = output;
  output.line(`${paint.bold(String(run.workflow))}  ${String(run.id)}`);
  output.line(`  recipient  ${formatRecipient(run.recipient)}`);
  output.line(`  trigger    ${String(run.workflow_run_id)}`);
  const source = describeRunSource(run.trigger_source);
  if (source !== null) output.line(`  started by ${source}`);
  output.line(`  status     ${formatRunResult(run, paint)}`);
  for (const line of explainNothingSent(run)) output.line(`  because    ${line}`);
  if (isJsonObject(run.reason)) output.line(`  stopped    ${formatReason(run.reason as Reason)}`);
  for (const line of formatData(run)) output.line(`  ${line}`);
  for (const line of formatDecision(run, output)) output.line(`    ${line}`);
  for (const step of filterObjects(run.steps)) {
    const reason = isJsonObject(step.reason)
      ? paint.dim(` (${String(step.reason.code)}${step.reason.detail ? `: ${String(step.reason.detail)}` : ""})`)
      : "";
    const message = step.message_id ? `  ${String(step.message_id)}` : "";
    const until = step.until ? ` until ${formatTime(step.until, output.zone)}` : "";
    const waitsFor = step.outcome === "waiting" ? findStepDefinition(step.type)?.waitLabel : undefined;
    const event = waitsFor === undefined ? "" : ` ${waitsFor}`;
    output.line(
      `  ${String(step.ref)}: ${formatStepStatus(step as StepOutcome, paint)}${event}${formatStepResult(step)}${until}${reason}${message}`,
    );
    for (const line of formatDecision(step, output)) output.line(`    ${line}`);
  }
  output.line(paint.dim("events"));
  for (const event of filterObjects(run.events)) {
    if (event.event === "step_started") continue; // The next event belongs to the same step.
    const line = `  ${formatEvent(event, output.zone)}`;
    output.line(event.status === "error" ? paint.red(line) : line);
    // The conditions of completed steps are printed with the step.
    if (event.event === "wait_conditions_evaluated" && isJsonObject(event.data))
      for (const conditionLine of formatConditions(event.data.conditions, output)) output.line(`    ${conditionLine}`);
  }
}
