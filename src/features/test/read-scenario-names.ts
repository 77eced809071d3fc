import { type ProjectFile, readProjectText } from "../../project/read-project-text.js";
import { expandRows } from "../../scenarios/expand-rows.js";
import { isJsonObject } from "../../util/json.js";

/** Begins a value of a row in the name of a scenario. */
const PLACEHOLDER_START = "${";

/** A name that means the same in YAML as in the text, alone on its line. */
const PLAIN_NAME = /^ +([\p{L}\p{N}][\p{L}\p{N} ,.;()/+_${}-]*):\s*$/u;

/**
 * Returns the names below `scenarios:` that start with `start`, without parsing the file. Returns null if only the parser can
 * tell them, as for JSON, for names in quotes, and for tables of cases whose names may start with `start`.
 */
function findPlainNames(text: string, start: string): string[] | null {
  const lines = text.split("\n");
  const first = lines.indexOf("scenarios:");
  if (first === -1) return null;
  const names: string[] = [];
  let indent: number | undefined;
  for (const line of lines.slice(first + 1)) {
    const depth = line.search(/\S/);
    if (depth === -1 || line[depth] === "#") continue;
    if (depth === 0) break;
    indent ??= depth;
    if (depth > indent) continue;
    const name = PLAIN_NAME.exec(line)?.[1];
    if (name === undefined || depth < indent) return null;
    const [prefix = ""] = name.split(PLACEHOLDER_START);
    if (prefix === name) names.push(name);
    else if (prefix.startsWith(start) || start.startsWith(prefix)) return null;
  }
  return names;
}

/**
 * Returns the names of the scenarios in a file, at least those that start with `start`. The file is not checked: completion needs
 * names of files that are being edited, and checks take a third of the time. Returns an empty list for invalid YAML.
 */
export async function readScenarioNames(file: ProjectFile, start = ""): Promise<string[]> {
  const text = readProjectText(file.path, file.displayPath);
  const [firstWord = ""] = start.split(" ");
  // Parsing takes most of the time, and few files of a large project have names that start with a word.
  if (!text.includes(firstWord) && !text.includes(PLACEHOLDER_START)) return [];
  const names = findPlainNames(text, start);
  if (names !== null) return names;
  const { parseUncheckedYaml } = await import("../../scenarios/parse-scenario-file.js");
  const content = parseUncheckedYaml(text);
  const scenarios = isJsonObject(content) && isJsonObject(content.scenarios) ? content.scenarios : {};
  return Object.entries(scenarios).flatMap(([name, scenario]) =>
    expandRows(name, scenario, () => {}).map((row) => row.name),
  );
}
