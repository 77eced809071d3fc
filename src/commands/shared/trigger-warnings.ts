import { type RecipientReference, referenceOf } from "../../domain/recipient/recipient.js";
import { inlineRecipientWarnings } from "../../domain/trigger/inline-recipient-warnings.js";
import type { Trigger } from "../../domain/trigger/trigger.js";
import type { LocalOperations } from "../../ports/operations.js";
import type { ResourceOperations } from "../../ports/resources.js";
import type { CommandContext } from "../context.js";
import type { TargetFlags } from "../services.js";
import { meantTenant, strangerOf, unidentifiedText } from "./strangers.js";

/** The recipients that a trigger names by an id alone and that were never identified. */
async function unidentifiedOf({ recipients }: Trigger, resources: ResourceOperations): Promise<RecipientReference[]> {
  const found: RecipientReference[] = [];
  const identified = new Set(recipients.flatMap(({ key, upsert }) => (upsert === null ? [] : [key])));
  for (const key of new Set(recipients.map((one) => one.key)))
    if (!identified.has(key) && (await strangerOf(key, resources)) !== null) found.push(referenceOf(key));
  return found;
}

/** Reads what the project's files warn of for a workflow: its own file, the environment and the recipients files. */
export async function fileWarnings(workflow: string, flags: TargetFlags, context: CommandContext): Promise<string[]> {
  return [...(await context.project.workflowWarnings(workflow, flags)), ...(await context.project.warnings(flags))];
}

/** Collects every warning that a local run of the trigger would print. Nothing is changed. Throws what the trigger would. */
async function triggerWarnings(
  trigger: Trigger,
  operations: LocalOperations,
  flags: TargetFlags,
  context: CommandContext,
): Promise<string[]> {
  const { resources } = operations;
  const found: string[] = [];
  const misspelled = await operations.checkTrigger(trigger);
  for (const text of misspelled) found.push(`workflow "${trigger.workflow}": ${text}`);
  found.push(...inlineRecipientWarnings(trigger));
  const meant = await meantTenant(trigger.tenant, operations);
  if (meant !== null)
    found.push(`tenant "${trigger.tenant?.id}" does not exist and would be created. Did you mean "${meant}"?`);
  const unidentified = await unidentifiedOf(trigger, resources);
  if (unidentified.length > 0) found.push(await unidentifiedText(unidentified, resources));
  return [...found, ...(await fileWarnings(trigger.workflow, flags, context))];
}

/** Collects every warning that running the trigger would print. Nothing is sent or stored. */
export async function foreseenWarnings(
  trigger: Trigger,
  flags: TargetFlags,
  context: CommandContext,
): Promise<string[]> {
  if ((await context.settings.target(flags)) === "remote") return fileWarnings(trigger.workflow, flags, context);
  return triggerWarnings(trigger, await context.target.openForCheck(flags), flags, context);
}
