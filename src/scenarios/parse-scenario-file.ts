import { isScalar, LineCounter, parseDocument } from "yaml";
import { getErrorMessage, KnockError } from "../errors/knock-error.js";
import type { ProjectFile } from "../project/read-project-text.js";
import { type Json, parsePointer } from "../util/json.js";
import { describeAliasError, describeYamlError } from "./describe-yaml-error.js";
import { checkScenarios, type Scenario } from "./parse-scenarios.js";
import type { FilePosition } from "./test-report.js";

/** Limits aliases, because a few of them can expand to gigabytes. */
const MAX_YAML_ALIASES = 100;

/** Errors of YAML have their positions without the lines around them, and its warnings are not printed by Node. */
const YAML_OPTIONS = { prettyErrors: false, logLevel: "error" } as const;

/** A path of keys and indices in a file. */
export type FilePath = readonly (string | number)[];

/** A file of scenarios, parsed. */
interface ParsedScenarioFile {
  scenarios: Scenario[];
  /** The error about invalid scenarios, with file, line and column for each finding; null if all are valid. */
  error: KnockError | null;
  /** Returns the position of a value, or of the last one on its path that exists. */
  locate(path: FilePath): FilePosition;
}

/** Returns a file of scenarios as JSON without checking it. Returns null for invalid YAML. */
export function parseUncheckedYaml(text: string): Json {
  const document = parseDocument(text, YAML_OPTIONS);
  return document.errors.length > 0 ? null : (toJson(document) as Json);
}

/**
 * Parses the text of a file of scenarios. Throws `scenario_invalid` with file, line and column for each finding, unless only some
 * scenarios are invalid.
 */
export function parseScenarioFile(text: string, file: ProjectFile): ParsedScenarioFile {
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
  const locate = (path: FilePath): FilePosition => {
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
  const findKeyStart = (path: FilePath): number | undefined => {
    const parent: unknown = path.length <= 1 ? document.contents : document.getIn(path.slice(0, -1), true);
    const items = (parent as { items?: { key?: { value?: unknown; range?: [number, number, number] } }[] } | null)
      ?.items;
    return items?.find((item) => item?.key?.value === path.at(-1))?.key?.range?.[0];
  };
  try {
    const content = toJson(document) as Json;
    const { scenarios, error } = checkScenarios(content, file.displayPath);
    return { scenarios, error: error && addLocations(error, file, locate), locate };
  } catch (error) {
    throw error instanceof KnockError ? addLocations(error, file, locate) : error;
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

/** Returns the path of a pointer, whose indices are numbers. */
export const toFilePath = (pointer: string): (string | number)[] =>
  parsePointer(pointer).map((part) => (/^\d+$/.test(part) ? Number(part) : part));

function addLocations(error: KnockError, file: ProjectFile, locate: ParsedScenarioFile["locate"]): KnockError {
  const details = error.details.map((detail) => ({
    ...detail,
    file: file.displayPath,
    ...locate(toFilePath(detail.pointer)),
  }));
  const [first] = details;
  const prefix = `${file.displayPath}: `;
  const rest = error.message.startsWith(prefix) ? error.message.slice(prefix.length) : error.message;
  const at = first === undefined ? file.displayPath : `${file.displayPath}:${first.line}:${first.column}`;
  return error.copyWith({ message: `${at}: ${rest}`, details });
}
