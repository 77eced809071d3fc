import { formatRecipient } from "../domain/recipient/recipient.js";
import type { StepView, WorkflowView } from "../domain/workflow/workflow-view.js";
import { formatCount } from "../util/format-count.js";
import { isJsonObject, type JsonObject } from "../util/json.js";
import type { Page } from "./documents/lists.js";
import { formatTime } from "./format-time.js";
import type { Output } from "./output.js";
import { printPageHint } from "./print-runs.js";
import { printTable } from "./print-table.js";

function countSteps(steps: readonly StepView[]): number {
  return steps.reduce(
    (count, { branches = [] }) => count + 1 + branches.reduce((sum, branch) => sum + countSteps(branch.steps), 0),
    0,
  );
}

/** Formats the properties of the trigger data as `page, comment?`; optional ones have a question mark. */
function formatSchema(schema: JsonObject | null): string {
  if (schema === null) return "any";
  const required = Array.isArray(schema.required) ? schema.required : [];
  const names = isJsonObject(schema.properties) ? Object.keys(schema.properties) : [];
  return names.map((name) => (required.includes(name) ? name : `${name}?`)).join(", ") || "any";
}

function formatProblems({ problems }: WorkflowView): string {
  const count = (severity: string) => problems.filter((problem) => problem.severity === severity).length;
  const counts = ["error", "warning"].flatMap((severity) => {
    const number = count(severity);
    return number === 0 ? [] : [formatCount(number, severity)];
  });
  return counts.join(", ") || "none";
}

function formatLastRun({ last_run }: WorkflowView, output: Output): string {
  return last_run === null ? "–" : formatTime(last_run.inserted_at, output.zone);
}

/** Prints a page of a project's workflows, one row each. */
export function printWorkflows(page: Page<WorkflowView>, output: Output): void {
  const { verbosity } = output;
  const { items: workflows } = page;
  if (verbosity.json) return output.json(page);
  if (verbosity.quiet) return output.lines(workflows.map(({ key }) => key));
  if (workflows.length === 0) return output.note("no workflows: create workflows/<key>/workflow.json");
  const rows = workflows.map((workflow) => [
    workflow.key,
    `${workflow.name ?? "–"}${workflow.active === false ? " (inactive)" : ""}`,
    String(countSteps(workflow.steps)),
    workflow.name === null ? "–" : formatSchema(workflow.trigger_data_json_schema),
    formatLastRun(workflow, output),
    formatProblems(workflow),
  ]);
  printTable(["KEY", "NAME", "STEPS", "DATA", "LAST RUN", "PROBLEMS"], rows, output);
  printPageHint(page, output);
}

const formatIf = (conditions: string | null, { colors: paint }: Output): string =>
  conditions === null ? "" : paint.dim(`  if ${conditions}`);

function printSteps(steps: readonly StepView[], depth: number, output: Output): void {
  const { colors: paint } = output;
  const indent = "  ".repeat(depth);
  for (const { ref, type, channel_type, channel, summary, conditions, branches = [] } of steps) {
    const stepText = `${channel_type ?? type}${channel ? ` through ${channel}` : ""}${summary ? ` ${summary}` : ""}`;
    output.line(`${indent}${paint.bold(ref)}  ${stepText}${formatIf(conditions, output)}`);
    for (const branch of branches) {
      const name = paint.dim(`${branch.name ?? "branch"}:`);
      output.line(`${indent}  ${name}${formatIf(branch.conditions, output)}`);
      printSteps(branch.steps, depth + 2, output);
    }
  }
}

/** Prints one workflow with its steps, the schema of its data, its newest run and its problems. */
export function printWorkflow(workflow: WorkflowView, output: Output): void {
  const { verbosity, colors: paint } = output;
  if (verbosity.json) return output.json(workflow);
  if (verbosity.quiet) return output.line(workflow.key);
  const {
    key,
    name,
    active,
    categories,
    trigger,
    trigger_data_json_schema: schema,
    steps,
    last_run,
    problems,
  } = workflow;
  output.line(
    `${paint.bold(key)}${name === null ? "" : `  ${name}`}${active === false ? paint.dim("  (inactive)") : ""}`,
  );
  if (categories.length > 0) output.line(`categories: ${categories.join(", ")}`);
  if (trigger !== null)
    output.line(
      `started by: ${trigger.type === "audience" ? `audience ${trigger.audience_key}` : `event ${trigger.event_key} of source ${trigger.source_key}`}`,
    );
  output.line(`data: ${formatSchema(schema)}`);
  if (schema !== null && verbosity.verbose) output.line(JSON.stringify(schema, null, 2));
  const last =
    last_run === null
      ? "none"
      : `${formatTime(last_run.inserted_at, output.zone)} for ${formatRecipient(last_run.recipient)}, ${last_run.status}`;
  output.line(`last run: ${last}`);
  output.line("steps:");
  printSteps(steps, 1, output);
  for (const { severity, message } of problems)
    output.line(`${severity === "error" ? paint.red("error:") : paint.yellow("warning:")} ${message}`);
}
