import { toRecipientKey } from "../domain/recipient/recipient.js";
import { toIsoTime } from "../util/iso-time.js";
import { isJsonObject, type Json } from "../util/json.js";
import type { SentMessage } from "./recorded-history.js";

/** Fields of the API that describe the content and do not belong to it. */
const IGNORED_FIELDS: ReadonlySet<string> = new Set(["__typename"]);
const ISO_TIME = /\b\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:?\d\d)\b/g;

/** The token of a link after the ID that it signs. */
const LINK_TOKEN = /(<id>(?:\/\d{1,9})?)\.[0-9A-Za-z]{22}/g;
/** The path of a short link: the end of a message ID, the number of the link, and the token. */
const SHORT_LINK = /\/(\w{9})(\w)\w{22}/g;

/** A text of a content, with the path to it. */
interface ContentField {
  path: string;
  text: string;
}

/** A URL that may contain generated IDs: a link that is tracked, an image that is, or a link to unsubscribe. */
const URL_WITH_IDS = /https?:\/\/(?:[^\s"'<>)\]]|<id>)*/g;

/** The differences between two runs of the same trigger to ignore. */
interface NormalizationOptions {
  /** Milliseconds by which a time may differ from that of its message. */
  tolerance: number;
  /** Whether URLs with generated IDs are equal, although each target has its own host for them. */
  ignoresGeneratedUrls?: boolean;
}

/**
 * Returns a function that replaces what differs between two runs of the same trigger: the generated IDs with the tokens of
 * links, and times that are within `tolerance` milliseconds of the message's own.
 */
function createNormalizer(
  { id, workflowRunId, recipientRunId, at }: SentMessage,
  { tolerance, ignoresGeneratedUrls }: NormalizationOptions,
): (text: string) => string {
  const ids = [id, workflowRunId, recipientRunId];
  return (text) => {
    const withoutIds = ids
      .reduce((rest, generated) => rest.replaceAll(generated, "<id>"), text)
      .replace(LINK_TOKEN, "$1")
      .replace(SHORT_LINK, (link, tail: string, number: string) => (id.endsWith(tail) ? `/<id>${number}` : link));
    const withoutUrls = ignoresGeneratedUrls
      ? withoutIds.replace(URL_WITH_IDS, (url) => (url.includes("<id>") ? "<url>" : url))
      : withoutIds;
    return withoutUrls.replace(ISO_TIME, (time) => (Math.abs(Date.parse(time) - at) <= tolerance ? "<time>" : time));
  };
}

function collectFields(value: Json, path: string, normalize: (text: string) => string): ContentField[] {
  if (Array.isArray(value)) return value.flatMap((item, index) => collectFields(item, `${path}[${index}]`, normalize));
  if (isJsonObject(value))
    return (
      Object.entries(value)
        // A block contains its template next to the text that the recipient sees.
        .filter(([key]) => !IGNORED_FIELDS.has(key) && !(key === "content" && "rendered" in value))
        .flatMap(([key, child]) => collectFields(child, path === "" ? key : `${path}.${key}`, normalize))
    );
  // A field that is null or empty is the same as one that is absent.
  if (value === null || value === "") return [];
  return [{ path, text: normalize(typeof value === "string" ? value : JSON.stringify(value)) }];
}

/** Returns the texts of a message's content, without what differs between two runs of the same trigger. */
function listContentFields(message: SentMessage, options: NormalizationOptions): ContentField[] {
  return collectFields(message.content, "", createNormalizer(message, options));
}

/** A field that differs between two messages. A text is null if only the other message has the field. */
interface FieldDifference {
  field: string;
  before: string | null;
  after: string | null;
}

/** Two messages that belong together and differ. */
export interface ChangedMessage {
  before: SentMessage;
  after: SentMessage;
  fields: FieldDifference[];
}

interface MessageComparison {
  gained: SentMessage[];
  lost: SentMessage[];
  changed: ChangedMessage[];
  equal: number;
}

export interface CompareOptions extends NormalizationOptions {
  /** Whether contents are compared, or only which messages are sent. */
  comparesContent: boolean;
}

/** Returns the fields that differ. The step that sent a message is not one of them, because no recipient sees it. */
function listDifferences(before: SentMessage, after: SentMessage, options: CompareOptions): FieldDifference[] {
  const differences: FieldDifference[] = [];
  const add = (field: string, old: string | null, now: string | null): void => {
    if (old !== now) differences.push({ field, before: old, after: now });
  };
  add("channel", before.channel.key, after.channel.key);
  add("tenant", before.tenant, after.tenant);
  const [oldTime, newTime] = [before.scheduledAt ?? before.at, after.scheduledAt ?? after.at];
  if (Math.abs(oldTime - newTime) > options.tolerance + (before.lateness ?? 0))
    add("at", toIsoTime(oldTime), toIsoTime(newTime));
  if (!options.comparesContent || before.isContentUnknown) return differences;
  const texts = (message: SentMessage): Map<string, string> =>
    new Map(listContentFields(message, options).map(({ path, text }) => [path, text]));
  const [old, now] = [texts(before), texts(after)];
  for (const [path, text] of old) add(path, text, now.get(path) ?? null);
  for (const [path, text] of now) if (!old.has(path)) add(path, null, text);
  return differences;
}

type GetKey = (message: SentMessage) => string;

const createKey =
  (pick: (message: SentMessage) => readonly unknown[]): GetKey =>
  (message) =>
    JSON.stringify([toRecipientKey(message.recipient), message.workflow, message.tenant, ...pick(message)]);

/**
 * The ways in which two messages belong together, the most exact first: a step may be renamed, its channel replaced by
 * another of its type, and a message may be sent by a run that no trigger started.
 */
const KEYS: readonly GetKey[] = [
  createKey(({ trigger, step, channel }) => [trigger, step, channel.key]),
  createKey(({ trigger, channel }) => [trigger, channel.key]),
  createKey(({ trigger, channel }) => [trigger, channel.type]),
  createKey(({ step, channel }) => [step, channel.type]),
];

function groupByKey(messages: readonly SentMessage[], getKey: GetKey): Map<string, SentMessage[]> {
  const groups = new Map<string, SentMessage[]>();
  for (const message of messages) {
    const key = getKey(message);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [message]);
    else group.push(message);
  }
  return groups;
}

interface Pair {
  before: SentMessage;
  after: SentMessage;
  fields: FieldDifference[];
}

/** Pairs equal messages first and the others in order of time. */
function pairGroup(lost: readonly SentMessage[], gained: SentMessage[], options: CompareOptions): Pair[] {
  const pairs: Pair[] = [];
  const unequal: SentMessage[] = [];
  for (const before of lost) {
    const after = gained.find((candidate) => listDifferences(before, candidate, options).length === 0);
    if (after === undefined) {
      unequal.push(before);
      continue;
    }
    gained.splice(gained.indexOf(after), 1);
    pairs.push({ before, after, fields: [] });
  }
  for (const before of unequal) {
    const after = gained.shift();
    if (after === undefined) break;
    pairs.push({ before, after, fields: listDifferences(before, after, options) });
  }
  return pairs;
}

/** Compares the messages of two runs of the same triggers. Both lists are in order of time. */
export function compareMessages(
  before: readonly SentMessage[],
  after: readonly SentMessage[],
  options: CompareOptions,
): MessageComparison {
  let lost = [...before];
  let gained = [...after];
  const changed: ChangedMessage[] = [];
  let equal = 0;
  for (const getKey of KEYS) {
    const gainedByKey = groupByKey(gained, getKey);
    const paired = new Set<SentMessage>();
    for (const [key, group] of groupByKey(lost, getKey)) {
      for (const pair of pairGroup(group, gainedByKey.get(key) ?? [], options)) {
        paired.add(pair.before).add(pair.after);
        if (pair.fields.length === 0) equal++;
        else changed.push(pair);
      }
    }
    lost = lost.filter((message) => !paired.has(message));
    gained = gained.filter((message) => !paired.has(message));
  }
  return { gained, lost, changed, equal };
}
