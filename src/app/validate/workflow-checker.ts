import type { RecipientUpsert } from "../../domain/recipient/recipient.js";
import { parsePathSegments } from "../../domain/steps/walk-steps.js";
import { checkConditions } from "../../domain/validation/check-conditions.js";
import type { CheckFinding } from "../../domain/validation/check-finding.js";
import { checkSchemaSamples } from "../../domain/validation/check-sample-data.js";
import { checkStepOrder } from "../../domain/validation/check-step-order.js";
import type { Workflow } from "../../domain/workflow/workflow.js";
import { compileValidTemplates, compileWorkflow } from "../../engine/compile/compile-workflow.js";
import { findUndefinedVariables } from "../../engine/run/find-undefined-variables.js";
import { findWorkflowTextKeys } from "../../engine/variables/find-text-keys.js";
import type { CompiledWorkflow } from "../../engine/workflow/compiled-workflow.js";
import type { KnockError } from "../../errors/knock-error.js";
import type { Project } from "../../project/open-project.js";
import type { ProjectFile } from "../../project/read-project-text.js";
import type { JsonObject } from "../../util/json.js";
import { checkSilentDrops } from "./check-recipients.js";
import type { TextKeyChecker } from "./check-text-keys.js";
import { checkWindows } from "./check-windows.js";
import type { FindingCollector } from "./finding-collector.js";
import type { ValidationOptions } from "./validation-options.js";

/** Limits the recipients whose properties are searched for the variables of templates. */
const MAX_SCOPE_RECIPIENTS = 20;

interface WorkflowCheckerOptions {
  project: Project;
  collector: FindingCollector;
  textKeys: TextKeyChecker;
  emailTools: ValidationOptions["emailTools"];
  /** The known users, objects and tenants, whose properties templates can use. */
  recipients: readonly RecipientUpsert[];
}

/** Checks one workflow, and the runs that it would start. */
export class WorkflowChecker {
  constructor(private readonly options: WorkflowCheckerOptions) {}

  /** Checks the valid parts of a workflow. `isValid` says whether it has others. */
  async check(file: ProjectFile, workflow: Workflow, isValid: boolean): Promise<void> {
    const { project, collector, textKeys } = this.options;
    await collector.addChecks(file, [
      ...checkStepOrder(workflow),
      ...checkConditions(workflow),
      ...checkSchemaSamples(workflow),
    ]);
    collector.add(...(await textKeys.check(file, findWorkflowTextKeys(workflow))));
    const { compiled, errors } = await this.compile(workflow);
    await collector.addTemplateErrors(errors, file);
    const environment = await project.environment();
    await this.checkVariables(file, compiled);
    await collector.addChecks(file, checkWindows(compiled, environment));
    if (!isValid || errors.length > 0) return;
    await collector.addChecks(file, checkSilentDrops(compiled, environment, this.options.recipients));
    await this.checkEmails(file, workflow);
  }

  /** Compiles a workflow. Only the errors in templates are returned, because others were found when it was read. */
  private async compile(workflow: Workflow): Promise<{ compiled: CompiledWorkflow; errors: readonly KnockError[] }> {
    const { project } = this.options;
    const compiled = await compileWorkflow(workflow, project).catch(() => null);
    if (compiled !== null && compiled.sharedError === null) return { compiled, errors: [] };
    const found = await compileValidTemplates(workflow, project);
    return { ...found, errors: found.errors.filter(({ code }) => code !== "workflow_invalid") };
  }

  private async checkVariables(file: ProjectFile, compiled: CompiledWorkflow): Promise<void> {
    const { project, collector, recipients } = this.options;
    const environment = await project.environment();
    const scopes = recipients.slice(0, MAX_SCOPE_RECIPIENTS).map(({ properties }) => properties as JsonObject);
    const code = "undefined_variable";
    const inMainFile: CheckFinding[] = [];
    for (const { read, message } of findUndefinedVariables(compiled, environment, scopes)) {
      const { file: textFile, fieldPath, line, column } = read;
      if (textFile !== undefined) collector.add({ code, message, file: textFile, line, column, pointer: "" });
      else
        inMainFile.push({
          code,
          path: parsePathSegments(fieldPath),
          message: `contains an undefined variable: ${message}`,
        });
    }
    await collector.addChecks(file, inMainFile);
  }

  /** Checks the emails of a workflow or broadcast, if that was asked for. */
  async checkEmails(file: ProjectFile, workflow: Workflow): Promise<void> {
    const { project, collector, recipients, emailTools: tools } = this.options;
    if (tools === null) return;
    const { checkEmails } = await import("./check-emails.js");
    const toFile = (...path: string[]): ProjectFile => collector.toProjectFile(...path);
    await collector.addChecks(file, await checkEmails(workflow, { project, recipients, toFile, tools }));
  }
}
