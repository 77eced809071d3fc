import type * as z from "zod/mini";
import { type RecipientKey, toRecipientKey } from "../domain/recipient/recipient.js";
import { toIsoTime } from "../util/iso-time.js";
import { filterObjects, type JsonObject } from "../util/json.js";
import { type ChangedMessage, type CompareOptions, compareMessages } from "./compare-messages.js";
import type { DataFilter } from "./personal-data-filter.js";
import type { RecordedTrigger, SentMessage } from "./recorded-history.js";
import type { replayReportSchema } from "./replay-report-schema.js";

/** The result of `knock replay`. */
export type ReplayReport = z.infer<typeof replayReportSchema>;
/** The differences of a recipient. */
export type RecipientDifferences = ReplayReport["recipients"][number];
export type RejectedTrigger = ReplayReport["rejected"][number];

/** The messages of one of the two runs that are compared. */
interface ReplaySide {
  name: string;
  messages: readonly SentMessage[];
  /** Whether the IDs of its messages can be looked up. */
  isRecorded: boolean;
}

const MAX_TITLE_LENGTH = 80;
/** The fields that name a message, by channel type; the first one that has a text is used. */
const TITLE_FIELDS = ["subject_line", "title", "summary", "body", "text_body"] as const;

const shorten = (text: string): string => {
  const line = text
    .replace(/<[^<>]*>/g, " ")
    .replace(/\s+/g, " ")
    .trim();
  return line.length > MAX_TITLE_LENGTH ? `${line.slice(0, MAX_TITLE_LENGTH - 1)}…` : line;
};

/** Returns the subject or title of a message, or the beginning of its text. */
export function getTitle(content: JsonObject): string {
  for (const field of TITLE_FIELDS) {
    const text = content[field];
    if (typeof text === "string" && text.trim() !== "") return shorten(text);
  }
  const blocks = filterObjects(content.blocks);
  const rendered = blocks.map((block) => block.rendered).find((text) => typeof text === "string");
  return typeof rendered === "string" ? shorten(rendered) : "";
}

function describeMessage(message: SentMessage, { isRecorded }: ReplaySide, filter: DataFilter) {
  const { id, trigger, workflow, step, channel, tenant, at, content } = message;
  return {
    message_id: isRecorded ? id : null,
    trigger,
    workflow,
    step,
    channel,
    tenant: tenant === null ? null : filter.filterText(tenant),
    at: toIsoTime(at),
    title: getTitle(filter.filterJson(content)),
  };
}

const describeWithContent = (message: SentMessage, side: ReplaySide, filter: DataFilter) => ({
  ...describeMessage(message, side, filter),
  content: filter.filterJson(message.content),
});

interface ReplayComparison {
  source: string;
  triggers: readonly RecordedTrigger[];
  before: ReplaySide;
  after: ReplaySide;
  rejected: readonly RejectedTrigger[];
  notes: readonly string[];
  /** Applied to everything that comes from triggers and recipients. */
  filter: DataFilter;
}

/** Returns the fields of a changed message. Values of `at` are times. */
function filterFields(fields: ChangedMessage["fields"], { filterText }: DataFilter): ChangedMessage["fields"] {
  const filterValue = (text: string | null): string | null => (text === null ? null : filterText(text));
  return fields.map(({ field, before, after }) =>
    field === "at" || field === "channel"
      ? { field, before, after }
      : { field: filterText(field), before: filterValue(before), after: filterValue(after) },
  );
}

/** Compares the messages of two runs of the same triggers, and groups the differences by recipient. */
export function buildReplayReport(
  { source, triggers, before, after, rejected, notes, filter }: ReplayComparison,
  options: CompareOptions,
): ReplayReport {
  const { gained, lost, changed, equal } = compareMessages(before.messages, after.messages, options);
  const recipients = new Map<RecipientKey, RecipientDifferences>();
  const differencesFor = ({ recipient }: SentMessage): RecipientDifferences => {
    const key = toRecipientKey(recipient);
    const known = recipients.get(key) ?? {
      recipient: filter.filterRecipient(recipient),
      gained: [],
      lost: [],
      changed: [],
    };
    recipients.set(key, known);
    return known;
  };
  for (const message of gained) differencesFor(message).gained.push(describeWithContent(message, after, filter));
  for (const message of lost) differencesFor(message).lost.push(describeWithContent(message, before, filter));
  for (const pair of changed)
    differencesFor(pair.before).changed.push({
      before: describeMessage(pair.before, before, filter),
      after: describeMessage(pair.after, after, filter),
      fields: filterFields(pair.fields, filter),
    });
  const times = triggers.map(({ at }) => at);
  const compareKeys = (a: RecipientDifferences, b: RecipientDifferences): number =>
    toRecipientKey(a.recipient) < toRecipientKey(b.recipient) ? -1 : 1;
  return {
    source,
    before: before.name,
    after: after.name,
    since: times.length === 0 ? null : toIsoTime(times[0] as number),
    until: times.length === 0 ? null : toIsoTime(times.at(-1) as number),
    recipients: [...recipients.values()].sort(compareKeys),
    rejected: rejected.map((trigger) => ({ ...trigger, message: filter.filterText(trigger.message) })),
    notes: [...notes],
    summary: {
      triggers: triggers.length,
      rejected: rejected.filter(({ side }) => side === "after").length,
      before: before.messages.length,
      after: after.messages.length,
      equal,
      gained: gained.length,
      lost: lost.length,
      changed: changed.length,
      recipients: recipients.size,
    },
  };
}

/** Returns whether the two runs differ in a message. */
export function hasDifferences({ summary }: ReplayReport): boolean {
  return summary.gained + summary.lost + summary.changed > 0;
}
