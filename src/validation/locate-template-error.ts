import { toLocatedFindings } from "../checks/project-finding.js";
import type { LocatedFinding } from "../domain/validation/located-finding.js";
import { KnockError } from "../errors/knock-error.js";
import { MAIN_FILES } from "../project/main-files.js";
import type { ProjectFile } from "../project/read-project-text.js";

/** Matches the start of an error about a text in the main file of a resource, before its field path. */
const TEMPLATE_OWNER = /^(?<kind>workflow|layout|partial|request|guide) "(?<key>[^"]*)"(, (?<step>step [^:]+))?: /;

/** The main files of the resources that workflows share. */
export const SHARED_FILES = {
  layout: { folder: "layouts", name: MAIN_FILES.layouts },
  partial: { folder: "partials", name: MAIN_FILES.partials },
  request: { folder: "requests", name: MAIN_FILES.requests },
};
export type SharedKind = keyof typeof SHARED_FILES;

const isSharedKind = (kind: string): kind is SharedKind => Object.hasOwn(SHARED_FILES, kind);

/**
 * Returns the findings of an error in a template. If the text is in a JSON file itself, the location is that of the value in it.
 * `ownFile` contains the template, or names the layout, partial or request that does.
 */
export async function locateTemplateError(
  error: KnockError,
  ownFile: ProjectFile,
  toProjectFile: (...path: string[]) => ProjectFile,
): Promise<LocatedFinding[]> {
  const found = TEMPLATE_OWNER.exec(error.message);
  if (found === null) return toLocatedFindings(error, ownFile.displayPath);
  const { kind = "", key = "", step } = found.groups ?? {};
  const shared = isSharedKind(kind) ? SHARED_FILES[kind] : null;
  const file = shared === null ? ownFile : toProjectFile(shared.folder, key, shared.name);
  const { addFileLocations } = await import("../project/add-file-locations.js");
  const located = await addFileLocations(error, file, found[0]);
  if (located === error || !(located instanceof KnockError)) return toLocatedFindings(error, file.displayPath);
  const pointer = error.details[0]?.pointer ?? "";
  // Unlike the details, the message contains the position in the text.
  return toLocatedFindings(located.copyWith({ details: [] }), file.displayPath).map((finding) => ({
    ...finding,
    message: step === undefined ? finding.message : `${step}: ${finding.message}`,
    pointer,
  }));
}
