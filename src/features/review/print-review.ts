import { formatFieldDifference } from "../../comparison/format-difference.js";
import type { RecipientReference } from "../../domain/recipient/recipient.js";
import { escapeToOneLine } from "../../output/escape-controls.js";
import { formatRecipientLabel } from "../../output/labels.js";
import type { Output } from "../../output/output.js";
import { displayWidth, truncateToWidth } from "../../output/print-table.js";
import {
  capitalize,
  formatChannel,
  formatCost,
  formatGrowth,
  formatLocation,
  formatMessages,
  formatNames,
  formatQuantity,
  formatReason,
  formatRejectedSide,
  formatScenarioStatus,
  formatScenarioSummary,
  formatSources,
  formatState,
  formatTransition,
  formatWorkflowVolume,
  groupExamples,
  groupRejected,
  hasContent,
  hasScenarios,
  listChanges,
  rateScenario,
  VOLUME_UNITS,
  WORKFLOW_UNITS,
} from "./describe-review.js";
import type { MessageDifference, ReviewReport, WorkflowReview } from "./review-report-schema.js";

type Change = WorkflowReview["changes"][number];
type Style = (text: string) => string;

/** The width of output that is not on a terminal. */
const PIPED_WIDTH = 80;
const MAX_EXAMPLES = 3;
const MAX_NAMES = 5;
/** Limits the lines of a field that differ. `--verbose` prints all of them. */
const MAX_LINES = 24;

const plain: Style = (text) => text;

/** Splits a text into lines of at most `width` columns. Longer words, such as paths, are not split. */
function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(" ")) {
    const last = lines.at(-1);
    if (last === undefined || displayWidth(last) + 1 + displayWidth(word) > width) lines.push(word);
    else lines[lines.length - 1] = `${last} ${word}`;
  }
  return lines;
}

class ReviewPrinter {
  private readonly width: number;

  constructor(
    private readonly report: ReviewReport,
    private readonly output: Output,
  ) {
    this.width = output.isTerminal ? output.width : PIPED_WIDTH;
  }

  print(): void {
    const { report, output } = this;
    const { bold, dim } = output.colors;
    this.line(this.formatVerdict(), "", bold);
    const { base, head } = report;
    this.line(`${capitalize(head.name)} compared with ${base.name}. Triggers: ${formatSources(report)}.`, "", dim);
    output.line();
    for (const workflow of report.workflows) this.printWorkflow(workflow);
    this.printSection("Other files", report.resources, (resource) => {
      const { state, workflows, changes } = resource;
      const users = workflows.length === 0 ? "" : `, used by ${formatNames(workflows, workflows.length, MAX_NAMES)}`;
      this.item(state, `${resource.resource}: ${state}${users}`);
      for (const change of listChanges(changes)) this.printChange(change, "    ");
    });
    this.printScenarios();
    this.printFindings();
    this.printVolume();
    this.printSection("Rejected triggers", groupRejected(report), ({ side, message, triggers }) => {
      const names = formatNames(triggers, triggers.length, MAX_NAMES);
      this.line(`${names}: ${formatRejectedSide({ side })}`, "  ", output.colors.yellow, "! ");
      this.line(message, "    ");
    });
    this.printSection("Rules", report.rules, ({ rule, met, found }) => {
      const { green, red } = output.colors;
      this.line(`${rule}: ${found}`, "  ", met ? green : red, met ? "✓ " : "✗ ");
    });
    for (const note of report.notes) output.note(`note: ${note}`);
  }

  formatVerdict(): string {
    return escapeToOneLine(this.report.summary.verdict);
  }

  /** Prints a text, wrapped. Later lines are indented below the text after the mark. */
  private line(text: string, indent = "", style: Style = plain, mark = ""): void {
    const room = this.width - indent.length - mark.length;
    for (const [index, line] of wrap(escapeToOneLine(text), room).entries()) {
      const full = `${index === 0 ? mark : " ".repeat(mark.length)}${line}`;
      this.output.line(`${indent}${style(this.truncate(full, indent))}`);
    }
  }

  private truncate(text: string, indent: string): string {
    return this.output.isTerminal ? truncateToWidth(text, this.width - indent.length) : text;
  }

  /** Prints a text with the mark and the color of a kind of change. */
  private item(kind: Change["kind"], text: string, indent = "  "): void {
    const { green, red, yellow } = this.output.colors;
    if (kind === "added") this.line(text, indent, green, "+ ");
    else if (kind === "removed") this.line(text, indent, red, "- ");
    else this.line(text, indent, yellow, "~ ");
  }

  private printSection<T>(title: string, items: readonly T[], print: (item: T) => void): void {
    if (items.length === 0) return;
    this.output.line(this.output.colors.bold(title));
    for (const item of items) print(item);
    this.output.line();
  }

  private printChange({ kind, text, location }: Change, indent: string): void {
    this.item(kind, text, indent);
    if (location !== null) this.line(formatLocation(location), `${indent}  `, this.output.colors.dim);
  }

