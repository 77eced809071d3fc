import { parseTimestamp } from "../../../domain/condition/parse-timestamp.js";
import { isGuideActive } from "../../../domain/guide/guide.js";
import type { ResourceRef, ResourceType } from "../../../domain/resource/resource-types.js";
import { KnockError } from "../../../errors/knock-error.js";
import type { ProjectLocation } from "../../../project/find-project.js";
import { formatDisplayPath } from "../../../project/format-display-path.js";
import { openKeyedResources } from "../../../project/keyed-resources.js";
import { openProject } from "../../../project/open-project.js";
import { readGuides, readMessageType } from "../../../project/read-guides.js";
import { toIsoTime } from "../../../util/iso-time.js";
import type { StoredResource } from "../emulator/account.js";
import type { ResourceStatus } from "./account-store.js";
import type { TreeResource } from "./account-trees.js";

type CheckValidity = (id: string) => Promise<boolean>;

/** Returns a function that tells whether resources of a kind are valid within a project. */
async function openValidityCheck(location: ProjectLocation, type: ResourceType, cwd: string): Promise<CheckValidity> {
  const project = openProject(location, cwd);
  const displayPath = (path: string): string => formatDisplayPath(cwd, path);
  const isRead =
    (read: (id: string) => Promise<unknown>): CheckValidity =>
    async (id) => {
      try {
        await read(id);
        return true;
      } catch (error) {
        if (error instanceof KnockError) return false;
        throw error;
      }
    };
  if (type === "workflow") return isRead(project.workflow);
  if (type === "email_layout") return isRead(project.emailLayout);
  if (type === "partial") return isRead(project.partial);
  if (type === "message_type") {
    const resources = openKeyedResources(location, displayPath);
    return isRead((id) => readMessageType(resources, id, undefined));
  }
  if (type === "guide") {
    const { errors } = await readGuides(location, await project.environment(), cwd);
    return async (id) => !errors.has(id);
  }
  return async () => true;
}

/** Returns whether a resource runs now; null for kinds without a status. */
function isActive(type: ResourceType, status: ResourceStatus | null): boolean | null {
  const { active = true, active_from = null, active_until = null } = status ?? {};
  if (type === "workflow") return active !== false;
  if (type !== "guide") return null;
  const state = {
    active: active !== false,
    active_from: parseTimestamp(active_from) ?? null,
    active_until: parseTimestamp(active_until) ?? null,
  };
  return isGuideActive(state, Date.now());
}

function toStoredResource(resource: TreeResource, valid: boolean): StoredResource {
  const { type, id, content, digest, status, created_at, updated_at } = resource;
  return {
    type,
    id,
    content,
    valid,
    active: isActive(type, status),
    sha: digest,
    created_at: toIsoTime(created_at),
    updated_at: toIsoTime(updated_at),
  };
}

/** Names a content in the set of valid ones. */
export const formatContentName = ({ type, id, digest }: Pick<TreeResource, "type" | "id" | "digest">): string =>
  `${type} ${id} ${digest}`;

/**
 * Returns resources of a kind as requests receive them. `location` has the documents of their tree. Contents that were valid before
 * count as valid: a list of 200 workflows would otherwise check all of them for each page.
 */
export async function toStoredResources(
  resources: readonly TreeResource[],
  { type }: Pick<ResourceRef, "type">,
  { location, cwd, known }: { location: ProjectLocation; cwd: string; known: Set<string> },
): Promise<StoredResource[]> {
  let check: Promise<CheckValidity> | undefined;
  const stored: StoredResource[] = [];
  for (const resource of resources) {
    const name = formatContentName(resource);
    if (!known.has(name)) {
      check ??= openValidityCheck(location, type, cwd);
      if (await (await check)(resource.id)) known.add(name);
    }
    stored.push(toStoredResource(resource, known.has(name)));
  }
  return stored;
}
