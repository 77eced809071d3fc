import type { JsonObject } from "../../util/json.js";
import { buildResourceFiles, type LocalResource, type ResourceFiles } from "./build-resource-files.js";
import { buildSchemaFile, buildTranslationFile } from "./build-single-file.js";
import type { ResourceDocument } from "./resource-document.js";

/**
 * Returns the files of a resource, by path in its folder, as the official command writes them. `local` is its folder as it is, or
 * null; `readonly` has the read-only fields of the account.
 */
export function buildFiles(
  { type, id, content }: ResourceDocument,
  readonly: JsonObject,
  local: LocalResource | null,
): ResourceFiles {
  if (type === "translation") return buildTranslationFile(id, content, local);
  if (type === "schema") return buildSchemaFile(id, content, local);
  return buildResourceFiles({ type, content, readonly, local });
}
