import { readdirSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import { isScalar, LineCounter, parseDocument } from "yaml";
import { expandRows } from "../domain/scenario/expand-rows.js";
import { parseScenarios, type Scenario } from "../domain/scenario/parse-scenarios.js";
import type { FilePosition } from "../domain/scenario/test-report.js";
import type { ValidDocuments } from "../domain/schema/valid-documents.js";
import { getErrorMessage, KnockError } from "../errors/knock-error.js";
import { isJsonObject, type Json, parsePointer } from "../util/json.js";
import { describeAliasError, describeYamlError } from "./describe-yaml-error.js";
import { type ProjectFile, readProjectJson, readProjectText } from "./read-project-text.js";

const SCENARIO_FILE = /\.test\.(?:ya?ml|json)$/;
/** Returns whether a path has the name of a file of scenarios. */
export const isScenarioFile = (path: string): boolean => SCENARIO_FILE.test(path);

/** Folders that never contain a project's own scenarios. */
const SKIPPED_FOLDERS = new Set(["node_modules", ".git", ".knock-local"]);
/** Limits aliases, because a few of them can expand to gigabytes. */
const MAX_YAML_ALIASES = 100;

/** Errors of YAML have their positions without the lines around them, and its warnings are not printed by Node. */
const YAML_OPTIONS = { prettyErrors: false, logLevel: "error" } as const;

/** The scenarios of a file. */
export interface ScenarioFileContent {
  file: ProjectFile;
  scenarios: Scenario[];
  /** Returns the position of a value, or of the last one on its path that exists. */
  locate(path: readonly (string | number)[]): FilePosition;
}

function findFiles(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true })
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) return SKIPPED_FOLDERS.has(entry.name) ? [] : findFiles(path);
      return isScenarioFile(entry.name) ? [path] : [];
    });
}

/**
 * Returns the files of scenarios, in order: those below the given folders, and the given files. Without paths, those of
 * the project. Throws `resource_missing` for a path that does not exist, and `usage` for a file with another name.
 */
export function listScenarioFiles(
  paths: readonly string[],
  { root, cwd, displayPath }: { root: string; cwd: string; displayPath(path: string): string },
): ProjectFile[] {
  const found = (paths.length === 0 ? [root] : paths.map((path) => resolve(cwd, path))).flatMap((path) => {
    const stats = statSync(path, { throwIfNoEntry: false });
    if (stats === undefined)
      throw new KnockError("resource_missing", `${displayPath(path)} does not exist`, {
        hint: "Name a workflow, a folder, or a file that ends in .test.yaml, .test.yml or .test.json.",
      });
    if (stats.isDirectory()) return findFiles(path);
    if (isScenarioFile(path)) return [path];
    throw new KnockError("usage", `${displayPath(path)} is not a file of scenarios`, {
      hint: "Their names end in .test.yaml, .test.yml or .test.json.",
    });
  });
  return [...new Set(found)].map((path) => ({ path, displayPath: displayPath(path) }));
}

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
export function readScenarioNames(file: ProjectFile, start = ""): string[] {
  const text = readProjectText(file.path, file.displayPath);
  const [firstWord = ""] = start.split(" ");
  // Parsing takes most of the time, and few files of a large project have names that start with a word.
  if (!text.includes(firstWord) && !text.includes(PLACEHOLDER_START)) return [];
  const names = findPlainNames(text, start);
  if (names !== null) return names;
  const document = parseDocument(text, YAML_OPTIONS);
  const content = document.errors.length > 0 ? null : (toJson(document) as Json);
  const scenarios = isJsonObject(content) && isJsonObject(content.scenarios) ? content.scenarios : {};
  return Object.entries(scenarios).flatMap(([name, scenario]) =>
    expandRows(name, scenario, () => {}).map((row) => row.name),
  );
}

/** Reads a file of scenarios. Throws `scenario_invalid` with file, line and column for each finding. */
export async function readScenarios(file: ProjectFile, valid?: ValidDocuments): Promise<ScenarioFileContent> {
  // The YAML parser reads JSON as well, but also text that is not JSON, and its errors are about YAML.
  if (file.path.endsWith(".json")) await readProjectJson(file.path, file.displayPath, "scenario_invalid");
  return parseScenarioFile(readProjectText(file.path, file.displayPath, "scenario_invalid"), file, valid);
}

/** Parses the text of a file of scenarios. Throws `scenario_invalid` with file, line and column for each finding. */
export function parseScenarioFile(text: string, file: ProjectFile, valid?: ValidDocuments): ScenarioFileContent {
  const lines = new LineCounter();
  const document = parseDocument(text, { ...YAML_OPTIONS, lineCounter: lines });
  const [fault] = document.errors;
  if (fault !== undefined) {
    const { line, col } = lines.linePos(fault.pos[0]);
    const { message, hint } = describeYamlError(fault, text);
    // The errors after the first one are mostly its consequences.
    throw new KnockError("scenario_invalid", `${file.displayPath}:${line}:${col}: invalid YAML: ${message}`, {
      hint,
    });
  }
  const locate = (path: readonly (string | number)[]): FilePosition => {
    for (let length = path.length; length >= 0; length--) {
      const node: unknown = length === 0 ? document.contents : document.getIn(path.slice(0, length), true);
      const range = (node as { range?: [number, number, number] | null } | null | undefined)?.range;
      if (!range) continue;
      const start = isScalar(node) ? range[0] : (findKeyStart(path.slice(0, length)) ?? range[0]);
      const { line, col } = lines.linePos(start);
      return { line, column: col };
    }
    return { line: 1, column: 1 };
  };
  /** Returns where the key of a collection starts. The collection itself starts on a later line. */
  const findKeyStart = (path: readonly (string | number)[]): number | undefined => {
    const parent: unknown = path.length <= 1 ? document.contents : document.getIn(path.slice(0, -1), true);
    const items = (parent as { items?: { key?: { value?: unknown; range?: [number, number, number] } }[] } | null)
      ?.items;
    return items?.find((item) => item?.key?.value === path.at(-1))?.key?.range?.[0];
  };
  try {
    return { file, scenarios: parseScenarios(toJson(document), file.displayPath, valid), locate };
  } catch (error) {
    throw addLocations(error, file, locate);
  }
}

function toJson(document: ReturnType<typeof parseDocument>): unknown {
  try {
    return document.toJS({ maxAliasCount: MAX_YAML_ALIASES });
  } catch (error) {
    throw new KnockError("scenario_invalid", describeAliasError(getErrorMessage(error)), {
      hint: "Write the values out instead of using aliases.",
    });
  }
}

function addLocations(error: unknown, file: ProjectFile, locate: ScenarioFileContent["locate"]): unknown {
  if (!(error instanceof KnockError)) return error;
  const details = error.details.map((detail) => {
    const path = parsePointer(detail.pointer).map((part) => (/^\d+$/.test(part) ? Number(part) : part));
    return { ...detail, file: file.displayPath, ...locate(path) };
  });
  const [first] = details;
  const prefix = `${file.displayPath}: `;
  const rest = error.message.startsWith(prefix) ? error.message.slice(prefix.length) : error.message;
  const at = first === undefined ? file.displayPath : `${file.displayPath}:${first.line}:${first.column}`;
  return error.copyWith({ message: `${at}: ${rest}`, details });
}
