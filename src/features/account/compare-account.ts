import {
  type ComparedResource,
  compareResources,
  type ResourceVersions,
} from "../../domain/resource/compare-resources.js";
import { formatResourceName, type ResourceSelector } from "../../domain/resource/resource-name.js";
import {
  RESOURCE_TYPE_NAMES,
  RESOURCE_TYPES,
  type ResourceRef,
  type ResourceType,
} from "../../domain/resource/resource-types.js";
import { KnockError } from "../../errors/knock-error.js";
import {
  getResourceFolder,
  listResourceIds,
  type ProjectResource,
  readResourceFiles,
} from "../../project/resources/read-resources.js";
import type { AccountResource } from "../../remote/management/account.js";
import type { AccountSession } from "./account-session.js";
import { combineErrors } from "./combine-errors.js";
import { checkSelectors, isSelected } from "./select-resources.js";

/** The resources of a project and of an account, compared. */
export interface AccountComparison {
  /** In the order in which they are pushed, without those that no side has. */
  resources: ComparedResource[];
  /** By name. */
  local: ReadonlyMap<string, ProjectResource>;
  remote: ReadonlyMap<string, AccountResource>;
  /** Known gaps of the comparison, one sentence each. */
  notes: string[];
}

const toNames = <T extends ResourceRef>(resources: readonly T[]): Map<string, T> =>
  new Map(resources.map((resource) => [formatResourceName(resource), resource]));

/** Reads the project's resources. Throws one error with the findings of all that cannot be read. */
async function readLocalResources(
  session: Pick<AccountSession, "knockDir" | "displayPath">,
  types: readonly ResourceType[] = RESOURCE_TYPE_NAMES,
): Promise<ProjectResource[]> {
  const refs = types.flatMap((type) => listResourceIds(session, type).map((id) => ({ type, id })));
  const resources: ProjectResource[] = [];
  const errors: KnockError[] = [];
  for (const ref of refs)
    try {
      const resource = await readResourceFiles(session, ref);
      if (resource !== null) resources.push(completeContent(resource));
    } catch (error) {
      if (!(error instanceof KnockError)) throw error;
      errors.push(error);
    }
  if (errors.length > 0) throw combineErrors(errors, "resources cannot be read");
  return resources;
}

/** Adds the kind of item to a schema's content, which its file may leave to its name. */
function completeContent(resource: ProjectResource): ProjectResource {
  if (resource.type !== "schema") return resource;
  const [kind = "", collection] = resource.id.split("/");
  const item =
    collection === undefined ? { item_type: kind, item_id: null } : { item_type: "object", item_id: collection };
  return { ...resource, content: { ...resource.content, ...item } };
}

interface RemoteResources {
  working: AccountResource[];
  committed: AccountResource[];
  /** The kinds that the account does not have. */
  missingTypes: Set<ResourceType>;
}

/** Reads the account's resources. PO translations are read in their own format. */
async function readRemoteResources(
  { account, scope }: AccountSession,
  types: readonly ResourceType[],
  local: readonly ProjectResource[],
  isCommittedRead: boolean,
): Promise<RemoteResources> {
  const po = new Set(
    local.filter(({ type, content }) => type === "translation" && content.format === "po").map(({ id }) => id),
  );
  const read = async (type: ResourceType, committedOnly: boolean): Promise<AccountResource[] | null> => {
    const listed = await account.listResources(scope, type, { committedOnly });
    if (listed === null || type !== "translation" || po.size === 0) return listed && [...listed.values()];
    const inPo = await account.listResources(scope, type, { committedOnly, format: "po" });
    return [...listed.values()].map((resource) => (po.has(resource.id) && inPo?.get(resource.id)) || resource);
  };
  const lists = await Promise.all(
    types.map(async (type) => {
      // Schemas have no commits.
      const [working, committed] = await Promise.all([
        read(type, false),
        type === "schema" || !isCommittedRead ? null : read(type, true),
      ]);
      return { type, working, committed: committed ?? working };
    }),
  );
  return {
    missingTypes: new Set(lists.filter(({ working }) => working === null).map(({ type }) => type)),
    working: lists.flatMap(({ working }) => working ?? []),
    committed: lists.flatMap(({ committed }) => committed ?? []),
  };
}

/**
 * Compares the selected resources of the project with the account. Without `isCommittedRead`, it is unknown what is not committed.
 * Throws for an unknown resource.
 */
export async function compareWithAccount(
  session: AccountSession,
  selectors: readonly ResourceSelector[],
  { isCommittedRead = true }: { isCommittedRead?: boolean } = {},
): Promise<AccountComparison> {
  const types =
    selectors.length === 0
      ? RESOURCE_TYPE_NAMES
      : RESOURCE_TYPE_NAMES.filter((type) => selectors.some((selector) => selector.type === type));
  const localResources = await readLocalResources(session, types);
  const { working, committed, missingTypes } = await readRemoteResources(
    session,
    types,
    localResources,
    isCommittedRead,
  );
  // Throws for a name that leads out of the folder of its kind.
  for (const resource of working) getResourceFolder(session.knockDir, resource);
  const [local, remote, committedByName] = [toNames(localResources), toNames(working), toNames(committed)];
  const all = [...new Map([...localResources, ...working].map((ref) => [formatResourceName(ref), ref])).values()];
  checkSelectors(selectors, all);
  const versions = all
    .filter((ref) => isSelected(ref, selectors) && !missingTypes.has(ref.type))
    .map(({ type, id }): ResourceVersions => {
      const name = formatResourceName({ type, id });
      return {
        type,
        id,
        here: local.get(name)?.content ?? null,
        there: remote.get(name)?.content ?? null,
        committed: committedByName.get(name)?.content ?? null,
        base: session.bases.read({ type, id }),
      };
    });
  const notes = [...missingTypes].map(
    (type) => `The account does not offer ${RESOURCE_TYPES[type].plural}, so they are not compared.`,
  );
  return { resources: compareResources(versions), local, remote, notes };
}
