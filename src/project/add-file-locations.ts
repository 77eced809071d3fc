import { dirname, join } from "node:path";
import { describeFinding } from "../domain/findings/describe-finding.js";
import type { Finding } from "../domain/schema/finding.js";
import type { FindingCode } from "../domain/validation/finding-codes.js";
import type { LocatedFinding } from "../domain/validation/located-finding.js";
import { type ErrorDetail, KnockError } from "../errors/knock-error.js";
import { parsePointer, toPointer } from "../util/json.js";
import { JsonLocator } from "../util/json-location.js";
import { type ProjectFile, readProjectText } from "./read-project-text.js";

type FileLocation = ProjectFile & { line: number; column: number };

/** Finds values of a document, in the file itself or in a JSON file that it references on the way (F-013). Reads each file once. */
class FileLocator {
  private readonly locators = new Map<string, Promise<JsonLocator | null>>();

  private open(file: ProjectFile): Promise<JsonLocator | null> {
    // Other files, such as those of gettext, have no JSON pointers.
    if (!file.path.endsWith(".json")) return Promise.resolve(null);
    let locator = this.locators.get(file.path);
    locator ??= Promise.resolve(readProjectText(file.path, file.displayPath)).then(JsonLocator.open);
    this.locators.set(file.path, locator);
    return locator;
  }

  /** Returns the location of a value, or of the last one on the path to it that exists. Null for a file that cannot be parsed. */
  async find(file: ProjectFile, parts: readonly string[]): Promise<FileLocation | null> {
    const locator = await this.open(file);
    if (locator === null) return null;
    const { line, column, depth, text } = locator.find(parts.map((part) => [part, `${part}@`]));
    const rest = parts.slice(depth);
    if (rest.length > 0 && text?.endsWith(".json")) {
      const path = join(dirname(file.path), text);
      const nested = await this.find({ path, displayPath: join(dirname(file.displayPath), text) }, rest).catch(
        () => null,
      );
      if (nested !== null) return nested;
    }
    return { ...file, line, column };
  }
}

/**
 * Returns an error about a file with the locations of its JSON pointers: `workflow.json:12:7: steps[0].type …`. The message
 * must start with `owner` or the file's name; errors about other files are returned unchanged. Reads the file only for an
 * error.
 */
export async function addFileLocations(error: unknown, file: ProjectFile, owner?: string): Promise<unknown> {
  if (!(error instanceof KnockError)) return error;
  const prefix = [owner, `${file.displayPath}: `].find(
    (candidate) => candidate !== undefined && error.message.startsWith(candidate),
  );
  if (prefix === undefined) return error;
  const locator = new FileLocator();
  const locations = await Promise.all(
    error.details.map(({ pointer }) => locator.find(file, parsePointer(pointer)).catch(() => null)),
  );
  const [first] = locations;
  if (!first) return error;
  const details = error.details.map((detail, index): ErrorDetail => {
    const location = locations[index];
    return location ? { ...detail, file: location.displayPath, line: location.line, column: location.column } : detail;
  });
  const message = `${first.displayPath}:${first.line}:${first.column}: ${error.message.slice(prefix.length)}`;
  return error.copyWith({ message, details });
}

/** Returns the locations of values of a document, or null for each that cannot be found. */
export async function locateValues(
  file: ProjectFile,
  paths: readonly (readonly string[])[],
): Promise<(FileLocation | null)[]> {
  const locator = new FileLocator();
  return Promise.all(paths.map((path) => locator.find(file, path).catch(() => null)));
}

/** Returns findings about a document with their locations, in the file itself or in a JSON file that it references. */
export async function locateFindings(
  file: ProjectFile,
  findings: readonly (Finding & { code: FindingCode })[],
): Promise<LocatedFinding[]> {
  const locator = new FileLocator();
  return Promise.all(
    findings.map(async ({ code, path, message, suggestedKey }): Promise<LocatedFinding> => {
      const location = await locator.find(file, path.map(String));
      const pointer = toPointer(path);
      const { displayPath, line, column } = location ?? { ...file, line: 1, column: 1 };
      const described = describeFinding({ pointer, message });
      return { code, message: described, file: displayPath, line, column, pointer, suggested_key: suggestedKey };
    }),
  );
}
