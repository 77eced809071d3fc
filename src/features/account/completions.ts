import { type Completions, type ListValues, toCandidate } from "../../commands/shared/feature.js";
import { formatResourceName } from "../../domain/resource/resource-name.js";
import { RESOURCE_TYPE_NAMES, RESOURCE_TYPES } from "../../domain/resource/resource-types.js";
import { listResourceIds } from "../../project/resources/read-resources.js";

/** Returns the names of the project's resources, and the folders that select all of a kind. */
const listResources: ListValues = async ({ knockDir }) => {
  const folders = { knockDir, displayPath: (path: string): string => path };
  return RESOURCE_TYPE_NAMES.flatMap((type) => {
    const names = listResourceIds(folders, type).map((id) => formatResourceName({ type, id }));
    return names.length === 0 ? [] : [RESOURCE_TYPES[type].folder, ...names];
  }).map(toCandidate);
};

export const COMPLETIONS: Completions = { options: {}, arguments: { resources: listResources } };
