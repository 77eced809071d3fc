import { createTooManyRecipientsError, type RecipientReader } from "../../comparison/read-account-recipients.js";
import type { Environment } from "../../domain/environment/environment.js";
import { hasTrait } from "../../domain/message/channel-types.js";
import type { RecipientKey, RecipientUpsert } from "../../domain/recipient/recipient.js";
import { walkChannelSteps } from "../../domain/step-types/walk-steps.js";
import { findCertainSkips, sendsOnlyByChannelSteps } from "../../engine/run/find-silent-drops.js";
import type { CompiledWorkflow } from "../../engine/workflow/compiled-workflow.js";
import type { AuditedUser } from "./audit-report-schema.js";

export type AuditedWorkflow = AuditedUser["workflows"][number];

/** The steps of workflows that send nothing to a recipient. Recipients with equal results share one, because there may be very many. */
export interface RecipientResult {
  exists: boolean;
  /** The workflows with skipped steps. */
  workflows: readonly AuditedWorkflow[];
}

const MISSING: RecipientResult = { exists: false, workflows: [] };

/** Limits the recipients that are in memory. Fewer would take longer, because each check has a time limit, which costs 0.5 ms. */
const RECIPIENTS_PER_CHECK = 100;

/** Returns the workflow for each recipient to whom at least one of its channel steps sends nothing. */
function auditWorkflow(
  compiled: CompiledWorkflow,
  environment: Environment,
  recipients: readonly RecipientUpsert[],
): Map<RecipientKey, AuditedWorkflow> {
  const { workflow } = compiled;
  const isOnlyByChannels = sendsOnlyByChannelSteps(workflow);
  const audited = new Map<RecipientKey, AuditedWorkflow>();
  for (const { recipient, steps } of findCertainSkips(compiled, environment, recipients, Date.now())) {
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
    audited.set(recipient, { workflow: workflow.key, gets_nothing, steps: skipped });
  }
  return audited;
}

/** Returns the workflow of a result, or undefined if none of its steps is skipped. */
export function findWorkflow({ workflows }: RecipientResult, key: string): AuditedWorkflow | undefined {
  return workflows.find(({ workflow }) => workflow === key);
}

/** Returns whether a recipient would get nothing from a workflow. */
export function getsNothing(result: RecipientResult, workflow: string): boolean {
  return !result.exists || (findWorkflow(result, workflow)?.gets_nothing ?? false);
}

/**
 * Returns whether an object's own run may notify someone, such as the members of its chat channel. Its messages in in-app feeds do
 * not count, because the API has feeds only for users.
 */
export function notifiesByItself(object: RecipientResult, { workflow }: CompiledWorkflow): boolean {
  if (!object.exists) return false;
  if (!sendsOnlyByChannelSteps(workflow)) return true;
  const skipped = new Set(findWorkflow(object, workflow.key)?.steps.map(({ ref }) => ref));
  return [...walkChannelSteps(workflow.steps)].some(
    ({ step }) => !skipped.has(step.ref) && !hasTrait(step.channel_type, "isFeed"),
  );
}

/** Reads recipients and checks what workflows would send to them, each recipient once. */
export class RecipientAudit {
  private readonly results = new Map<RecipientKey, RecipientResult>();
  private readonly sharedResults = new Map<string, RecipientResult>();

  /** `onRead` is called with the number of recipients that were read, and lets other events run, such as signals. */
  constructor(
    private readonly reader: RecipientReader,
    readonly workflows: readonly CompiledWorkflow[],
    private readonly environment: Environment,
    private readonly maxRecipients: number,
    private readonly onRead: (count: number) => Promise<void>,
  ) {}

  /** Returns the result of a recipient that was checked. */
  get(key: RecipientKey): RecipientResult {
    return this.results.get(key) ?? MISSING;
  }

  /** Checks recipients that were not checked before. Throws `usage` for too many. */
  async check(keys: Iterable<RecipientKey>): Promise<void> {
    const unknown = [...new Set(keys)].filter((key) => !this.results.has(key));
    if (this.results.size + unknown.length > this.maxRecipients) throw createTooManyRecipientsError(this.maxRecipients);
    for (let start = 0; start < unknown.length; start += RECIPIENTS_PER_CHECK) {
      await this.onRead(this.results.size);
      await this.checkUnknown(unknown.slice(start, start + RECIPIENTS_PER_CHECK));
    }
  }

  private async checkUnknown(keys: readonly RecipientKey[]): Promise<void> {
    const read = await Promise.all(keys.map((key) => this.reader.readRecipient(key)));
    const recipients = read.filter((recipient) => recipient !== null);
    const byWorkflow = this.workflows.map((compiled) => auditWorkflow(compiled, this.environment, recipients));
    for (const key of keys) this.results.set(key, MISSING);
    for (const { key } of recipients)
      this.results.set(key, this.share(byWorkflow.flatMap((results) => results.get(key) ?? [])));
  }

  private share(workflows: AuditedWorkflow[]): RecipientResult {
    const text = JSON.stringify(workflows);
    const result = this.sharedResults.get(text) ?? { exists: true, workflows };
    this.sharedResults.set(text, result);
    return result;
  }
}
