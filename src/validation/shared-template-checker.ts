import { join } from "node:path";
import type { RecipientUpsert } from "../domain/recipient/recipient.js";
import type { EmailLayout } from "../domain/template/email-layout.js";
import type { TemplatePartial } from "../domain/template/template-partial.js";
import type { CheckFinding } from "../domain/validation/check-finding.js";
import type { Workflow } from "../domain/workflow/workflow.js";
import { findLayoutErrors, findPartialErrors, findRequestErrors } from "../engine/compile/compile-texts.js";
import { findUndefinedLayoutVariables } from "../engine/run/find-undefined-variables.js";
import { findUndefinedPartialVariables } from "../engine/variables/find-partial-variables.js";
import { findSharedTextKeys } from "../engine/variables/find-text-keys.js";
import { readSharedTemplates } from "../engine/workflow/shared-templates.js";
import { KnockError } from "../errors/knock-error.js";
import { listFolders } from "../project/list-folder.js";
import type { Project } from "../project/open-project.js";
import { checkSchemaKeywords } from "./check-schema-keywords.js";
import type { TextKeyChecker } from "./check-text-keys.js";
import type { FindingCollector } from "./finding-collector.js";
import { SHARED_FILES, type SharedKind } from "./locate-template-error.js";
import { getScopeProperties, toTextFinding } from "./workflow-checker.js";

interface SharedTemplateCheckerOptions {
  project: Project;
  collector: FindingCollector;
  textKeys: TextKeyChecker;
  recipients: readonly RecipientUpsert[];
}

interface SharedTemplates {
  layouts: readonly EmailLayout[];
  partials: readonly TemplatePartial[];
}

/** Checks the layouts, partials and requests that workflows share. */
export class SharedTemplateChecker {
  constructor(private readonly options: SharedTemplateCheckerOptions) {}

  /** Checks the resources of a kind that workflows share, also those that none uses. */
  private async checkShared<T extends object>(
    kind: SharedKind,
    read: (key: string) => Promise<T | null>,
    findErrors: (resource: T) => KnockError[] | Promise<KnockError[]>,
    check: (resource: T) => CheckFinding[] = () => [],
  ): Promise<T[]> {
    const { project, collector } = this.options;
    const { folder, name } = SHARED_FILES[kind];
    const resources: T[] = [];
    for (const key of listFolders(join(project.knockDir, folder))) {
      const file = collector.toProjectFile(folder, key, name);
      const resource = await collector.tryRead(file.displayPath, () => read(key));
      if (resource === null) continue;
      await collector.addTemplateErrors(await findErrors(resource), file);
      await collector.addChecks(file, check(resource));
      resources.push(resource);
    }
    return resources;
  }

  /** Checks all resources, also those that no workflow uses, and returns those whose texts are checked later. */
  async checkResources(): Promise<SharedTemplates> {
    const { project } = this.options;
    const partials = await this.checkShared("partial", (key) => project.partial(key), findPartialErrors);
    const layouts = await this.checkShared("layout", (key) => project.emailLayout(key), findLayoutErrors);
    await this.checkShared(
      "request",
      (key) => project.request(key),
      findRequestErrors,
      ({ input_schema }) => checkSchemaKeywords(input_schema, "input_schema"),
    );
    return { layouts, partials };
  }

  /** Checks the texts of all layouts and partials, after those of all workflows and broadcasts. */
  async checkTexts({ layouts, partials }: SharedTemplates): Promise<void> {
    for (const layout of layouts) await this.checkLayoutText(layout);
    // Partials render others, so the inputs of all are collected before any of them is checked.
    for (const partial of partials) await this.options.textKeys.check(findSharedTextKeys(partial));
    for (const partial of partials) await this.checkPartialText(partial, true);
  }

  /** Checks the keys and variables in the layouts and partials that the checked workflows use. */
  async checkUsed(workflows: readonly Workflow[]): Promise<void> {
    const layouts = new Map<string, EmailLayout>();
    const partials = new Map<string, TemplatePartial>();
    for (const workflow of workflows) {
      const used = await readSharedTemplates(workflow, this.options.project);
      for (const [key, layout] of used.layouts) if (!(layout instanceof KnockError)) layouts.set(key, layout);
      for (const [key, partial] of used.partials) if (!(partial instanceof KnockError)) partials.set(key, partial);
    }
    for (const layout of layouts.values()) await this.checkLayoutText(layout);
    // Other workflows can pass other inputs to the partials.
    for (const partial of partials.values()) await this.checkPartialText(partial, false);
  }

  private async checkLayoutText(layout: EmailLayout): Promise<void> {
    const { collector, textKeys, project, recipients } = this.options;
    const file = collector.toProjectFile("layouts", layout.key, SHARED_FILES.layout.name);
    await collector.addTextFindings(file, await textKeys.check(findSharedTextKeys(layout)));
    const properties = getScopeProperties(recipients);
    const found = findUndefinedLayoutVariables(layout, await project.environment(), properties);
    await collector.addTextFindings(file, found.map(toTextFinding));
  }

  /** `isPassedKnown` says whether all templates that render the partial were checked. */
  private async checkPartialText(partial: TemplatePartial, isPassedKnown: boolean): Promise<void> {
    const { collector, textKeys } = this.options;
    const file = collector.toProjectFile("partials", partial.key, SHARED_FILES.partial.name);
    await collector.addTextFindings(file, await textKeys.check(findSharedTextKeys(partial)));
    const passed = isPassedKnown ? textKeys.listPassedInputs(partial.key) : null;
    const found = findUndefinedPartialVariables(partial, passed);
    await collector.addTextFindings(
      file,
      found.map((variable) => toTextFinding({ code: "undefined_variable", ...variable })),
    );
  }
}
