import { join } from "node:path";
import { parsePathSegments, walkChannelSteps } from "../domain/step-types/walk-steps.js";
import type { TemplatePartial } from "../domain/template/template-partial.js";
import type { Translations } from "../domain/template/translation.js";
import { walkBlocks } from "../domain/template/walk-blocks.js";
import type { CheckFinding } from "../domain/validation/check-finding.js";
import type { Workflow } from "../domain/workflow/workflow.js";
import { findSimilarInput, listPartialInputs } from "../engine/variables/find-partial-variables.js";
import { listRequiredNames, listVariables, type ResourceKey } from "../engine/variables/find-text-keys.js";
import { listFolders } from "../project/list-folder.js";
import type { Project } from "../project/open-project.js";
import { suggestNearest } from "../util/find-nearest.js";
import { filterObjects, isJsonObject } from "../util/json.js";
import { once } from "../util/once.js";
import { listTranslationKeys } from "./check-translations.js";
import type { TextFinding } from "./finding-collector.js";

/** The input that selects a plural form of a translation. */
const COUNT_INPUT = "count";

/** Checks the keys of partials and translations in the texts of a project, and the inputs that these get. */
export class TextKeyChecker {
  private readonly readTranslations: () => Promise<Translations | null>;
  private readonly partials = new Map<string, Promise<TemplatePartial | "invalid" | null>>();
  /** The inputs that the checked texts and blocks pass to each partial. */
  private readonly passed = new Map<string, Set<string>>();

  /** The namespaces of the translations that the checked texts use; null for the texts without a namespace. */
  readonly usedNamespaces = new Set<string | null>();

  constructor(private readonly project: Project) {
    this.readTranslations = once(() => project.translations().catch(() => null));
  }

  /** Returns the names of the inputs that the texts and blocks checked so far pass to a partial. */
  listPassedInputs(key: string): string[] {
    return [...(this.passed.get(key) ?? [])];
  }

  /** Returns a finding for each key in a resource that does not exist, and for each misspelled input of one that exists. */
  async check(keys: readonly ResourceKey[]): Promise<TextFinding[]> {
    const findings: TextFinding[] = [];
    for (const { kind, key, inputs, fieldPath, file, line, column } of keys) {
      const problem = await this.findProblem(kind, key);
      const code = kind === "partial" ? "template_invalid" : "unknown_translation_key";
      if (problem !== null) findings.push({ code, message: problem, fieldPath, file, line, column });
      if (problem !== null) continue;
      const names = inputs.map(({ name }) => name);
      const misspelled = await this.findMisspelledInputs(kind, key, names);
      const missing = misspelled.length > 0 ? [] : await this.findMissingInputs(kind, key, names);
      if (missing.length > 0) {
        const message = `the translation "${key}" is used without ${missing.join(", ")}: add \`| t: ${missing[0]}: …\``;
        findings.push({ code: "missing_input", message, fieldPath, file, line, column });
      }
      for (const [index, near] of misspelled) {
        const message = `the ${kind} "${key}" has no input "${names[index]}"; did you mean "${near}"?`;
        const { line: inputLine = line, column: inputColumn = column } = inputs[index] ?? {};
        findings.push({ code: "unknown_input", message, fieldPath, file, line: inputLine, column: inputColumn });
      }
    }
    return findings;
  }

  /** Returns a finding for each misspelled input of a partial in the visual blocks of a workflow or broadcast. */
  async checkBlocks({ steps }: Workflow): Promise<CheckFinding[]> {
    const findings: CheckFinding[] = [];
    for (const { step, path } of walkChannelSteps(steps)) {
      const blocks = filterObjects(step.template?.visual_blocks);
      const blocksPath = [...parsePathSegments(path), "template", "visual_blocks"];
      for (const { block, path: blockPath } of walkBlocks(blocks, blocksPath)) {
        if (block.type !== "partial" || !isJsonObject(block.attrs)) continue;
        const names = Object.keys(block.attrs);
        for (const [index, near] of await this.findMisspelledInputs("partial", String(block.key), names)) {
          const message = `is not an input of the partial "${block.key}"; did you mean "${near}"?`;
          findings.push({ code: "unknown_input", path: [...blockPath, "attrs", names[index] ?? ""], message });
        }
      }
    }
    return findings;
  }

  private readPartial(key: string): Promise<TemplatePartial | "invalid" | null> {
    const read = this.partials.get(key) ?? this.project.partial(key).catch(() => "invalid" as const);
    this.partials.set(key, read);
    return read;
  }

  /** Returns the problem of a key; null if it exists. An invalid partial or translation has a finding of its own. */
  private async findProblem(kind: ResourceKey["kind"], key: string): Promise<string | null> {
    let known: string[];
    if (kind === "partial") {
      if ((await this.readPartial(key)) !== null) return null;
      known = listFolders(join(this.project.knockDir, "partials"));
    } else {
      const translations = await this.readTranslations();
      if (translations !== null) this.usedNamespaces.add(translations.getNamespace(key));
      if (translations === null || translations.has(key)) return null;
      known = listTranslationKeys(translations.files);
    }
    return `there is no ${kind} "${key}"${suggestNearest(key, known)}`;
  }

  /**
   * Returns the inputs that a partial or a translation declares or reads; null if they are not known. Caches the inputs
   * of partials.
   */
  private async listInputs(kind: ResourceKey["kind"], key: string, names: readonly string[]): Promise<string[] | null> {
    if (kind === "translation") {
      const texts = ((await this.readTranslations())?.listTexts(key) ?? []).flatMap((found) => found.texts);
      return [COUNT_INPUT, ...texts.flatMap((text) => listVariables(text).map((path) => path.split(".")[0] ?? ""))];
    }
    const passed = this.passed.get(key) ?? new Set();
    this.passed.set(key, passed);
    for (const name of names) passed.add(name);
    const partial = await this.readPartial(key);
    return partial === null || partial === "invalid" ? null : listPartialInputs(partial);
  }

  /**
   * Returns the inputs that the texts of a translation need in every file, and that are not passed. Files that use different inputs
   * have a finding of their own.
   */
  private async findMissingInputs(kind: ResourceKey["kind"], key: string, names: readonly string[]): Promise<string[]> {
    const translations = kind === "translation" ? await this.readTranslations() : null;
    if (translations === null) return [];
    const needed = translations
      .listTexts(key)
      .map(({ texts, isPlural }) => [
        ...(isPlural ? [COUNT_INPUT] : []),
        ...texts.flatMap((text) => listRequiredNames(text)),
      ]);
    return [...new Set(needed[0])].filter((name) => !names.includes(name) && needed.every((own) => own.includes(name)));
  }

  /** Returns the index of each input whose name is probably misspelled, with the similar name. */
  private async findMisspelledInputs(
    kind: ResourceKey["kind"],
    key: string,
    names: readonly string[],
  ): Promise<[index: number, near: string][]> {
    const known = await this.listInputs(kind, key, names);
    if (known === null) return [];
    const missing = known.filter((name) => !names.includes(name));
    return names.flatMap((name, index): [number, string][] => {
      const near = known.includes(name) ? undefined : findSimilarInput(name, missing);
      return near === undefined ? [] : [[index, near]];
    });
  }
}
