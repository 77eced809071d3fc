import { checkSchemaSamples } from "../checks/check-sample-data.js";
import type { Environment } from "../domain/environment/environment.js";
import type { RecipientUpsert } from "../domain/recipient/recipient.js";
import type { Reason } from "../domain/run/outcome.js";
import { walkSteps } from "../domain/step-types/walk-steps.js";
import { walkObjects } from "../domain/validation/walk-objects.js";
import type { Workflow } from "../domain/workflow/workflow.js";
import { compileValidTemplates, compileWorkflow } from "../engine/compile/compile-workflow.js";
import { findSilentDrops } from "../engine/run/find-silent-drops.js";
import { findUndefinedVariables, type UndefinedVariable } from "../engine/run/find-undefined-variables.js";
import { findUnprintableVariables, type UnprintableVariable } from "../engine/run/find-unprintable-variables.js";
import { findWorkflowTextKeys } from "../engine/variables/find-text-keys.js";
import type { CompiledWorkflow } from "../engine/workflow/compiled-workflow.js";
import type { KnockError } from "../errors/knock-error.js";
import { formatDisplayPath } from "../project/format-display-path.js";
import type { Project } from "../project/open-project.js";
import { listEnvironmentFiles } from "../project/read-environment.js";
import { type ProjectFile, readProjectJson } from "../project/read-project-text.js";
import { getValueAtPath, type JsonObject } from "../util/json.js";
import { checkConditions } from "./check-conditions.js";
import { checkSchemaKeywords } from "./check-schema-keywords.js";
import { checkStepOrder } from "./check-step-order.js";
import type { TextKeyChecker } from "./check-text-keys.js";
import { checkWindows } from "./check-windows.js";
import type { FindingCollector, TextFinding } from "./finding-collector.js";
import type { ValidationOptions } from "./validation-options.js";

/** Limits the recipients for whom workflows are checked. */
const MAX_CHECKED_RECIPIENTS = 200;
const MAX_LISTED_USERS = 3;
/** British English has no comma before the conjunction. */
const AND = new Intl.ListFormat("en-GB", { type: "conjunction" });
const OR = new Intl.ListFormat("en-GB", { type: "disjunction" });

/** A workflow that sends nothing to users in the recipients files. */
interface SilentWorkflow {
  message: string;
  /** The first channel, if the only reason is that the environment configures none of the channels. */
  unconfigured: string | null;
}

/** Returns whom of the recipients a workflow can't reach, or null if it may reach all. */
function findSilentWorkflow(
  compiled: CompiledWorkflow,
  environment: Environment,
  recipients: readonly RecipientUpsert[],
): SilentWorkflow | null {
  const checked = recipients.slice(0, MAX_CHECKED_RECIPIENTS);
  const drops = findSilentDrops(compiled, environment, checked, Date.now());
  if (drops.length === 0) return null;
  const users = drops.map(({ user }) => user);
  const more = users.length > MAX_LISTED_USERS ? [`${users.length - MAX_LISTED_USERS} more`] : [];
  const listed = AND.format([...users.slice(0, MAX_LISTED_USERS), ...more]);
  const reasons = drops.flatMap(({ reasons: own }) => own);
  const [first] = reasons;
  const areUnconfigured = reasons.every(({ code }) => code === "channel_not_configured");
  return {
    message: `can't reach ${listed}: ${summarizeReasons(reasons.map(formatReason))}`,
    unconfigured: areUnconfigured ? (first?.detail ?? null) : null,
  };
}

const formatReason = ({ code, detail }: Reason): string =>
  code === "channel_not_configured" ? `the channel ${detail} is not configured` : (detail ?? code);

/** Joins reasons without repetition, with one "no" for all data that users lack: "no email address or device token". */
function summarizeReasons(reasons: readonly string[]): string {
  const unique = [...new Set(reasons)];
  const missing = unique.flatMap((reason) => /^no (.+?)(?: for the channel)?$/.exec(reason)?.[1] ?? []);
  const others = unique.filter((reason) => !reason.startsWith("no "));
  return [...(missing.length === 0 ? [] : [`no ${OR.format(missing)}`]), ...others].join("; ");
}

/** Limits the recipients whose properties are searched for the variables of templates. */
const MAX_SCOPE_RECIPIENTS = 20;

