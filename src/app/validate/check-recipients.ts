import type { Environment } from "../../domain/environment/environment.js";
import type { RecipientUpsert } from "../../domain/recipient/recipient.js";
import type { CheckFinding } from "../../domain/validation/check-finding.js";
import { findSilentDrops } from "../../engine/run/find-silent-drops.js";
import type { CompiledWorkflow } from "../../engine/workflow/compiled-workflow.js";

/** Limits the recipients for whom workflows are checked. */
const MAX_CHECKED_RECIPIENTS = 200;
const MAX_LISTED_USERS = 3;

/** Returns a finding if a workflow sends nothing to users in the recipients files. */
export function checkSilentDrops(
  compiled: CompiledWorkflow,
  environment: Environment,
  recipients: readonly RecipientUpsert[],
): CheckFinding[] {
  const checked = recipients.slice(0, MAX_CHECKED_RECIPIENTS);
  const drops = findSilentDrops(compiled, environment, checked, Date.now());
  if (drops.length === 0) return [];
  const listed = drops.slice(0, MAX_LISTED_USERS).map(({ user, reasons }) => `${user} (${reasons.join("; ")})`);
  const more = drops.length > listed.length ? ` and ${drops.length - listed.length} more` : "";
  return [{ code: "silent_drop", path: ["steps"], message: `send nothing to ${listed.join(", ")}${more}` }];
}
