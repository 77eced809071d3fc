import { describeCondition, type EvaluatedCondition } from "../domain/condition/evaluated-condition.js";
import type { Reason, StepOutcome } from "../domain/run/outcome.js";
import { valueOfStepKey } from "../domain/run/recipient-step-key.js";
import { findStepDefinition } from "../domain/steps/registry.js";
import { isJsonObject, type JsonObject } from "../util/json.js";
import type { Output } from "./output.js";
import { printTable } from "./print-table.js";
import { timeText, valueText, type Zone } from "./time-text.js";
import { fateText, reasonText } from "./words.js";

export interface PageInfo {
  after: string | null;
  before: string | null;
  page_size: number;
}

interface Listed {
  items: JsonObject[];
  page_info: PageInfo;
}

export function recipientText(value: unknown): string {
  return isJsonObject(value) ? `${String(value.collection)}/${String(value.id)}` : String(value);
}

/** Where a list goes on, for people; scripts read `page_info`. */
export function printPageHint({ page_info }: { page_info: PageInfo }, output: Output): void {
  if (page_info.after !== null) output.note(output.paintError.dim(`more: --after ${page_info.after}`));
}

export function printRuns(page: Listed, output: Output): void {
  if (output.verbosity.json) return output.json(page);
  if (output.verbosity.quiet) return output.lines(page.items.map((run) => String(run.id)));
  if (page.items.length === 0) return output.line("no runs");
  const rows = page.items.map((run) => [
    String(run.id),
    String(run.workflow),
    recipientText(run.recipient),
    `${String(run.status)}${Number(run.error_count) > 0 ? ` (${String(run.error_count)} ${run.error_count === 1 ? "error" : "errors"})` : ""}`,
    timeText(run.inserted_at, output.zone),
  ]);
  printTable(["RECIPIENT RUN", "WORKFLOW", "RECIPIENT", "STATUS", "STARTED"], rows, output);
  printPageHint(page, output);
}

/** A batch's key tells who shares it, too; of interest is what the step's own key came to (E-243). */
function batchKey(key: string): string {
  return JSON.stringify(valueOfStepKey(key) ?? key);
}

function eventText(event: JsonObject, zone: Zone): string {
  const step = event.step_ref ? ` ${String(event.step_ref)}` : "";
  const isBatch = String(event.event).startsWith("batch_");
  const data = isJsonObject(event.data)
    ? Object.entries(event.data).filter(([, value]) => typeof value !== "object" && value !== null)
    : [];
  const details = data
    .map(([name, value]) => `${name}=${isBatch && name === "key" ? batchKey(String(value)) : valueText(value, zone)}`)
    .join(" ");
  return `${timeText(event.inserted_at, zone)}  ${String(event.event)}${step}${details ? `  ${details}` : ""}`;
}

/** As the service's log has it a path that led nowhere is null. */
function conditionLines(conditions: unknown, { paint }: Output): string[] {
  if (!Array.isArray(conditions)) return [];
  return conditions.filter(isJsonObject).map((logged) => {
    const condition = { ...logged, value: logged.value ?? undefined } as unknown as EvaluatedCondition;
    const mark = condition.result === null ? paint.dim("–") : condition.result ? paint.green("✓") : paint.red("✗");
    return `${mark} ${describeCondition(condition)}`;
  });
}

/** Which set, which part of it, and its value or conditions. */
function preferenceLines(preference: unknown, output: Output): string[] {
  if (!isJsonObject(preference)) return [];
  const { set, id, path, value, conditions } = preference;
  const whose =
    set === "environment_default"
      ? "the environment's defaults"
      : set === "tenant_default"
        ? `the defaults of tenant ${String(id)}`
        : `the recipient's set ${String(id)}`;
  const said = value === undefined ? "" : ` = ${String(value)}`;
  return [
    `${output.paint.red("✗")} ${whose}: ${String(path)}${said}`,
    ...conditionLines(conditions, output).map((line) => `  ${line}`),
  ];
}

function decisionLines({ conditions, preference, warnings }: JsonObject, output: Output): string[] {
  return [
    ...conditionLines(conditions, output),
    ...preferenceLines(preference, output),
    ...(Array.isArray(warnings) ? warnings.map((text) => `${output.paint.yellow("!")} ${String(text)}`) : []),
  ];
}

/** What started the run, where it was not somebody's trigger (E-010). */
function startedBy(source: unknown): string | null {
  if (!isJsonObject(source)) return null;
  if (source.type === "audience") return `joining audience ${String(source.audience_key)}`;
  if (source.type === "schedule") return `schedule ${String(source.schedule_id)}`;
  return source.type === "workflow_step" ? "a step of another run" : null;
}

/** What a step that went on came to: the branch, the batch, the event, the workflow it triggered. */
function resultText(step: JsonObject): string {
  if (step.branch) return ` → ${String(step.branch)}`;
  if (step.guide) return ` → added to guide ${String(step.guide)}`;
  if (step.matched !== undefined) return step.matched === true ? " → the event came" : " → no event came in time";
  const result = findStepDefinition(step.type)?.result?.(step) ?? null;
  return result === null ? "" : ` → ${result}`;
}

/** A recipient run's detail (A-509) with its steps, and under each what decided it. */
export function printRecipientRun(run: JsonObject, output: Output): void {
  if (output.verbosity.json) return output.json(run);
  const { paint } = output;
  output.line(`${paint.bold(String(run.workflow))}  ${String(run.id)}`);
  output.line(`  recipient  ${recipientText(run.recipient)}`);
  output.line(`  trigger    ${String(run.workflow_run_id)}`);
  const source = startedBy(run.trigger_source);
  if (source !== null) output.line(`  started by ${source}`);
  output.line(`  status     ${String(run.status)}`);
  if (isJsonObject(run.reason)) output.line(`  stopped    ${reasonText(run.reason as unknown as Reason)}`);
  for (const line of decisionLines(run, output)) output.line(`    ${line}`);
  for (const step of Array.isArray(run.steps) ? run.steps.filter(isJsonObject) : []) {
    const reason = isJsonObject(step.reason)
      ? paint.dim(` (${String(step.reason.code)}${step.reason.detail ? `: ${String(step.reason.detail)}` : ""})`)
      : "";
    const message = step.message_id ? `  ${String(step.message_id)}` : "";
    const until = step.until ? ` until ${timeText(step.until, output.zone)}` : "";
    const waitsFor = step.outcome === "waiting" ? findStepDefinition(step.type)?.waitsFor : undefined;
    const event = waitsFor === undefined ? "" : ` ${waitsFor}`;
    output.line(
      `  ${String(step.ref)}: ${fateText(step as unknown as StepOutcome)}${event}${resultText(step)}${until}${reason}${message}`,
    );
    for (const line of decisionLines(step, output)) output.line(`    ${line}`);
  }
  output.line(paint.dim("events"));
  for (const event of Array.isArray(run.events) ? run.events.filter(isJsonObject) : []) {
    if (event.event === "step_started") continue; // the next line is the step's too
    const line = `  ${eventText(event, output.zone)}`;
    output.line(event.status === "error" ? paint.red(line) : line);
    // Those of a step that came to an end stand with it.
    if (event.event === "wait_conditions_evaluated" && isJsonObject(event.data))
      for (const one of conditionLines(event.data.conditions, output)) output.line(`    ${one}`);
  }
}
