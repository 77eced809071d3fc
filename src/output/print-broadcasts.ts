import type { BroadcastView } from "../domain/audience/broadcast.js";
import { summarizeOutcomes, type TriggerOutcome } from "../domain/run/outcome.js";
import type { Page } from "./documents/lists.js";
import { formatTime } from "./format-time.js";
import type { Output } from "./output.js";
import { printOutcome } from "./print-outcome.js";
import { printPageHint } from "./print-runs.js";
import { printTable } from "./print-table.js";

function formatBroadcastTime({ status, scheduled_at, sent_at }: BroadcastView, output: Output): string {
  return formatTime(status === "scheduled" ? scheduled_at : sent_at, output.zone);
}

export function printBroadcasts(page: Page<BroadcastView>, output: Output): void {
  const { items: broadcasts } = page;
  if (output.verbosity.json) return output.json(page);
  if (output.verbosity.quiet) return output.lines(broadcasts.map(({ key }) => key));
  if (broadcasts.length === 0) return output.note("no broadcasts: create broadcasts/<key>/broadcast.json");
  printTable(
    ["BROADCAST", "STATUS", "WHEN", "AUDIENCE", "NAME"],
    broadcasts.map((broadcast) => [
      broadcast.key,
      broadcast.error === null ? broadcast.status : "broken",
      formatBroadcastTime(broadcast, output),
      broadcast.target_audience_key ?? "",
      broadcast.error ?? broadcast.name,
    ]),
    output,
  );
  printPageHint(page, output);
}

export function printBroadcast(broadcast: BroadcastView, output: Output): void {
  if (output.verbosity.json) return output.json(broadcast);
  if (output.verbosity.quiet) return output.line(broadcast.key);
  const when = formatBroadcastTime(broadcast, output);
  output.line(
    `${output.colors.green("✓")} ${output.colors.bold(broadcast.key)}  ${broadcast.status}${when === "" ? "" : ` ${when}`}`,
  );
}

interface SentBroadcastDocument {
  broadcast: string;
  runs: readonly { tenant: string | null; outcome: TriggerOutcome }[];
}

/** Prints the outcome for each recipient, with one run per tenant. */
export function printSentBroadcast({ broadcast, runs }: SentBroadcastDocument, now: number, output: Output): void {
  if (output.verbosity.json) {
    const summary = summarizeOutcomes(runs.flatMap(({ outcome }) => outcome.recipients ?? []));
    return output.json({
      broadcast,
      runs: runs.map(({ tenant, outcome: { replayed: _replayed, ...outcome } }) => ({ tenant, ...outcome })),
      summary,
    });
  }
  for (const { tenant, outcome } of runs) {
    if (tenant !== null && !output.verbosity.quiet) output.line(output.colors.dim(`tenant ${tenant}`));
    printOutcome(outcome, now, output);
  }
}
