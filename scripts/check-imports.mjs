// Checks the import rules. Fails if too few modules were read: with an unsupported version of TypeScript,
// dependency-cruiser reads none and passes.
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { installTools } from "./tools.mjs";

const MIN_MODULES = 100;

const depcruise = join(await installTools("checks"), "node_modules/.bin/depcruise");
const report = (() => {
  try {
    return execFileSync(depcruise, ["--config", ".dependency-cruiser.cjs", "--output-type", "json", "src"], {
      maxBuffer: 1 << 28,
    });
  } catch (error) {
    if (error.stdout?.length) return error.stdout;
    throw error;
  }
})();
const { summary } = JSON.parse(String(report));
for (const { rule, from, to } of summary.violations) console.error(`${rule.severity} ${rule.name}: ${from} → ${to}`);
console.log(`${summary.totalCruised} modules, ${summary.error} import rule violations`);
if (summary.totalCruised < MIN_MODULES) {
  console.error(`only ${summary.totalCruised} modules seen: the check did not work`);
  process.exit(1);
}
process.exit(summary.error > 0 ? 1 : 0);
