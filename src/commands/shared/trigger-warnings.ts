import type { CommandContext } from "../../context/command-context.js";
import type { TargetFlags } from "../../context/target-flags.js";
import { type RecipientReference, toRecipientReference } from "../../domain/recipient/recipient.js";
import { collectInlineRecipientWarnings } from "../../domain/trigger/collect-inline-recipient-warnings.js";
import type { Trigger } from "../../domain/trigger/trigger.js";
import type { Warning } from "../../errors/knock-error.js";
import { findUnidentifiedRecipient } from "../../ports/known-names.js";
import type { LocalOperations } from "../../ports/operations.js";
import type { ResourceOperations } from "../../ports/resource-operations.js";
import { describeUnidentifiedRecipients, suggestTenant } from "./unidentified-recipients.js";

/** Returns the recipients that a trigger references only by ID and that were never identified. */
async function findUnidentifiedRecipients(
  { recipients }: Trigger,
  resources: ResourceOperations,
): Promise<RecipientReference[]> {
  const unidentified: RecipientReference[] = [];
  const identified = new Set(recipients.flatMap(({ key, upsert }) => (upsert === null ? [] : [key])));
  for (const key of new Set(recipients.map((recipient) => recipient.key)))
    if (!identified.has(key) && (await findUnidentifiedRecipient(key, resources)) !== null)
      unidentified.push(toRecipientReference(key));
  return unidentified;
}

/**
 * Reads the warnings of the project's files that concern a workflow: its own file, the environment and the recipients
 * files.
 */
export async function readProjectWarnings(
  workflow: string,
  flags: TargetFlags,
  context: CommandContext,
): Promise<string[]> {
  return [
    ...(await context.project.readWorkflowWarnings(workflow, flags)),
    ...(await context.project.readWarnings(flags)),
  ];
}

const toWarnings = (texts: readonly string[]): Warning[] => texts.map((message) => ({ message }));

/**
 * Collects every warning that a local run of the trigger would print, without changing anything. Throws the errors that
 * the trigger would throw.
 */
async function collectLocalWarnings(
  trigger: Trigger,
  operations: LocalOperations,
  flags: TargetFlags,
  context: CommandContext,
): Promise<Warning[]> {
  const { resources } = operations;
  const warnings: string[] = [];
  const misspelled = await operations.checkTrigger(trigger);
  for (const text of misspelled) warnings.push(`workflow "${trigger.workflow}": ${text}`);
  warnings.push(...collectInlineRecipientWarnings(trigger));
  const suggestedTenant = await suggestTenant(trigger.tenant, operations);
  if (suggestedTenant !== null)
    warnings.push(
      `tenant "${trigger.tenant?.id}" does not exist and would be created. Did you mean "${suggestedTenant}"?`,
    );
  const unidentified = await findUnidentifiedRecipients(trigger, resources);
  const unidentifiedWarnings =
    unidentified.length === 0
      ? []
      : [await describeUnidentifiedRecipients(unidentified, resources, "would receive nothing")];
  return [
    ...toWarnings(warnings),
    ...unidentifiedWarnings,
    ...toWarnings(await readProjectWarnings(trigger.workflow, flags, context)),
  ];
}

/** Collects every warning that running the trigger would print. Nothing is sent or stored. */
export async function collectTriggerWarnings(
  trigger: Trigger,
  flags: TargetFlags,
  context: CommandContext,
): Promise<Warning[]> {
  if ((await context.settings.getTarget(flags)) === "remote")
    return toWarnings(await readProjectWarnings(trigger.workflow, flags, context));
  return collectLocalWarnings(trigger, await context.target.openForCheck(flags), flags, context);
}
