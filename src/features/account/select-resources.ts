import { relative, resolve } from "node:path";
import { formatResourceName, parseResourceName, type ResourceSelector } from "../../domain/resource/resource-name.js";
import { RESOURCE_TYPE_NAMES, RESOURCE_TYPES, type ResourceRef } from "../../domain/resource/resource-types.js";
import { KnockError } from "../../errors/knock-error.js";
import { toSlashes } from "../../project/format-display-path.js";
import { didYouMean, toHintText } from "../../util/find-nearest.js";

const FOLDERS = RESOURCE_TYPE_NAMES.map((type) => RESOURCE_TYPES[type].folder);

/**
 * Parses the arguments that select resources: names such as `workflows/welcome`, kinds such as `workflows`, and paths of files, as a
 * shell completes them. Throws `usage` for other texts.
 */
export function parseSelectors(
  names: readonly string[],
  { knockDir, cwd }: { knockDir: string; cwd: string },
): ResourceSelector[] {
  return names.map((text) => {
    const fromKnockDir = toSlashes(relative(knockDir, resolve(cwd, text)));
    const selector =
      parseResourceName(text) ?? (fromKnockDir.startsWith("..") ? null : parseResourceName(fromKnockDir));
    if (selector !== null) return selector;
    throw new KnockError("usage", `${JSON.stringify(text)} does not name a resource`, {
      hint: `Use a folder and a key, such as workflows/welcome, or a folder for all of its resources. ${toHintText(didYouMean(text.split("/")[0] ?? "", FOLDERS, "Folders")) ?? ""}`.trim(),
    });
  });
}

const matches = ({ type, id }: ResourceRef, selector: ResourceSelector): boolean =>
  selector.type === type && (selector.id === null || selector.id === id);

/** Returns whether a resource is selected. Without selectors, all are. */
export const isSelected = (ref: ResourceRef, selectors: readonly ResourceSelector[]): boolean =>
  selectors.length === 0 || selectors.some((selector) => matches(ref, selector));

/** Throws `resource_missing` for a selector of one resource that neither the project nor the account has. */
export function checkSelectors(selectors: readonly ResourceSelector[], known: readonly ResourceRef[]): void {
  for (const { type, id } of selectors) {
    if (id === null || known.some((ref) => ref.type === type && ref.id === id)) continue;
    const name = formatResourceName({ type, id });
    const names = known.filter((ref) => ref.type === type).map(formatResourceName);
    throw new KnockError("resource_missing", `neither the project nor the account has ${name}`, {
      hint:
        didYouMean(name, names, "Resources") ?? `The project and the account have no ${RESOURCE_TYPES[type].plural}.`,
    });
  }
}
