import type { Output } from "../../output/output.js";
import type { TypesReport } from "./types-report.js";

/** Prints the generated types, or what happened to their file. */
export function printTypes(report: TypesReport, output: Output): void {
  const { verbosity, colors } = output;
  const { file, status, code, workflows } = report;
  if (verbosity.json) return output.json(report);
  if (file === null) return output.raw(code ?? "");
  if (status === "stale") {
    output.line(`${colors.red("✗")} ${file} is out of date`);
    output.note(`Run \`knock types --output-file ${file}\` and commit the file.`);
  } else if (!verbosity.quiet) {
    const count = `${workflows.length} ${workflows.length === 1 ? "workflow" : "workflows"}`;
    output.line(`${colors.green("✓")} ${file} ${status}: ${count}`);
  }
  if (verbosity.quiet || verbosity.verbose === false) return;
  for (const { workflow, type } of workflows) output.line(`  ${workflow}  ${type ?? "no JSON Schema"}`);
}
