import type { Output } from "../../output/output.js";
import { formatDuration } from "../../util/duration.js";
import { formatNumber } from "../../util/format-count.js";
import type { LineSummary } from "./line-results.js";

/** A rate of fewer lines says little. */
const MIN_LINES_FOR_RATE = 100;

/** Prints the numbers of a run whose results are in a file. */
export function printLineSummary(summary: LineSummary, output: Output): void {
  const { colors: paint, verbosity } = output;
  if (verbosity.json) return output.json(summary);
  if (verbosity.quiet) return;
  const { lines, triggered, failed, skipped, replayed, duration_ms } = summary;
  const handled = Math.max(0, lines - skipped);
  const duration = duration_ms < 1_000 ? duration_ms : Math.round(duration_ms / 1_000) * 1_000;
  const rate =
    handled < MIN_LINES_FOR_RATE
      ? ""
      : `, ${formatNumber(Math.round(handled / (duration_ms / 1_000)))} lines per second`;
  const parts = [
    `${formatNumber(triggered)} of ${formatNumber(lines)} lines triggered`,
    ...(failed > 0 ? [paint.red(`${formatNumber(failed)} failed`)] : []),
    ...(skipped > 0 ? [`${formatNumber(skipped)} skipped (their results are in the journal)`] : []),
    ...(replayed > 0 ? [`${formatNumber(replayed)} triggered before with the same idempotency key`] : []),
  ];
  output.line(`${failed > 0 ? paint.red("✗") : paint.green("✓")} ${parts.join(" · ")}`);
  output.line(paint.dim(`  in ${formatDuration(duration)}${rate}; results: ${summary.output}`));
}
