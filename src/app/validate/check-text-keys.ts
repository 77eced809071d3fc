import { join } from "node:path";
import { parsePathSegments } from "../../domain/steps/walk-steps.js";
import type { Translations } from "../../domain/template/translation.js";
import type { CheckFinding } from "../../domain/validation/check-finding.js";
import { listTranslationKeys } from "../../domain/validation/check-translations.js";
import type { LocatedFinding } from "../../domain/validation/located-finding.js";
import type { Workflow } from "../../domain/workflow/workflow.js";
import { findSharedTextKeys, type ResourceKey } from "../../engine/variables/find-text-keys.js";
import { readSharedTemplates } from "../../engine/workflow/shared-templates.js";
import { KnockError } from "../../errors/knock-error.js";
import type { Project } from "../../project/open-project.js";
import type { ProjectFile } from "../../project/read-project-text.js";
import { suggestNearest } from "../../util/find-nearest.js";
import { once } from "../../util/once.js";
import { listFolders } from "./list-project-files.js";

/** Returns a finding about a text: in its own file, or at its value in the main file of its resource. */
async function locateKey(
  { fieldPath, file, line, column }: ResourceKey,
  mainFile: ProjectFile,
  { code, problem }: { code: CheckFinding["code"]; problem: string },
): Promise<LocatedFinding[]> {
  if (file !== undefined) return [{ code, message: problem, file, line, column, pointer: "" }];
  const { locateFindings } = await import("../../project/add-file-locations.js");
  const findings = await locateFindings(mainFile, [{ code, path: parsePathSegments(fieldPath), message: problem }]);
  const message = `${fieldPath}, line ${line}, column ${column}: ${problem}`;
  return findings.map((finding) => ({ ...finding, message }));
}

/** Checks the keys of partials and translations in the texts of a project. */
export class TextKeyChecker {
  private readonly readTranslations: () => Promise<Translations | null>;

  constructor(private readonly project: Project) {
    this.readTranslations = once(() => project.translations().catch(() => null));
  }

  /** Returns a finding for each key in a resource that does not exist. */
  async check(mainFile: ProjectFile, keys: readonly ResourceKey[]): Promise<LocatedFinding[]> {
    const findings: LocatedFinding[] = [];
    for (const found of keys) {
      const problem = await this.findProblem(found);
      const code = found.kind === "partial" ? "template_invalid" : "unknown_translation_key";
      if (problem !== null) findings.push(...(await locateKey(found, mainFile, { code, problem })));
    }
    return findings;
  }

  /** Returns the layouts and partials that a workflow uses, with the keys in their texts. */
  async readUsedTemplates(
    workflow: Workflow,
  ): Promise<{ kind: "layout" | "partial"; key: string; keys: ResourceKey[] }[]> {
    const used = await readSharedTemplates(workflow, this.project);
    return (["layout", "partial"] as const).flatMap((kind) =>
      [...used[`${kind}s`]].map(([key, resource]) => ({
        kind,
        key,
        keys: resource instanceof KnockError ? [] : findSharedTextKeys(resource),
      })),
    );
  }

  /** Returns the problem of a key; null if it exists. An invalid partial or translation has a finding of its own. */
  private async findProblem({ kind, key }: ResourceKey): Promise<string | null> {
    let known: string[];
    if (kind === "partial") {
      if ((await this.project.partial(key).catch(() => true)) !== null) return null;
      known = listFolders(join(this.project.knockDir, "partials"));
    } else {
      const translations = await this.readTranslations();
      if (translations === null || translations.has(key)) return null;
      known = listTranslationKeys(translations.files);
    }
    return `there is no ${kind} "${key}"${suggestNearest(key, known)}`;
  }
}
