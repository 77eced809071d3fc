import type { StepView, WorkflowView } from "../domain/workflow/workflow-view.js";
import { isJsonObject, type JsonObject } from "../util/json.js";
import type { Output } from "./output.js";
import { recipientText } from "./print-runs.js";
import { printTable } from "./print-table.js";
import { timeText } from "./time-text.js";

function countSteps(steps: readonly StepView[]): number {
  return steps.reduce(
    (count, { branches = [] }) => count + 1 + branches.reduce((sum, branch) => sum + countSteps(branch.steps), 0),
    0,
  );
}

/** `page, comment?`: the properties of the trigger data, optional ones with a question mark. */
function schemaText(schema: JsonObject | null): string {
  if (schema === null) return "any";
  const required = Array.isArray(schema.required) ? schema.required : [];
  const names = isJsonObject(schema.properties) ? Object.keys(schema.properties) : [];
  return names.map((name) => (required.includes(name) ? name : `${name}?`)).join(", ") || "any";
}

function problemsText({ problems }: WorkflowView): string {
  const count = (severity: string) => problems.filter((one) => one.severity === severity).length;
  const named = (number: number, name: string) => (number === 0 ? [] : [`${number} ${name}${number === 1 ? "" : "s"}`]);
  return [...named(count("error"), "error"), ...named(count("warning"), "warning")].join(", ") || "none";
}

function lastRunText({ last_run }: WorkflowView, output: Output): string {
  return last_run === null ? "–" : timeText(last_run.inserted_at, output.zone);
}

/** Prints the workflows of a project, a row each. */
export function printWorkflows(workflows: readonly WorkflowView[], output: Output): void {
  const { verbosity } = output;
  if (verbosity.json) return output.json({ items: workflows });
  if (verbosity.quiet) return output.lines(workflows.map(({ key }) => key));
  if (workflows.length === 0) return output.note("no workflows: one is a file, workflows/<key>/workflow.json");
  const rows = workflows.map((one) => [
    one.key,
    `${one.name ?? "–"}${one.active === false ? " (inactive)" : ""}`,
    String(countSteps(one.steps)),
    one.name === null ? "–" : schemaText(one.trigger_data_json_schema),
    lastRunText(one, output),
    problemsText(one),
  ]);
  printTable(["KEY", "NAME", "STEPS", "DATA", "LAST RUN", "PROBLEMS"], rows, output);
}

function printSteps(steps: readonly StepView[], depth: number, output: Output): void {
  const { paint } = output;
  const indent = "  ".repeat(depth);
  for (const { ref, type, channel_type, channel, branches = [] } of steps) {
    const what = `${channel_type ?? type}${channel ? ` through ${channel}` : ""}`;
    output.line(`${indent}${paint.bold(ref)}  ${what}`);
    for (const branch of branches) {
      output.line(`${indent}  ${paint.dim(`${branch.name ?? "branch"}:`)}`);
      printSteps(branch.steps, depth + 2, output);
    }
  }
}

/** Prints one workflow with its steps, the schema of its data, its newest run and its problems. */
export function printWorkflow(workflow: WorkflowView, output: Output): void {
  const { verbosity, paint } = output;
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
  output.line(`data: ${schemaText(schema)}`);
  if (schema !== null && verbosity.verbose) output.line(JSON.stringify(schema, null, 2));
  const last =
    last_run === null
      ? "none"
      : `${timeText(last_run.inserted_at, output.zone)} for ${recipientText(last_run.recipient)}, ${last_run.status}`;
  output.line(`last run: ${last}`);
  output.line("steps:");
  printSteps(steps, 1, output);
  for (const { severity, message } of problems)
    output.line(`${severity === "error" ? paint.red("error:") : paint.yellow("warning:")} ${message}`);
}
