import { formatUnpriced } from "../../domain/pricing/format-unpriced.js";
import { formatRecipient } from "../../domain/recipient/recipient.js";
import type { Output } from "../../output/output.js";
import { printTable } from "../../output/print-table.js";
import { formatCount } from "../../util/format-count.js";
import type { ForecastReport } from "./forecast-report-schema.js";

/** The maximum number of rows of a table; --verbose prints all. */
const MAX_ROWS = 20;

function printRows(head: readonly string[], rows: readonly (readonly string[])[], output: Output): void {
  if (rows.length === 0) return;
  const shown = output.verbosity.verbose ? rows : rows.slice(0, MAX_ROWS);
  printTable(head, shown, output);
  if (shown.length < rows.length) output.line(output.colors.dim(`… ${rows.length - shown.length} more (--verbose)`));
  output.line("");
}

function printCost({ currency, prices, plan, total, unpriced }: NonNullable<ForecastReport["cost"]>, output: Output) {
  const formatPrice = ({ channel_type, provider, country }: (typeof prices)[number]): string =>
    [channel_type, provider, country].filter((part) => part !== null).join(" ");
  printRows(
    ["COST", "UNITS", "AMOUNT"],
    [
      ...prices.map((line) => [formatPrice(line), formatCount(line.units, line.per), `${currency} ${line.amount}`]),
      ...(plan === null ? [] : [["plan", formatCount(plan.units, plan.per), `${currency} ${plan.amount}`]]),
      ["total", "", `${currency} ${total}`],
    ],
    output,
  );
  printRows(
    ["NOT PRICED", "MESSAGES"],
    unpriced.map((line) => [formatUnpriced(line), `${line.messages}`]),
    output,
  );
}

/** Prints the tables of a forecast, and a summary. */
export function printForecastReport(report: ForecastReport, output: Output): void {
  if (output.verbosity.json) return output.json(report);
  if (output.verbosity.quiet) return;
  const { colors } = output;
  const { summary } = report;
  printRows(
    ["RECIPIENT", "MESSAGES", "DAYS", "BUSIEST DAY"],
    report.recipients.map(({ recipient, messages, max_per_day, days }) => {
      const busiest = days.find((day) => day.messages === max_per_day);
      return [formatRecipient(recipient), `${messages}`, `${days.length}`, `${busiest?.day ?? ""} (${max_per_day})`];
    }),
    output,
  );
  printRows(
    ["CHANNEL", "TYPE", "MESSAGES"],
    report.channels.map(({ channel, type, messages }) => [channel, type, `${messages}`]),
    output,
  );
  if (report.cost !== null) printCost(report.cost, output);
  printRows(
    ["BATCH", "MESSAGES", "MIN", "MEDIAN", "MAX"],
    report.batches.map(({ workflow, step, messages, min, median, max }) => [
      `${workflow} ${step}`,
      ...[messages, min, median, max].map(String),
    ]),
    output,
  );
  printRows(
    ["IN QUIET HOURS", "WORKFLOW", "CHANNEL", "LOCAL TIME"],
    report.quiet_messages.map(({ recipient, workflow, channel, local_time, time_zone }) => [
      formatRecipient(recipient),
      workflow,
      channel,
      `${local_time} ${time_zone}`,
    ]),
    output,
  );
  printRows(
    ["OVER BUDGET", "DAY", "MESSAGES"],
    report.over_budget.map(({ recipient, day, messages }) => [formatRecipient(recipient), day, `${messages}`]),
    output,
  );
  printRows(
    ["REJECTED", "ERROR"],
    report.rejected.map(({ trigger, message }) => [trigger, message]),
    output,
  );
  const parts = [
    formatCount(summary.triggers, "trigger"),
    formatCount(summary.messages, "message"),
    formatCount(summary.recipients, "recipient"),
  ];
  if (report.cost !== null) parts.push(`${report.cost.currency} ${report.cost.total}`);
  if (summary.quiet_messages > 0) parts.push(colors.yellow(`${summary.quiet_messages} in quiet hours`));
  if (summary.over_budget > 0) parts.push(colors.red(`${summary.over_budget} over budget`));
  if (summary.rejected > 0) parts.push(colors.red(`${summary.rejected} rejected`));
  output.line(parts.join(" · "));
}
