// Generates skills/knock/references/: short references for coding agents, from the sources of the guide's reference.
import { formatProse, joinParts } from "../documentation/markdown.mjs";
import { formatCommandName, listLeaves, readCommands } from "../documentation/read-commands.mjs";
import { loadSource } from "../load-source.mjs";

const FOLDER = "skills/knock/references";
const SCENARIO_PAGE = "docs/reference/files/scenarios-yaml.md";
/** Parts of the scenario format that the page describes in more detail than an agent needs at first. */
const LEFT_OUT = /^`given\.(?:recipients|fetch|agent|failures)|\.settings|\.schedule`|\.recipients`/;

const formatItem = (name, text) => `- \`${name}\`: ${text}`;

/** Returns a row of a table as an item of a list, which takes fewer characters. */
function formatRow(row) {
  const [name, type, description, ...rest] = row
    .split(/(?<!\\)\|/)
    .slice(1, -1)
    .map((cell) =>
      cell
        .trim()
        .replaceAll(/\[([^\]]*)\]\([^)]*\)/g, "$1")
        .replaceAll("\\|", "|"),
    );
  const example = rest.at(-1);
  return `- ${name} (${type}): ${description}${example ? ` Example: ${example}` : ""}`;
}

/** Returns the sections of the page about scenarios, with their tables as lists. */
function buildScenarios(page) {
  const [, ...sections] = page.split(/^#{2,4} (?=`|Properties|Step outcome|Text matcher)/m);
  const parts = sections.flatMap((section) => {
    const [heading = "", ...lines] = section.trim().split("\n");
    if (LEFT_OUT.test(heading)) return [];
    const rows = lines.filter((line) => line.startsWith("| ") && !line.startsWith("| Property"));
    const text = lines.filter((line) => line !== "" && !line.startsWith("|")).join("\n");
    return [`## ${heading}`, text, rows.map(formatRow).join("\n")];
  });
  return joinParts(
    "# Scenarios",
    "The format of `*.test.yaml`, which `knock test` runs. `knock docs reference/files/scenarios-yaml` has every property, with defaults.",
    parts,
  );
}

function buildCommands(commands) {
  const lines = commands
    .flatMap(listLeaves)
    .map((command) => formatItem(formatCommandName(command), formatProse(command.summary() || command.description())));
  return joinParts(
    "# Commands",
    "`knock help <command>` shows arguments, options and examples with names of the project. `knock help <command> --json` is for programs.",
    lines.join("\n"),
  );
}

async function buildCodes() {
  const { ERROR_CODES, ERROR_EXPLANATIONS, FINDING_EXPLANATIONS, REASONS, REASON_CHECKS } = await loadSource(`
    export { ERROR_CODES } from "./src/errors/error-codes.ts";
    export { ERROR_EXPLANATIONS } from "./src/errors/error-explanations.ts";
    export { FINDING_EXPLANATIONS } from "./src/domain/validation/finding-explanations.ts";
    export { REASONS } from "./src/domain/run/reasons.ts";
    export { REASON_CHECKS } from "./src/domain/run/reason-checks.ts";
  `);
  const errors = Object.entries(ERROR_CODES).map(([code, { exit }]) => {
    const { meaning, fix } = ERROR_EXPLANATIONS[code];
    return `- \`${code}\` (exit ${exit}): ${meaning} ${fix[0]}`;
  });
  const findings = Object.entries(FINDING_EXPLANATIONS).map(([code, { meaning }]) => formatItem(code, meaning));
  const reasons = Object.keys(REASONS).map((code) => formatItem(code, `${REASONS[code]}. ${REASON_CHECKS[code]}`));
  return {
    errors: joinParts(
      "# Errors",
      "`knock help error <code>` prints all causes and fixes of a code.",
      errors.join("\n"),
      "## Findings of `knock validate`",
      findings.join("\n"),
    ),
    reasons: joinParts(
      "# Reasons",
      "Why a step did not complete as usual: `reason.code` in `knock runs show <id> --json`.",
      reasons.join("\n"),
    ),
  };
}

export async function buildPages(readPage) {
  const { errors, reasons } = await buildCodes();
  const pages = {
    scenarios: buildScenarios(readPage(SCENARIO_PAGE)),
    commands: buildCommands(await readCommands()),
    errors,
    reasons,
  };
  return Object.fromEntries(Object.entries(pages).map(([name, text]) => [`${FOLDER}/${name}.md`, `${text}\n`]));
}