  private printWorkflow(workflow: WorkflowReview): void {
    const { output, report } = this;
    const { bold, dim } = output.colors;
    output.line(`${bold(escapeToOneLine(workflow.workflow))}  ${dim(escapeToOneLine(formatState(workflow)))}`);
    for (const change of listChanges(workflow.changes)) this.printChange(change, "  ");
    for (const difference of workflow.differences) this.printDifference(difference);
    const { unit } = report.volume;
    this.line(`${WORKFLOW_UNITS[unit]}: ${formatWorkflowVolume(workflow, unit)}`, "  ", dim);
    const { cost } = workflow;
    const currency = report.volume.cost?.currency ?? "";
    if (cost !== null) this.line(`cost per month: ${formatCost({ currency, ...cost })}`, "  ", dim);
    output.line();
  }

  private printDifference(difference: MessageDifference): void {
    const { kind, step, reason, cause, recipients } = difference;
    const { dim } = this.output.colors;
    const label = { lost: "lost", gained: "gained", changed: "changed" }[kind];
    const mark = ({ lost: "removed", gained: "added", changed: "changed" } as const)[kind];
    this.item(mark, `${label}: ${formatMessages(difference)} (${step})`);
    if (kind !== "changed") this.line(`recipients: ${this.listRecipients(recipients, recipients.length)}`, "    ");
    if (reason !== null)
      this.line(`${kind === "lost" ? "reason" : "not sent before"}: ${formatReason(reason)}`, "    ");
    if (cause !== null) {
      this.line(`cause: ${cause.text}`, "    ");
      if (cause.location !== null) this.line(formatLocation(cause.location), "      ", dim);
    }
    if (kind === "changed") this.printExamples(difference);
  }

  private listRecipients(recipients: readonly RecipientReference[], total: number): string {
    return formatNames(recipients.map(formatRecipientLabel), total, MAX_NAMES);
  }

  private printExamples({ examples }: MessageDifference): void {
    const { output } = this;
    const width = output.isTerminal ? this.width : Number.POSITIVE_INFINITY;
    const groups = groupExamples(examples);
    for (const { example, recipients } of groups.slice(0, MAX_EXAMPLES)) {
      const trigger = example.trigger === null ? "" : `, ${example.trigger}`;
      this.line(`${this.listRecipients(recipients, recipients.length)}${trigger}`, "    ");
      for (const field of example.fields) {
        const lines = formatFieldDifference(field, output, width);
        const shown = output.verbosity.verbose ? lines : lines.slice(0, MAX_LINES + 1);
        output.lines(shown);
        if (lines.length > shown.length)
          output.line(output.colors.dim(`          ${formatQuantity(lines.length - shown.length, "more line")}`));
      }
    }
    if (groups.length > MAX_EXAMPLES)
      this.line(`${formatQuantity(groups.length - MAX_EXAMPLES, "more example")}`, "    ");
  }

  private printScenarios(): void {
    const { changes } = this.report.scenarios;
    const { bold, red, green, yellow } = this.output.colors;
    if (!hasScenarios(this.report)) return;
    this.output.line(bold("Scenarios"));
    this.line(formatScenarioSummary(this.report.scenarios), "  ");
    for (const change of changes) {
      const { mark, style } = {
        good: { mark: "✓ ", style: green },
        bad: { mark: "✗ ", style: red },
        wait: { mark: "- ", style: yellow },
      }[rateScenario(change)];
      this.line(`${change.name}: ${formatScenarioStatus(change)}`, "  ", style, mark);
      this.line(change.file, "    ", this.output.colors.dim);
      if (change.message !== null) this.line(change.message, "    ");
    }
    this.output.line();
  }

  private printFindings(): void {
    const { new: added, fixed } = this.report.findings;
    if (added.length + fixed.length === 0) return;
    const { bold, dim, red, yellow, green } = this.output.colors;
    this.output.line(`${bold("Findings")}  ${added.length} new, ${fixed.length} fixed`);
    for (const { severity, code, message, file, line } of added) {
      this.line(`${severity} ${code}: ${message}`, "  ", severity === "error" ? red : yellow, "! ");
      this.line(`${file}:${line}`, "    ", dim);
    }
    for (const { code, message } of fixed) this.line(`fixed ${code}: ${message}`, "  ", green, "✓ ");
    this.output.line();
  }

  private printVolume(): void {
    const { unit, channels, cost, ...total } = this.report.volume;
    const { bold } = this.output.colors;
    const title = capitalize(VOLUME_UNITS[unit]);
    this.output.line(`${bold(title)}  ${formatTransition(total)}${formatGrowth(total)}`);
    for (const { type, ...channel } of channels)
      this.line(`${formatChannel(type)}: ${formatTransition(channel)}${formatGrowth(channel)}`, "  ");
    if (cost !== null) {
      this.line(`cost per month: ${formatCost(cost)}`, "  ");
      if (cost.unpriced.length > 0) this.line(`without a price: ${cost.unpriced.join(", ")}`, "  ");
    }
    this.output.line();
  }
}

/** Prints a review, its verdict first. `--quiet` prints only the verdict, and so does a review without differences. */
export function printReview(report: ReviewReport, output: Output): void {
  if (output.verbosity.json) return output.json(report);
  const printer = new ReviewPrinter(report, output);
  if (output.verbosity.quiet || !hasContent(report)) return output.line(printer.formatVerdict());
  printer.print();
}
