import { existsSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import type { EvaluatedCondition } from "../../domain/condition/evaluated-condition.js";
import { type RecipientKey, splitRecipientKey, TENANTS, USERS } from "../../domain/recipient/recipient.js";
import { parsePathSegments } from "../../domain/step-types/walk-steps.js";
import { KnockError } from "../../errors/knock-error.js";
import { PROJECT_FILE } from "../../project/find-project.js";
import { formatDisplayPath } from "../../project/format-display-path.js";
import type { Project } from "../../project/open-project.js";
import { openProjectFolders } from "../../project/project-folders.js";
import { listEnvironmentFiles } from "../../project/read-environment.js";
import { type ProjectFile, readProjectJson } from "../../project/read-project-text.js";
import { listRecipientsFiles } from "../../project/read-recipients.js";
import { getValueAtPath, isJsonObject, type Json } from "../../util/json.js";
import type { Place } from "./why-report-schema.js";

const MAX_FILE_BYTES = 2_000_000;

/** Matches the place that the error of a template starts with: a position in the template's own file. */
const FILE_POSITION = /^(.+?):(\d+):(\d+): /;
/** Matches the place that the error of a template starts with: a value of the workflow. */
const FIELD_PATH = /^(steps\[\d+\][^\s,:]*)/;

/** A path in a document. Items of lists are numbers in text. */
type Path = readonly string[];

/** A file with its parsed content; null if it is missing or invalid. */
interface ReadFile {
  file: ProjectFile;
  content: Json;
}

/** Returns the path of the object with a ref, at any depth. */
function findStepPath(value: Json | undefined, ref: string, path: Path = []): Path | null {
  if (typeof value !== "object" || value === null) return null;
  if (isJsonObject(value) && value.ref === ref && typeof value.type === "string") return path;
  for (const [key, item] of Object.entries(value)) {
    const found = findStepPath(item, ref, [...path, key]);
    if (found !== null) return found;
  }
  return null;
}

/** Returns the paths of the conditions below a value that have a variable and an operator, without those of nested steps. */
function listConditionPaths(value: Json | undefined, condition: EvaluatedCondition, path: Path): Path[] {
  if (typeof value !== "object" || value === null) return [];
  if (isJsonObject(value) && value.variable === condition.variable && value.operator === condition.operator)
    return [path];
  return Object.entries(value).flatMap(([key, item]) =>
    key === "steps" ? [] : listConditionPaths(item, condition, [...path, key]),
  );
}

/** Returns the path of a condition's variable below a value. If several are similar, the one with the same argument is meant. */
function findConditionPath(content: Json, condition: EvaluatedCondition, at: Path): Path | null {
  const paths = listConditionPaths(getValueAtPath(content, at) as Json, condition, at);
  const argument = JSON.stringify(condition.argument);
  const same = paths.find((path) => JSON.stringify(getValueAtPath(content, [...path, "argument"])) === argument);
  const found = same ?? paths[0];
  return found === undefined ? null : [...found, "variable"];
}

/** Finds where rules are defined in the files of a project. Each file is read once. */
export class RulePlaces {
  private readonly files = new Map<string, Promise<ReadFile | null>>();
  private readonly displayPath = (path: string): string => formatDisplayPath(this.cwd, path);

  constructor(
    private readonly project: Project,
    private readonly workflow: string,
    private readonly cwd: string,
  ) {}

  private read(file: ProjectFile): Promise<ReadFile | null> {
    const known = this.files.get(file.path);
    if (known !== undefined) return known;
    // Parsing a large file with positions takes seconds, and hundreds of megabytes.
    const reading =
      (statSync(file.path, { throwIfNoEntry: false })?.size ?? Infinity) <= MAX_FILE_BYTES
        ? readProjectJson(file.path, file.displayPath).then(
            (content): ReadFile => ({ file, content }),
            (error: unknown) => {
              if (error instanceof KnockError) return null; // the trigger reports it
              throw error;
            },
          )
        : Promise.resolve(null);
    this.files.set(file.path, reading);
    return reading;
  }

  private readWorkflow(): Promise<ReadFile | null> {
    const folders = openProjectFolders(this.project, this.displayPath);
    const path = join(folders.resolveFolder("workflows", this.workflow, "workflow.json"), "workflow.json");
    return this.read({ path, displayPath: this.displayPath(path) });
  }

  /** Returns the place of a value, or null if the file has none at the path. */
  private async locate(read: ReadFile | null, path: Path | null): Promise<Place | null> {
    if (read === null || path === null || getValueAtPath(read.content, path) === undefined) return null;
    const { locateValues } = await import("../../project/add-file-locations.js");
    const [found] = await locateValues(read.file, [path]);
    return found ? { file: found.displayPath, line: found.line, column: found.column } : null;
  }

  private async locateIn(
    files: readonly ProjectFile[],
    findPath: (content: Json) => Path | null,
  ): Promise<Place | null> {
    for (const file of files) {
      const read = await this.read(file);
      const place = read === null ? null : await this.locate(read, findPath(read.content));
      if (place !== null) return place;
    }
    return null;
  }

  /** Returns the place of a property of the workflow. */
  async findProperty(name: string): Promise<Place | null> {
    return this.locate(await this.readWorkflow(), [name]);
  }

  /** Returns the place of a step, or of the first of its properties that exists. */
  async findStep(ref: string, ...properties: readonly string[]): Promise<Place | null> {
    const read = await this.readWorkflow();
    const step = findStepPath(read?.content, ref);
    if (read === null || step === null) return null;
    for (const property of properties) {
      const place = await this.locate(read, [...step, ...property.split(".")]);
      if (place !== null) return place;
    }
    return this.locate(read, [...step, "ref"]);
  }

  /** Returns the place that the error of a template names: its file, or a value of the workflow. Null if it names none. */
  async findTemplateError(detail: string): Promise<Place | null> {
    const [, file, line, column] = FILE_POSITION.exec(detail) ?? [];
    if (file !== undefined && existsSync(resolve(this.cwd, file)))
      return { file, line: Number(line), column: Number(column) };
    const [, fieldPath] = FIELD_PATH.exec(detail) ?? [];
    return fieldPath === undefined
      ? null
      : this.locate(await this.readWorkflow(), parsePathSegments(fieldPath).map(String));
  }

  /** Returns the place of a condition of a step, or of the trigger for null. */
  async findCondition(ref: string | null, condition: EvaluatedCondition): Promise<Place | null> {
    const read = await this.readWorkflow();
    if (read === null) return null;
    const step = ref === null ? [] : findStepPath(read.content, ref);
    if (step === null) return null;
    const place = await this.locate(read, findConditionPath(read.content, condition, step));
    return place ?? (ref === null ? null : this.findStep(ref));
  }

  /** Returns the place of a value of the environment. A file of a chosen environment takes precedence. */
  findInEnvironment(...path: Path): Promise<Place | null> {
    const { knockDir, environmentName: name = null } = this.project;
    const files = listEnvironmentFiles({ knockDir, name, displayPath: this.displayPath });
    return this.locateIn(files.toReversed(), () => path);
  }

  /** Returns the place of a condition in the environment. */
  findConditionInEnvironment(condition: EvaluatedCondition, ...at: Path): Promise<Place | null> {
    const { knockDir, environmentName: name = null } = this.project;
    const files = listEnvironmentFiles({ knockDir, name, displayPath: this.displayPath });
    return this.locateIn(files.toReversed(), (content) => findConditionPath(content, condition, at));
  }

  /** Returns the place of a recipient's value in the recipients files, if it is equal to `expected`. */
  findInRecipient(key: RecipientKey, path: Path, expected?: Json): Promise<Place | null> {
    const { collection, id } = splitRecipientKey(key);
    const list = collection === USERS ? "users" : collection === TENANTS ? "tenants" : "objects";
    return this.locateIn(listRecipientsFiles(this.project.knockDir, this.displayPath), (content) => {
      const entries = isJsonObject(content) && Array.isArray(content[list]) ? content[list] : [];
      const index = entries.findIndex(
        (entry) => isJsonObject(entry) && entry.id === id && (list !== "objects" || entry.collection === collection),
      );
      if (index === -1) return null;
      const whole = [list, String(index), ...path];
      return expected === undefined || getValueAtPath(content, whole) === expected ? whole : null;
    });
  }

  /** Returns the place of a value of `knock.json`. */
  findInProjectFile(...path: Path): Promise<Place | null> {
    const file = join(this.project.root, PROJECT_FILE);
    return this.locateIn([{ path: file, displayPath: this.displayPath(file) }], () => path);
  }
}
