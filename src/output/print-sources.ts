import type { ActionOutcome, SourceReceipt, SourceView } from "../domain/trigger/source-receipt.js";
import type { Colors } from "./colors.js";
import type { Page } from "./documents/lists.js";
import { formatTime } from "./format-time.js";
import type { Output } from "./output.js";
import { printPageHint } from "./print-runs.js";
import { printTable } from "./print-table.js";

export function printSources(page: Page<SourceView>, output: Output): void {
  const { items: sources } = page;
  if (output.verbosity.json) return output.json(page);
  if (output.verbosity.quiet) return output.lines(sources.map(({ key }) => key));
  if (sources.length === 0) return output.note("no sources: create sources/<key>/source.json");
  for (const { key, name, mappings, error } of sources) {
    output.line(`${output.colors.bold(key)}  ${name === key ? "" : output.colors.dim(name)}`.trimEnd());
    if (error !== null) output.line(`  ${output.colors.red(error)}`);
    if (error === null && mappings.length === 0) output.line(`  ${output.colors.dim("no actions")}`);
    for (const { event_type, action_type, about, active } of mappings)
      output.line(
        `  ${event_type} → ${action_type}${about === null ? "" : ` ${about}`}${active ? "" : output.colors.dim(" (inactive)")}`,
      );
  }
  printPageHint(page, output);
}

const OUTCOME_MARKS = { done: "✓", skipped: "✗", failed: "✗", inactive: "○" } as const;

function formatAction({ action_type, outcome, about, workflow_run_id, error }: ActionOutcome, paint: Colors): string {
  const symbol =
    outcome === "done"
      ? paint.green(OUTCOME_MARKS.done)
      : error === null
        ? paint.dim(OUTCOME_MARKS[outcome])
        : paint.red("✗");
  const words = [symbol, action_type];
  if (about !== null) words.push(about);
  if (outcome !== "done") words.push(outcome);
  if (workflow_run_id !== null) words.push(paint.dim(workflow_run_id));
  return `  ${words.join(" ")}${error === null ? "" : paint.dim(` (${error})`)}`;
}

/** Prints the result of a source event. `continuedRunIds` are the recipient runs that waited for it. */
export function printReceipt(receipt: SourceReceipt, continuedRunIds: readonly string[], output: Output): void {
  if (output.verbosity.json) return output.json({ ...receipt, continued_run_ids: continuedRunIds });
  if (output.verbosity.quiet) return output.line(receipt.id);
  const { colors: paint } = output;
  const { source, event_type, id, error, actions, replayed, user_id } = receipt;
  const hasFailed = error !== null || actions.some((action) => action.error !== null);
  const symbol = hasFailed ? paint.red("✗") : replayed ? paint.dim("○") : paint.green("✓");
  const about = user_id === null ? "" : `  ${user_id}`;
  output.line(`${symbol} ${paint.bold(source)}  ${event_type ?? "no type"}${about}  ${paint.dim(id)}`);
  if (error !== null) output.line(`  ${paint.red(error)}`);
  if (replayed) output.line(`  ${paint.dim(`seen before: "${receipt.idempotency_key ?? ""}" within 24 h; ignored`)}`);
  else if (error === null && actions.length === 0)
    output.line(
      `  ${paint.dim(continuedRunIds.length > 0 ? "no mapping for this type" : "no mapping for this type, and no run waits for it")}`,
    );
  output.lines(actions.map((action) => formatAction(action, paint)));
}

/** Returns the result of an event in a few words. */
export function formatReceiptSummary({ replayed, error, actions }: SourceReceipt): string {
  if (replayed) return "replayed";
  if (error !== null) return error;
  if (actions.length === 0) return "no actions";
  const failedActions = actions.filter((action) => action.error !== null);
  const done = `${actions.filter(({ outcome }) => outcome === "done").length} of ${actions.length} actions done`;
  return failedActions.length === 0
    ? done
    : `${done}; ${failedActions.map((action) => `${action.action_type}: ${action.error}`).join("; ")}`;
}

export function printReceipts(page: Page<SourceReceipt>, output: Output): void {
  const { items: receipts } = page;
  if (output.verbosity.json) return output.json(page);
  if (output.verbosity.quiet) return output.lines(receipts.map(({ id }) => id));
  if (receipts.length === 0) return output.note("no events received");
  printTable(
    ["RECEIVED", "SOURCE", "TYPE", "ABOUT", "RESULT"],
    receipts.map((receipt) => [
      formatTime(receipt.received_at, output.zone),
      receipt.source,
      receipt.event_type ?? "",
      receipt.user_id ?? "",
      formatReceiptSummary(receipt),
    ]),
    output,
  );
  printPageHint(page, output);
}
