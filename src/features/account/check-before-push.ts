import { join } from "node:path";
import { describeFinding } from "../../domain/findings/describe-finding.js";
import type { ComparedResource } from "../../domain/resource/compare-resources.js";
import type { ResourceDocument } from "../../domain/resource/resource-document.js";
import { getResourceType } from "../../domain/resource/resource-types.js";
import { compileWorkflow } from "../../engine/compile/compile-workflow.js";
import { KnockError } from "../../errors/knock-error.js";
import type { Project } from "../../project/open-project.js";
import { getResourceFolder, type ProjectResource } from "../../project/resources/read-resources.js";
import type { AccountSession } from "./account-session.js";
import { combineErrors } from "./combine-errors.js";

/** Reads a resource as the engine does, which checks it. Throws its findings. */
async function checkLocally(project: Project, { type, id }: ResourceDocument): Promise<void> {
  if (type === "workflow") {
    const workflow = await project.workflow(id);
    if (workflow !== null) await compileWorkflow(workflow, project);
  } else if (type === "email_layout") await project.emailLayout(id);
  else if (type === "partial") await project.partial(id);
  else if (type === "audience") await project.audiences();
  else if (type === "translation") await project.translations();
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

/** Returns whether a resource names one of these IDs. The account can only check it when it has them. */
function namesAny({ here }: ComparedResource, ids: readonly string[]): boolean {
  const text = JSON.stringify(here);
  return ids.some((id) => text.includes(`"${id}"`) || text.includes(`'${id}'`) || text.includes(`\\"${id}\\"`));
}

/**
 * Checks all resources of a push: first locally, then with the account. Throws one error with all findings, located in the
 * project's files. Nothing is changed.
 */
export async function checkBeforePush(
  resources: readonly ComparedResource[],
  local: (resource: ComparedResource) => ProjectResource,
  session: AccountSession,
): Promise<void> {
  const localErrors = await collectErrors(resources, async (resource) => {
    try {
      await checkLocally(session.project, local(resource));
    } catch (error) {
      throw await locateInFiles(error, local(resource), session);
    }
  });
  if (localErrors.length > 0) throw combineErrors(localErrors, "resources are invalid");
  const created = resources.filter(({ there }) => there === null).map(({ id }) => id);
  const checkable = resources.filter(
    (resource) =>
      !namesAny(
        resource,
        created.filter((id) => id !== resource.id),
      ),
  );
  const errors = await collectErrors(checkable, async (resource) => {
    try {
      await session.account.validate(session.scope, local(resource));
    } catch (error) {
      throw await locateInFiles(error, local(resource), session);
    }
  });
  if (errors.length > 0) throw combineErrors(errors, "resources were refused by the account");
}
