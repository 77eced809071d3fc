import type { JsonObject } from "../../util/json.js";
import { RESOURCE_TYPE_NAMES, type ResourceRef } from "./resource-types.js";

/** Returns the IDs of resources of the same kind that a resource names: triggered workflows and rendered partials. */
function listNamedSiblings(content: JsonObject, siblings: ReadonlySet<string>): string[] {
  const text = JSON.stringify(content);
  const named = [...text.matchAll(/"workflow_key":"([^"]+)"|\brender\s+(?:'|\\")([\w-]+)/g)];
  return named.map(([, workflow, partial]) => workflow ?? (partial as string)).filter((id) => siblings.has(id));
}

/**
 * Returns resources in an order in which each follows those that it names: by kind, and within a kind partials before those that
 * render them, and workflows before those that trigger them. Others are sorted by ID.
 */
export function sortForPush<T extends ResourceRef>(
  resources: readonly T[],
  getContent: (resource: T) => JsonObject,
): T[] {
  return RESOURCE_TYPE_NAMES.flatMap((type) => {
    const byId = new Map(
      resources.filter((resource) => resource.type === type).map((resource) => [resource.id, resource]),
    );
    const ids = new Set(byId.keys());
    const sorted: T[] = [];
    const visited = new Set<string>();
    const visit = (id: string): void => {
      if (visited.has(id)) return;
      visited.add(id); // Before its siblings, because workflows may trigger each other.
      const resource = byId.get(id) as T;
      if (type === "workflow" || type === "partial")
        for (const sibling of listNamedSiblings(getContent(resource), ids)) visit(sibling);
      sorted.push(resource);
    };
    for (const id of [...ids].sort()) visit(id);
    return sorted;
  });
}
