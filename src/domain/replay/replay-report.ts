import type * as z from "zod/mini";
import { toIsoTime } from "../../util/iso-time.js";
import { isJsonObject, type JsonObject } from "../../util/json.js";
import { type RecipientKey, toRecipientKey } from "../recipient/recipient.js";
import { type CompareOptions, compareMessages } from "./compare-messages.js";
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
    .replace(/<[^>]*>/g, " ")
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
  const blocks = Array.isArray(content.blocks) ? content.blocks.filter(isJsonObject) : [];
  const rendered = blocks.map((block) => block.rendered).find((text) => typeof text === "string");
  return typeof rendered === "string" ? shorten(rendered) : "";
}

function describeMessage(message: SentMessage, { isRecorded }: ReplaySide) {
  const { id, trigger, workflow, step, channel, tenant, at, content } = message;
  return {
    message_id: isRecorded ? id : null,
    trigger,
    workflow,
    step,
    channel,
    tenant,
    at: toIsoTime(at),
    title: getTitle(content),
  };
}

const describeWithContent = (message: SentMessage, side: ReplaySide) => ({
  ...describeMessage(message, side),
  content: message.content,
});

interface ReplayComparison {
  source: string;
  triggers: readonly RecordedTrigger[];
  before: ReplaySide;
  after: ReplaySide;
  rejected: readonly RejectedTrigger[];
  notes: readonly string[];
}

/** Compares the messages of two runs of the same triggers, and groups the differences by recipient. */
export function buildReplayReport(
  { source, triggers, before, after, rejected, notes }: ReplayComparison,
  options: CompareOptions,
): ReplayReport {
  const { gained, lost, changed, equal } = compareMessages(before.messages, after.messages, options);
  const recipients = new Map<RecipientKey, RecipientDifferences>();
  const differencesFor = ({ recipient }: SentMessage): RecipientDifferences => {
    const key = toRecipientKey(recipient);
    const known = recipients.get(key) ?? { recipient, gained: [], lost: [], changed: [] };
    recipients.set(key, known);
    return known;
  };
  for (const message of gained) differencesFor(message).gained.push(describeWithContent(message, after));
  for (const message of lost) differencesFor(message).lost.push(describeWithContent(message, before));
  for (const pair of changed)
    differencesFor(pair.before).changed.push({
      before: describeMessage(pair.before, before),
      after: describeMessage(pair.after, after),
      fields: pair.fields,
    });
  const times = triggers.map(({ at }) => at);
  const sorted = [...recipients].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, differences]) => differences);
  return {
    source,
    before: before.name,
    after: after.name,
    since: times.length === 0 ? null : toIsoTime(times[0] as number),
    until: times.length === 0 ? null : toIsoTime(times.at(-1) as number),
    recipients: sorted,
    rejected: [...rejected],
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
