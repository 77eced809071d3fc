import { join } from "node:path";
import type { ProjectFinding } from "../../checks/project-finding.js";
import { describeFinding, formatPointer } from "../../domain/findings/describe-finding.js";
import type { ComparedResource } from "../../domain/resource/compare-resources.js";
import { formatResourceName } from "../../domain/resource/resource-name.js";
import { getResourceType } from "../../domain/resource/resource-types.js";
import { formatLocatedFinding } from "../../domain/validation/located-finding.js";
import { type ErrorDetail, KnockError } from "../../errors/knock-error.js";
import { getResourceFolder, type ProjectResource } from "../../project/resources/read-resources.js";
import { formatCount } from "../../util/format-count.js";
import { getValueAtPath, parsePointer } from "../../util/json.js";
import type { AccountSession } from "./account-session.js";
import { combineErrors } from "./combine-errors.js";

/** Returns a function that tells whether a file belongs to one of the resources, or to the environment, on which they depend. */
function openFileFilter(
  resources: readonly ProjectResource[],
  { knockDir, displayPath }: AccountSession,
): (file: string) => boolean {
  const files = new Set([displayPath(join(knockDir, "environment.json"))]);
  // The name of a file keeps the separator at the end of each folder.
  const toPrefix = (folder: string): string => displayPath(join(folder, "_")).slice(0, -1);
  const folders = [toPrefix(join(knockDir, "environments"))];
  for (const resource of resources) {
    const folder = getResourceFolder(knockDir, resource);
    if (getResourceType(resource.type).mainFile !== null) folders.push(toPrefix(folder));
    for (const name of resource.files.keys()) files.add(displayPath(join(folder, name)));
  }
  return (file) => files.has(file) || folders.some((folder) => file.startsWith(folder));
}

/** Returns the detail of a finding, whose message may already begin with the path of its value. */
function toDetail({ pointer, message, file, line, column }: ProjectFinding): ErrorDetail {
  const path = pointer === "" ? "" : `${formatPointer(pointer)} `;
  const isDescribed = path !== "" && message.startsWith(path);
  return {
    pointer: isDescribed ? pointer : "",
    message: message.slice(isDescribed ? path.length : 0),
    file,
    line,
    column,
  };
}

/**
 * Checks resources as `knock validate` does, with all files of the project. Throws one error with all errors, and returns the
 * warnings, one line each.
 */
async function checkLocally(resources: readonly ProjectResource[], session: AccountSession): Promise<string[]> {
  const { validateProject } = await import("../../validation/validate-project.js");
  const { findings } = await validateProject(session.project, { keys: [], cwd: session.cwd, emailTools: null });
  const isChecked = openFileFilter(resources, session);
  const own = findings.filter(({ file }) => isChecked(file));
  const errors = own.filter(({ severity }) => severity === "error");
  const [first] = errors;
  if (first !== undefined)
    throw new KnockError(
      "project_invalid",
      errors.length === 1
        ? formatLocatedFinding(first)
        : `${formatCount(errors.length, "error")} in the resources to push`,
      {
        details: errors.map(toDetail),
        hint: first.hint ?? "Fix the files and run the command again. Nothing was pushed.",
      },
    );
  return own.map(formatLocatedFinding);
}

/** Returns an error of the API with the file and the line of the value that it is about. */
export async function locateInFiles(error: unknown, local: ProjectResource, session: AccountSession): Promise<unknown> {
  if (!(error instanceof KnockError) || error.details.length === 0) return error;
  if (error.details.some(({ file }) => file !== undefined)) return error;
  const name = getResourceType(local.type).mainFile ?? [...local.files.keys()][0] ?? "";
  const path = join(getResourceFolder(session.knockDir, local), name);
  const displayPath = session.displayPath(path);
  // Some fields begin with the name of the body's property.
  const details = error.details.map((detail) => ({
    ...detail,
    pointer: detail.pointer.replace(`/${local.type}/`, "/"),
  }));
  const [first] = details;
  const text = details.length === 1 && first !== undefined ? describeFinding(first) : error.message;
  const named = error.copyWith({ message: `${displayPath}: ${text}`, details });
  const { addFileLocations } = await import("../../project/add-file-locations.js");
  return addFileLocations(named, { path, displayPath });
}

const MAX_REQUESTS = 8;

/** Calls `work` for each item, up to eight at a time. Returns the errors for users; others are thrown. */
async function collectErrors<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<KnockError[]> {
  const errors: KnockError[] = [];
  const pending = [...items];
  const runNext = async (): Promise<void> => {
    for (let item = pending.shift(); item !== undefined; item = pending.shift())
      try {
        await work(item);
      } catch (error) {
        // A problem of the connection is not one of the resource.
        if (!(error instanceof KnockError) || (error.status !== undefined && error.status >= 500)) throw error;
        if (["authentication", "unreachable", "interrupted", "rate_limited"].includes(error.code)) throw error;
        errors.push(error);
      }
  };
  await Promise.all(Array.from({ length: MAX_REQUESTS }, runNext));
  return errors;
}

/** Returns whether a text names one of these IDs, as JSON or in a template. */
const namesAny = (text: string, ids: readonly string[]): boolean =>
  ids.some((id) => text.includes(`"${id}"`) || text.includes(`'${id}'`) || text.includes(`\\"${id}\\"`));

/**
 * Returns an error of the account without the findings about resources that it gets with the same push, which were checked locally;
 * null if there are no others.
 */
function dropMissingNames(error: unknown, { type, content }: ProjectResource, ids: readonly string[]): unknown {
  if (!(error instanceof KnockError) || error.code === "authentication") return error;
  const isMissing = ({ pointer, message }: ErrorDetail): boolean => {
    const value = getValueAtPath(content, parsePointer(pointer.replace(`/${type}/`, "/")));
    return namesAny(`${JSON.stringify(pointer === "" ? "" : (value ?? ""))} ${message}`, ids);
  };
  if (error.details.length === 0) return namesAny(error.message, ids) ? null : error;
  const details = error.details.filter((detail) => !isMissing(detail));
  if (details.length === error.details.length) return error;
  return details.length === 0 ? null : error.copyWith({ details });
}

/**
 * Checks all resources of a push: first as `knock validate` does, then with the account. Throws one error with all findings, located
 * in the project's files. Returns the warnings. Nothing is changed.
 */
export async function checkBeforePush(
  resources: readonly ComparedResource[],
  local: (resource: ComparedResource) => ProjectResource,
  session: AccountSession,
): Promise<string[]> {
  if (resources.length === 0) return [];
  const warnings = await checkLocally(resources.map(local), session);
  const created = resources.filter(({ there }) => there === null);
  const errors = await collectErrors(resources, async (resource) => {
    try {
      await session.account.validate(session.scope, local(resource));
    } catch (error) {
      const others = created.filter((other) => formatResourceName(other) !== formatResourceName(resource));
      const found = dropMissingNames(
        error,
        local(resource),
        others.map(({ id }) => id),
      );
      if (found !== null) throw await locateInFiles(found, local(resource), session);
    }
  });
  if (errors.length > 0) throw combineErrors(errors, "resources were refused by the account");
  return warnings;
}