/** Returns the properties of the recipients in which the variables of templates are searched. */
export const getScopeProperties = (recipients: readonly RecipientUpsert[]): JsonObject[] =>
  recipients.slice(0, MAX_SCOPE_RECIPIENTS).map(({ properties }) => properties);

/** Returns the finding about a variable of a text. */
export function toTextFinding({ code, read, message }: UndefinedVariable | UnprintableVariable): TextFinding {
  const { fieldPath, file, line, column } = read;
  return { code, message, fieldPath, file, line, column };
}

/** Returns the refs of the steps in a file that are not among the valid ones; null if a step of the file has no ref. */
async function listOmittedRefs({ path, displayPath }: ProjectFile, { steps }: Workflow): Promise<string[] | null> {
  const written = [...walkObjects(await readProjectJson(path, displayPath))]
    .filter((found) => found.path.at(-2) === "steps")
    .map(({ value }) => value.ref);
  if (!written.every((ref) => typeof ref === "string")) return null;
  const valid = new Set([...walkSteps(steps)].map(({ step }) => step.ref));
  return written.filter((ref) => !valid.has(ref));
}

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
      ...checkSchemaKeywords(workflow.trigger_data_json_schema, "trigger_data_json_schema"),
    ]);
    await collector.addTextFindings(file, await textKeys.check(findWorkflowTextKeys(workflow)));
    await collector.addChecks(file, await textKeys.checkBlocks(workflow));
    const { compiled, errors } = await this.compile(workflow);
    await collector.addTemplateErrors(errors, file);
    const environment = await project.environment();
    await this.checkVariables(file, compiled, isValid ? [] : await listOmittedRefs(file, workflow));
    await collector.addChecks(file, checkWindows(compiled, environment));
    if (!isValid || errors.length > 0) return;
    await this.checkSilentDrops(file, compiled, environment);
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

  /** Adds a finding if the workflow sends nothing to users: at the environment's channel if no channel is configured. */
  private async checkSilentDrops(
    file: ProjectFile,
    compiled: CompiledWorkflow,
    environment: Environment,
  ): Promise<void> {
    const { collector, recipients } = this.options;
    const silent = findSilentWorkflow(compiled, environment, recipients);
    if (silent === null) return;
    const { message, unconfigured } = silent;
    const environmentFile = unconfigured === null ? null : await this.findNullChannelFile(unconfigured);
    if (unconfigured === null || environmentFile === null)
      return collector.addChecks(file, [{ code: "silent_drop", path: ["steps"], message }]);
    const text = `is null, so the workflow ${compiled.workflow.key} ${message}`;
    await collector.addChecks(environmentFile, [
      { code: "silent_drop", path: ["channels", unconfigured], message: text },
    ]);
  }

  /** Returns the file that sets a channel to null, or null if the channel is not declared. */
  private async findNullChannelFile(channel: string): Promise<ProjectFile | null> {
    const { project, collector } = this.options;
    const { knockDir, environmentName: name = null } = project;
    const displayPath = (path: string): string => formatDisplayPath(collector.cwd, path);
    for (const file of listEnvironmentFiles({ knockDir, name, displayPath }).toReversed()) {
      const content = await readProjectJson(file.path, file.displayPath);
      if (getValueAtPath(content, ["channels", channel]) === null) return file;
    }
    return null;
  }

  private async checkVariables(
    file: ProjectFile,
    compiled: CompiledWorkflow,
    omitted: readonly string[] | null,
  ): Promise<void> {
    const { project, collector, recipients } = this.options;
    const properties = getScopeProperties(recipients);
    const found = findUndefinedVariables(compiled, await project.environment(), properties, omitted);
    await collector.addTextFindings(file, [...found, ...findUnprintableVariables(compiled)].map(toTextFinding));
  }

  /** Checks the emails of a workflow or broadcast, if that was asked for. */
  async checkEmails(file: ProjectFile, workflow: Workflow): Promise<void> {
    const { project, collector, recipients, emailTools: tools } = this.options;
    if (tools === null) return;
    const { checkEmails } = await import("../checks/check-emails.js");
    const toFile = (...path: string[]): ProjectFile => collector.toProjectFile(...path);
    await collector.addChecks(file, await checkEmails(workflow, { project, recipients, toFile, tools }));
  }
}
