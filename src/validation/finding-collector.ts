import { existsSync } from "node:fs";
import { join } from "node:path";
import { toLocatedFindings } from "../checks/project-finding.js";
import { parsePathSegments } from "../domain/step-types/walk-steps.js";
import type { CheckFinding } from "../domain/validation/check-finding.js";
import type { LocatedFinding } from "../domain/validation/located-finding.js";
import { KnockError } from "../errors/knock-error.js";
import type { ProjectLocation } from "../project/find-project.js";
import { formatDisplayPath } from "../project/format-display-path.js";
import type { ProjectFile } from "../project/read-project-text.js";
import type { TextPosition } from "../util/text-positions.js";
import { locateTemplateError } from "./locate-template-error.js";

/** A finding about a text of a resource, with its position in the text; 0 for the whole value. */
export interface TextFinding extends TextPosition {
  code: CheckFinding["code"];
  message: string;
  fieldPath: string;
  /** The display path of the text's own file. Undefined if the main file of the resource contains the text. */
  file: string | undefined;
}

/** Collects the findings of a project with their locations. */
export class FindingCollector {
  readonly findings: LocatedFinding[] = [];
  /** The number of errors of documents. */
  errorCount = 0;

  constructor(
    private readonly location: Pick<ProjectLocation, "knockDir" | "branchDir">,
    readonly cwd: string,
  ) {}

  displayPath(...path: string[]): string {
    return formatDisplayPath(this.cwd, join(this.location.knockDir, ...path));
  }

  /** Returns a file of the branch if it has one, else of the main files. */
  toProjectFile(...path: string[]): ProjectFile {
    const { branchDir, knockDir } = this.location;
    const own = branchDir === undefined ? null : join(branchDir, ...path);
    const file = own !== null && existsSync(own) ? own : join(knockDir, ...path);
    return { path: file, displayPath: formatDisplayPath(this.cwd, file) };
  }

  add(...found: readonly LocatedFinding[]): void {
    for (const finding of found) this.findings.push(finding);
  }

  /** Removes findings that another finding causes. */
  drop(isCaused: (finding: LocatedFinding) => boolean): void {
    const kept = this.findings.filter((finding) => !isCaused(finding));
    this.findings.length = 0;
    this.add(...kept);
  }

  /** Adds the findings of an error. `file` is the display path of the file that is read. */
  addError(error: unknown, file: string): void {
    if (!(error instanceof KnockError)) throw error;
    this.errorCount++;
    this.add(...toLocatedFindings(error, file));
  }

  /** Adds the errors of templates in `file`, or in the layouts, partials and requests that it names. */
  async addTemplateErrors(errors: readonly KnockError[], file: ProjectFile): Promise<void> {
    for (const error of errors)
      this.add(...(await locateTemplateError(error, file, (...path) => this.toProjectFile(...path))));
  }

  /** Adds findings about a JSON file with their locations. The code that finds them is loaded only for findings. */
  async addChecks(file: ProjectFile, found: readonly CheckFinding[]): Promise<void> {
    if (found.length === 0) return;
    const { locateFindings } = await import("../project/add-file-locations.js");
    this.add(...(await locateFindings(file, found)));
  }

  /** Adds findings about texts: in their own files, or at their values in the main file of the resource. */
  async addTextFindings(mainFile: ProjectFile, found: readonly TextFinding[]): Promise<void> {
    const inMainFile: TextFinding[] = [];
    for (const finding of found) {
      const { code, message, file, line, column } = finding;
      if (file === undefined) inMainFile.push(finding);
      else this.add({ code, message, file, line, column, pointer: "" });
    }
    if (inMainFile.length === 0) return;
    const { locateFindings } = await import("../project/add-file-locations.js");
    const toCheck = ({ code, fieldPath, message }: TextFinding) => ({
      code,
      path: parsePathSegments(fieldPath),
      message,
    });
    const located = await locateFindings(mainFile, inMainFile.map(toCheck));
    for (const [index, { fieldPath, line, column, message }] of inMainFile.entries()) {
      const finding = located[index];
      // The location is that of the value in the file, so the message contains the position in the text.
      const position = line === 0 ? "" : `, line ${line}, column ${column}`;
      if (finding) this.add({ ...finding, message: `${fieldPath}${position}: ${message}` });
    }
  }

  /** Reads a part of the project. Returns null, and adds the findings, if it cannot be read. */
  async tryRead<T>(file: string, read: () => Promise<T> | T): Promise<T | null> {
    try {
      return await read();
    } catch (error) {
      if (error instanceof KnockError && error.code === "resource_missing") throw error;
      this.addError(error, file);
      return null;
    }
  }
}
