import { toRecipientReference } from "../../domain/recipient/recipient.js";
import type { CancelOutcome } from "../../domain/run/outcome.js";
import type { Cancellation } from "../../domain/trigger/trigger.js";
import { type EngineContext, readTime } from "../context/engine-context.js";
import { resolveBranchContext } from "../workflow/branch-context.js";
import { findWorkflow } from "../workflow/find-workflow.js";

/**
 * Cancels the runs of a workflow's triggers that have the key, for all or some recipients. Throws `workflow_missing` if there is
 * no such workflow. A key that matches no run is not an error (EQ-61), and runs of an invalid workflow are also canceled.
 */
export async function cancelWorkflow(given: EngineContext, cancellation: Cancellation): Promise<CancelOutcome> {
  const { context, branch } = resolveBranchContext(given, cancellation.branch ?? given.branch);
  const { workflow, cancellation_key, recipients } = cancellation;
  if (!(await context.definitions.workflowKeys()).includes(workflow)) await findWorkflow(context.definitions, workflow);
  const at = await readTime(context);
  const { runs, unfinishedTriggers } = await context.store.cancelRuns({
    workflow,
    cancellation_key,
    branch,
    recipients,
    at,
  });
  const cancelled = runs.filter((run) => run.cancelled).length;
  return {
    workflow,
    cancellation_key,
    target: "local",
    recipients: runs.map(({ recipientRun, cancelled: done }) => ({
      recipient: toRecipientReference(recipientRun.recipient),
      recipient_run_id: recipientRun.id,
      outcome: done ? "cancelled" : "not_cancellable",
      reason: done ? null : { code: recipientRun.status === "completed" ? "finished" : "cancelled", detail: null },
    })),
    summary: { cancelled, not_cancellable: runs.length - cancelled, unfinished_triggers: unfinishedTriggers },
  };
}
