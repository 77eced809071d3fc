import { RESOURCE_TYPE_NAMES, RESOURCE_TYPES, type ResourceRef, type ResourceType } from "./resource-types.js";

/** Returns the name of a resource in commands and messages, which is also its path in `knockDir`: `workflows/welcome`. */
export const formatResourceName = ({ type, id }: ResourceRef): string => `${RESOURCE_TYPES[type].folder}/${id}`;

/** Returns the kind whose resources are in this folder, or null. */
const findTypeOfFolder = (folder: string): ResourceType | null =>
  RESOURCE_TYPE_NAMES.find((type) => RESOURCE_TYPES[type].folder === folder) ?? null;

/** A selection of resources: one, or all of a kind if `id` is null. */
export interface ResourceSelector {
  type: ResourceType;
  id: string | null;
}

/**
 * Parses the name of a resource or of a kind. Paths of files of the project, relative to `knockDir`, also select their resource.
 * Returns null for other texts.
 */
export function parseResourceName(text: string): ResourceSelector | null {
  const [folder = "", ...rest] = text.split("/").filter((part) => part !== "");
  const type = findTypeOfFolder(folder);
  if (type === null) return null;
  const [first, second] = rest;
  if (first === undefined) return { type, id: null };
  if (type === "translation") {
    const id = (second ?? first).replace(/\.(json|po)$/, "");
    return { type, id };
  }
  if (type === "schema") return { type, id: rest.join("/").replace(/\.json$/, "") };
  return { type, id: first };
}

/** Returns the first two resources whose names differ only in case, which are one file on macOS and Windows; null without any. */
export function findCaseCollision(refs: readonly ResourceRef[]): [string, string] | null {
  const names = new Map<string, string>();
  for (const name of refs.map(formatResourceName)) {
    const known = names.get(name.toLowerCase());
    if (known !== undefined && known !== name) return [known, name];
    names.set(name.toLowerCase(), name);
  }
  return null;
}
