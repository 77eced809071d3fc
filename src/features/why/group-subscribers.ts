import { type RecipientKey, toRecipientReference } from "../../domain/recipient/recipient.js";
import type { RehearsedRun } from "../../ports/rehearsal.js";
import type { RunToExplain } from "./explain-run.js";

/** Limits the subscribers that a group names. */
const MAX_NAMED = 10;
const SENDING: ReadonlySet<string> = new Set(["sent", "queued"]);

/** Subscribers with the same result. */
interface SubscriberGroup {
  count: number;
  named: RecipientKey[];
  /** The run of the first; null for subscribers that were never identified. */
  first: (RunToExplain & { recipient: RecipientKey }) | null;
}

/** Returns a text that is the same for runs with the same result. Details contain values, except those of preferences. */
function getResultKey({ outcome, joinedUntil }: RehearsedRun): string {
  const { steps, reason } = outcome;
  if (joinedUntil !== null || steps.some((step) => SENDING.has(step.outcome))) return "sends";
  const toKey = ({ reason: own, ref }: (typeof steps)[number]): string[] =>
    own === null ? [] : [ref, own.code, own.code === "preference" ? String(own.detail) : ""];
  return JSON.stringify([reason?.code ?? null, ...steps.map(toKey)]);
}

/** Counts the subscribers of an object by result. Only the first run of each group is kept. */
export class SubscriberGroups {
  private readonly groups = new Map<string, SubscriberGroup>();
  total = 0;

  add(run: RehearsedRun): void {
    const group = this.count(getResultKey(run), run.recipient);
    group.first ??= {
      recipient: run.recipient,
      document: run.readDocument(),
      messages: run.messages,
      joinedUntil: run.joinedUntil,
    };
  }

  addUnidentified(key: RecipientKey): void {
    this.count("unidentified", key);
  }

  private count(name: string, key: RecipientKey): SubscriberGroup {
    const group = this.groups.get(name) ?? { count: 0, named: [], first: null };
    this.groups.set(name, group);
    group.count++;
    this.total++;
    if (group.named.length < MAX_NAMED) group.named.push(key);
    return group;
  }

  /** Returns the groups, the largest first. */
  list(): (Omit<SubscriberGroup, "named"> & { recipients: ReturnType<typeof toRecipientReference>[] })[] {
    return [...this.groups.values()]
      .sort((a, b) => b.count - a.count)
      .map(({ named, ...group }) => ({ ...group, recipients: named.map(toRecipientReference) }));
  }
}
