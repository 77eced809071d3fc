import { checkTriggerData } from "../../domain/data-schema/check-trigger-data.js";
import type { Trigger } from "../../domain/trigger/trigger.js";
import { KnockError } from "../../errors/knock-error.js";
import type { Definitions } from "../../ports/definitions.js";
import { isWorkflowActive } from "../context/engine-context.js";
import { findWorkflow } from "../workflow/find-workflow.js";
import { compileWorkflow } from "./compile-workflow.js";

function createInactiveWorkflowError(workflow: string): KnockError {
  return new KnockError("workflow_inactive", `workflow "${workflow}" is not active`, {
    hint: `Activate it in environment.json: "workflows": { "${workflow}": { "active": true } }.`,
  });
}

/**
 * Checks everything about a trigger except its recipients: the workflow, whether it is active, the data's schema, the
 * templates, and the translations if templates use them, because the step that uses them may run days later.
 */
export async function checkTrigger(definitions: Definitions, trigger: Trigger, { isDataRequired = true } = {}) {
  const { workflow, environment } = await findWorkflow(definitions, trigger.workflow);
  if (!isWorkflowActive(workflow, environment)) throw createInactiveWorkflowError(workflow.key);
  if (isDataRequired) checkTriggerData(workflow, trigger.data);
  const compiled = await compileWorkflow(workflow, definitions);
  if (compiled.sharedError) throw compiled.sharedError;
  if (compiled.usesTranslations) await definitions.translations();
  return { workflow, environment, compiled };
}
