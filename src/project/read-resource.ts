import { dirname } from "node:path";
import { rememberTextFiles } from "../domain/template/text-files.js";
import { KnockError } from "../errors/knock-error.js";
import { isJsonObject, type Json, parsePointer } from "../util/json.js";
import { type ProjectFile, readProjectJson } from "./read-project-text.js";
import { type ReferenceContext, resolveFileReferences } from "./resolve-file-references.js";

/** Receives the errors of a document, whose valid parts are then used. */
export type OnInvalid = (error: KnockError) => void;

/** Runs a check of a document. Its error is thrown, or reported so that the next check runs. */
export type RunCheck = (check: () => unknown) => Promise<void>;

/** Returns an error with the locations of its details in the file. */
type Locate = (error: unknown) => Promise<unknown>;

/** Returns a function that adds locations to errors about a file. `prefix` is what their messages start with, if not its name. */
export const locateIn =
  (file: ProjectFile, prefix?: string): Locate =>
  async (error) =>
    (await import("./add-file-locations.js")).addFileLocations(error, file, prefix);

interface DocumentOptions {
  locate: Locate;
  /** Absent if the first error is thrown. */
  onInvalid?: OnInvalid | undefined;
  /** Pointers of values that were left out before. */
  removed?: readonly string[];
}

/** Returns the step that replaces an invalid one. It may change the data, so that later steps are not compared with the schema. */
function replaceStep(step: Json, pointer: string): Json | undefined {
  if (parsePointer(pointer).at(-2) !== "steps") return undefined;
  const ref = isJsonObject(step) && typeof step.ref === "string" ? step.ref : `invalid${pointer.replaceAll("/", "_")}`;
  return { type: "wait_for_event", ref, settings: { event: { event_type: "recipient", event_key: "updated" } } };
}

/** Returns a function that reports errors about a file with their locations. It throws other errors. */
const createReport =
  (locate: Locate, onInvalid: OnInvalid) =>
  async (error: unknown): Promise<void> => {
    const located = await locate(error);
    if (!(located instanceof KnockError)) throw located;
    onInvalid(located);
  };

/** Parses a document, and adds locations to errors. With `onInvalid`, reports the errors and parses the valid parts. */
export async function parseDocument<T>(
  document: Json,
  parse: (document: Json, runCheck: RunCheck) => T | Promise<T>,
  { locate, onInvalid, removed = [] }: DocumentOptions,
): Promise<T> {
  try {
    if (onInvalid === undefined) return await parse(document, async (check) => void (await check()));
    const { parseValidParts } = await import("../domain/schema/parse-valid-parts.js");
    const report = createReport(locate, onInvalid);
    const runCheck: RunCheck = async (check) =>
      Promise.resolve()
        .then(check)
        .then(() => {}, report);
    const parseRest = (rest: Json): T | Promise<T> => parse(rest, runCheck);
    return await parseValidParts(document, parseRest, { report, replaceItem: replaceStep, removed });
  } catch (error) {
    throw await locate(error);
  }
}

/**
 * Reads several files. Throws the first error. With `onInvalid`, reports the errors and returns the other files; if all are
 * needed, it then throws as well.
 */
export async function readEach<F, T>(
  files: Iterable<F>,
  read: (file: F) => Promise<T>,
  { onInvalid, needsAll }: { onInvalid: OnInvalid | undefined; needsAll: boolean },
): Promise<T[]> {
  const contents: T[] = [];
  let first: KnockError | undefined;
  for (const file of files)
    try {
      contents.push(await read(file));
    } catch (error) {
      if (onInvalid === undefined || !(error instanceof KnockError)) throw error;
      onInvalid(error);
      first ??= error;
    }
  if (first !== undefined && needsAll) throw first;
  return contents;
}

export interface ResourceOptions {
  /** The start of the messages of errors, if not the file's name. */
  prefix?: string;
  onInvalid?: OnInvalid | undefined;
  owner: NonNullable<ReferenceContext["owner"]>;
  /** Receives the text files that the resource references (F-013), if they belong to another value than the parsed one. */
  files?: Map<string, string>;
}

/**
 * Reads a resource's main file with everything that it references in its folder, and remembers the file of each text. Throws
 * `project_invalid` or `workflow_invalid`; with `onInvalid` only if nothing in the file is valid.
 */
export async function readResource<T>(
  file: ProjectFile,
  { owner, prefix, files = new Map(), onInvalid }: ResourceOptions,
  parse: (raw: Json, runCheck: RunCheck) => T | Promise<T>,
): Promise<T> {
  const folder = dirname(file.path);
  const locate = locateIn(file, prefix);
  const removed: string[] = [];
  const reference: ReferenceContext = {
    from: folder,
    resourceDir: folder,
    displayPath: file.displayPath,
    referencedFiles: new Set<string>(),
    owner,
    files,
  };
  if (onInvalid !== undefined)
    reference.onInvalid = async (error, pointer) => {
      removed.push(pointer);
      await createReport(locate, onInvalid)(error);
    };
  const raw = await readProjectJson(file.path, file.displayPath, owner === "workflow" ? "workflow_invalid" : undefined);
  const resolved = await resolveFileReferences(raw, reference).catch(async (error) => {
    throw await locate(error);
  });
  const resource = await parseDocument(resolved, parse, { locate, onInvalid, removed });
  if (typeof resource === "object" && resource !== null) rememberTextFiles(resource, files);
  return resource;
}
