import { readAccountRecipients } from "../../comparison/read-account-recipients.js";
import type { Environment } from "../../domain/environment/environment.js";
import { type RecipientKey, type RecipientUpsert, splitRecipientKey } from "../../domain/recipient/recipient.js";
import { compileWorkflow } from "../../engine/compile/compile-workflow.js";
import { findCertainSkips, sendsOnlyByChannelSteps } from "../../engine/run/find-silent-drops.js";
import type { CompiledWorkflow } from "../../engine/workflow/compiled-workflow.js";
import type { ResourceOperations } from "../../ports/resource-operations.js";
import { checkWorkflowKeys } from "../../project/check-workflow-keys.js";
import type { Project } from "../../project/open-project.js";
import type { AuditedUser, AuditReport } from "./audit-report-schema.js";

interface AuditContext {
  project: Project;
  resources: ResourceOperations;
  setProgress(text: string): void;
}

type AuditedWorkflow = AuditedUser["workflows"][number];

async function readWorkflows(project: Project, keys: readonly string[]): Promise<CompiledWorkflow[]> {
  const compiled: CompiledWorkflow[] = [];
  for (const key of keys) {
    const workflow = await project.workflow(key);
    if (workflow !== null) compiled.push(await compileWorkflow(workflow, project));
  }
  return compiled;
}

/** Returns the workflow for each user to whom at least one of its channel steps sends nothing, by ID. */
function auditWorkflow(
  compiled: CompiledWorkflow,
  environment: Environment,
  users: readonly RecipientUpsert[],
): Map<string, AuditedWorkflow> {
  const { workflow } = compiled;
  const isOnlyByChannels = sendsOnlyByChannelSteps(workflow);
  const audited = new Map<string, AuditedWorkflow>();
  for (const { user, steps } of findCertainSkips(compiled, environment, users, Date.now())) {
    const skipped = steps.flatMap(({ step, skip }) =>
      skip === null
        ? []
        : [
            {
              ref: step.ref,
              channel_type: step.channel_type,
              channel: step.channel_key ?? step.channel_group_key,
              reason: skip.reason,
            },
          ],
    );
    if (skipped.length === 0) continue;
    const gets_nothing = isOnlyByChannels && skipped.length === steps.length;
    audited.set(user, { workflow: workflow.key, gets_nothing, steps: skipped });
  }
  return audited;
}

/** Checks which channel steps of workflows send nothing to users of the account. Only reads. */
export async function runAudit(
  users: readonly RecipientKey[],
  workflows: readonly string[],
  { project, resources, setProgress }: AuditContext,
): Promise<AuditReport> {
  const known = await project.workflowKeys();
  checkWorkflowKeys(workflows, known);
  const compiled = await readWorkflows(project, workflows.length === 0 ? known : workflows);
  const environment = await project.environment();
  setProgress("reading the users of the account");
  const { recipients, notes } = await readAccountRecipients(resources, users, environment);
  const byWorkflow = compiled.map((workflow) => auditWorkflow(workflow, environment, [...recipients.values()]));
  const audited = users.map((key): AuditedUser => {
    const { id } = splitRecipientKey(key);
    const found = byWorkflow.flatMap((results) => results.get(id) ?? []);
    return { recipient: id, exists: recipients.has(key), workflows: found };
  });
  const getsNothing = (user: AuditedUser): boolean =>
    !user.exists || user.workflows.some(({ gets_nothing }) => gets_nothing);
  return {
    recipients: audited.filter((user) => !user.exists || user.workflows.length > 0),
    notes,
    summary: {
      recipients: users.length,
      workflows: compiled.length,
      missing: audited.filter(({ exists }) => !exists).length,
      get_nothing: audited.filter(getsNothing).length,
    },
  };
}
