import { createTooManyRecipientsError, type RecipientReader } from "../../comparison/read-account-recipients.js";
import { type RecipientKey, splitRecipientKey, toRecipientReference, USERS } from "../../domain/recipient/recipient.js";
import { MAX_FAN_OUT_DEPTH } from "../../domain/run/fan-out-state.js";
import type { Reason } from "../../domain/run/outcome.js";
import { KnockError } from "../../errors/knock-error.js";
import {
  findWorkflow,
  getsNothing,
  notifiesByItself,
  type RecipientAudit,
  type RecipientResult,
} from "./audit-recipients.js";
import type { AuditedObject } from "./audit-report-schema.js";

/** Limits the subscribers that a reason names. */
const MAX_NAMED = 10;

const NOT_FOUND: Reason = { code: "recipient_not_found", detail: null };

/** Whom a trigger for an object reaches: users, and the object itself with the objects that are subscribed to it. */
export interface Reach {
  object: RecipientKey;
  users: RecipientKey[];
  objects: RecipientKey[];
}

/** Reads the subscriptions to an object, page by page. A subscribed object may not exist, and then has none. */
async function* listSubscribers(reader: RecipientReader, object: RecipientKey): AsyncGenerator<RecipientKey[]> {
  try {
    for await (const page of reader.listSubscriptions(object)) yield page.map(({ recipient }) => recipient);
  } catch (error) {
    if (!(error instanceof KnockError) || error.code !== "resource_missing") throw error;
  }
}

export interface ReachOptions {
  maxRecipients: number;
  /** Called for each page of subscribers, with the number of recipients that were found. */
  onPage(count: number): Promise<void>;
}

/**
 * Finds everyone whom a trigger for an object reaches: the object, and its subscribers in two levels (E-055 to E-058). Throws
 * `usage` for too many.
 */
export async function findReach(
  reader: RecipientReader,
  object: RecipientKey,
  { maxRecipients, onPage }: ReachOptions,
): Promise<Reach> {
  const reach: Reach = { object, users: [], objects: [object] };
  const seen = new Set([object]);
  const waiting = [{ key: object, depth: 1 }];
  for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
    const { depth } = next;
    for await (const page of listSubscribers(reader, next.key)) {
      await onPage(seen.size);
      for (const key of page) {
        if (seen.has(key)) continue;
        seen.add(key);
        if (seen.size > maxRecipients) throw createTooManyRecipientsError(maxRecipients);
        const isUser = splitRecipientKey(key).collection === USERS;
        (isUser ? reach.users : reach.objects).push(key);
        if (!isUser && depth < MAX_FAN_OUT_DEPTH) waiting.push({ key, depth: depth + 1 });
      }
    }
  }
  return reach;
}

/** The users with one result among the subscribers of an object. */
interface SubscriberGroup {
  count: number;
  /** The first ones. */
  named: RecipientKey[];
}

function groupByResult(users: readonly RecipientKey[], audit: RecipientAudit): Map<RecipientResult, SubscriberGroup> {
  const groups = new Map<RecipientResult, SubscriberGroup>();
  for (const key of users) {
    const result = audit.get(key);
    const group = groups.get(result) ?? { count: 0, named: [] };
    group.count++;
    if (group.named.length < MAX_NAMED) group.named.push(key);
    groups.set(result, group);
  }
  return groups;
}

/** Returns why users get nothing from a workflow, the most frequent reason first. */
function countReasons(
  workflow: string,
  groups: readonly (readonly [RecipientResult, SubscriberGroup])[],
): AuditedObject["workflows"][number]["reasons"] {
  const reasons = new Map<string, { reason: Reason; subscribers: number; named: RecipientKey[] }>();
  for (const [result, { count, named }] of groups) {
    const steps = findWorkflow(result, workflow)?.steps.map(({ reason }) => reason) ?? [];
    const own = new Map((result.exists ? steps : [NOT_FOUND]).map((reason) => [JSON.stringify(reason), reason]));
    for (const [text, reason] of own) {
      const counted = reasons.get(text) ?? { reason, subscribers: 0, named: [] };
      counted.subscribers += count;
      counted.named.push(...named);
      reasons.set(text, counted);
    }
  }
  return [...reasons.values()]
    .sort((a, b) => b.subscribers - a.subscribers)
    .map(({ named, ...rest }) => ({ ...rest, recipients: named.slice(0, MAX_NAMED).map(toRecipientReference) }));
}

/** Lists the workflows of an object that reach no one, or not every subscriber. All whom it reaches were checked before. */
export function auditObject({ object, users, objects }: Reach, audit: RecipientAudit): AuditedObject {
  const own = audit.get(object);
  const groups = groupByResult(users, audit);
  const workflows = audit.workflows.flatMap((compiled) => {
    const { key } = compiled.workflow;
    const silent = [...groups].filter(([result]) => getsNothing(result, key));
    const count = silent.reduce((sum, [, group]) => sum + group.count, 0);
    const reaches_no_one =
      count === users.length && !objects.some((reached) => notifiesByItself(audit.get(reached), compiled));
    if (count === 0 && !reaches_no_one) return [];
    const steps = [...(findWorkflow(own, key)?.steps ?? [])];
    return [{ workflow: key, reaches_no_one, steps, get_nothing: count, reasons: countReasons(key, silent) }];
  });
  return { recipient: toRecipientReference(object), exists: own.exists, subscribers: users.length, workflows };
}
