import type { ResourceRef, ResourceType } from "../domain/resource/resource-types.js";
import type { Json } from "../util/json.js";

/**
 * Contents of resources that take precedence over a project's files, such as those that were pushed to an account. Texts have
 * line feeds only, as those of files do.
 */
export interface DocumentLayer {
  /** Returns a resource's content as in its main file, with all texts inline; null if it does not exist; undefined if the files decide. */
  find(ref: ResourceRef): Promise<Json | null | undefined>;
  /** Returns the IDs of a kind's resources. `inFiles` has those of the files. */
  listIds(type: ResourceType, inFiles: readonly string[]): Promise<readonly string[]>;
}
