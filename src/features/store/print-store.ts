import { escapeToOneLine } from "../../output/escape-controls.js";
import type { Output } from "../../output/output.js";
import { formatNumber } from "../../util/format-count.js";
import type { StoreCopy } from "./store-schema.js";

/** Prints how many rows were copied; with --verbose, also the digest of each table. */
export function printStoreCopy(copy: StoreCopy, output: Output): void {
  const { verbosity, colors } = output;
  if (verbosity.json) return output.json(copy);
  if (verbosity.quiet) return;
  const rows = `${formatNumber(copy.rows)} ${copy.rows === 1 ? "row" : "rows"}`;
  output.line(`${colors.green("✓")} copied ${rows} from ${escapeToOneLine(copy.from)} to ${escapeToOneLine(copy.to)}`);
  const tables = copy.tables.filter((table) => table.rows > 0 || verbosity.verbose);
  const width = Math.max(0, ...tables.map(({ table }) => table.length));
  for (const { table, rows: count, digest } of tables)
    output.line(`  ${table.padEnd(width)}  ${formatNumber(count)}${verbosity.verbose ? `  ${digest}` : ""}`);
}

export function printMigratedStore(store: string, output: Output): void {
  const { verbosity, colors } = output;
  if (verbosity.json) return output.json({ store });
  if (!verbosity.quiet) output.line(`${colors.green("✓")} the tables of ${escapeToOneLine(store)} are up to date`);
}
