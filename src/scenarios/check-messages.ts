import type { Json, JsonObject } from "../util/json.js";
import { selectContent } from "./content-path.js";
import { type AddFailure, type ExpectationFailure, isSameTime } from "./expectation-failure.js";
import type { Expected, MessageExpectation, MessageFilter } from "./expectation-schema.js";
import type { Observation, ObservedMessage } from "./observed.js";
import { describeFilter, isSelected } from "./select-messages.js";
import { matchText, type TextMatcher } from "./text-matcher.js";

/** Reads the parts of messages that need a parser. */
export interface MessageReader {
  readSubject(message: ObservedMessage): Json | undefined;
  readText(message: ObservedMessage): string;
  hasHtml(message: ObservedMessage): boolean;
  /** Returns the texts of the elements that a CSS selector finds in the message's HTML. */
  selectTexts(message: ObservedMessage, selector: string): string[];
  /** Compares the message with its snapshot. Returns null if it matches or was written. */
  compareSnapshot(message: ObservedMessage, name: string): { expected: string; found: string } | null;
  /** Returns the content of the stored snapshot that a message was compared with, if it differs, otherwise null. */
  readPreviousContent(message: ObservedMessage): JsonObject | null;
}

const describeMessage = (message: ObservedMessage): string =>
  `${message.channel.type} ${message.step} to ${message.to}`;

const listMessages = (messages: readonly ObservedMessage[]): string =>
  messages.length === 0 ? "no messages" : messages.map(describeMessage).join(", ");

const formatFound = (value: Json | undefined): string =>
  value === undefined ? "nothing" : typeof value === "string" ? value : JSON.stringify(value);

/**
 * Returns the failure of an expected value in the content, or null. If a path selects several values, one of them must match,
 * and with `excludes` all of them. A path that selects nothing fails.
 */
function findContentMismatch(
  matcher: TextMatcher,
  content: JsonObject,
  path: string,
): Pick<ExpectationFailure, "expected" | "found"> | null {
  if (typeof matcher === "object" && typeof matcher.excludes === "string" && (matcher.contains || matcher.matches)) {
    const { excludes, ...others } = matcher;
    return findContentMismatch({ excludes }, content, path) ?? findContentMismatch(others, content, path);
  }
  const values = selectContent(content, path);
  if (values.length === 0) return { expected: matchText(matcher, undefined)?.expected ?? "a value", found: "nothing" };
  const mismatches = values.map((value) => matchText(matcher, value));
  const mismatch = mismatches.find((candidate) => candidate !== null);
  const isExclusion = typeof matcher === "object" && typeof matcher.excludes === "string";
  if (!mismatch || (!isExclusion && mismatches.includes(null))) return null;
  return { expected: mismatch.expected, found: values.map(formatFound).join(" | ") };
}

/** Returns the failures of a message's time and content, which select messages among those of a recipient and channel. */
function listContentFailures(
  expected: MessageExpectation,
  path: (string | number)[],
  message: ObservedMessage,
  reader: MessageReader,
): ExpectationFailure[] {
  const failures: ExpectationFailure[] = [];
  const name = describeMessage(message);
  const add: AddFailure = (failure) => void failures.push({ ...failure, messages: [message.id] });
  // A part that no one compares is not read: reading the text of an email loads a parser.
  const compare = (
    key: string,
    matcher: TextMatcher | null | undefined,
    readFound: () => Json | undefined,
    at = [key],
  ): void => {
    if (matcher === undefined || matcher === null) return;
    const mismatch = matchText(matcher, readFound());
    if (mismatch === null) return;
    add({
      path: [...path, ...at],
      subject: `${key} of ${name}`,
      expected: mismatch.expected,
      found: formatFound(mismatch.found),
    });
  };
  if (expected.at && !isSameTime(expected.at, message.at)) compare("at", expected.at, () => message.at);
  compare("subject", expected.subject, () => reader.readSubject(message));
  compare("body", expected.body, () => reader.readText(message));
  for (const [selector, matcher] of Object.entries(expected.html ?? {})) {
    const texts = reader.selectTexts(message, selector);
    if (texts.length > 0 && texts.some((text) => matchText(matcher, text) === null)) continue;
    compare(selector, matcher, () => (texts.length === 0 ? undefined : texts.join(" | ")), ["html", selector]);
    if (texts.length === 0 && matchText(matcher, undefined) === null)
      add({
        path: [...path, "html", selector],
        subject: `${selector} of ${name}`,
        expected: "an element",
        found: "nothing",
      });
  }
  for (const [index, selector] of (expected.no_html ?? []).entries()) {
    const at = { path: [...path, "no_html", index], subject: `${selector} of ${name}` };
    const texts = reader.selectTexts(message, selector);
    if (texts.length > 0)
      add({ ...at, expected: "no element", found: texts.join(" | ") || `${texts.length} without text` });
    else if (!reader.hasHtml(message)) add({ ...at, expected: "HTML without the element", found: "no HTML" });
  }
  for (const [field, matcher] of Object.entries(expected.content ?? {})) {
    const mismatch = findContentMismatch(matcher, message.content, field);
    if (mismatch !== null) add({ path: [...path, "content", field], subject: `${field} of ${name}`, ...mismatch });
  }
  return failures;
}

/** Checks the state of a message whose content is as expected, and its snapshot. */
function checkState(
  { status, engagement, snapshot }: MessageExpectation,
  path: (string | number)[],
  message: ObservedMessage,
  reader: MessageReader,
  addFailure: AddFailure,
): void {
  const add = (key: string, difference: Pick<ExpectationFailure, "expected" | "found">): void =>
    addFailure({
      path: [...path, key],
      subject: `${key} of ${describeMessage(message)}`,
      ...difference,
      messages: [message.id],
    });
  const mismatch = status ? matchText(status, message.status) : null;
  if (mismatch !== null) add("status", { expected: mismatch.expected, found: formatFound(mismatch.found) });
  if (engagement && !message.engagement.includes(engagement))
    add("engagement", { expected: engagement, found: message.engagement.join(", ") || "none" });
  const difference = snapshot ? reader.compareSnapshot(message, snapshot === true ? message.step : snapshot) : null;
  if (difference !== null) add("snapshot", difference);
}

/** A message that an entry selects, with the differences of its content. */
interface Candidate {
  message: ObservedMessage;
  failures: ExpectationFailure[];
}

/** Returns the candidates of each recipient and channel that have none with the expected content. */
function listUnmatchedGroups(candidates: readonly Candidate[]): Candidate[][] {
  const groups = new Map<string, Candidate[]>();
  for (const candidate of candidates) {
    const { to, channel } = candidate.message;
    const key = JSON.stringify([to, channel.key]);
    groups.set(key, [...(groups.get(key) ?? []), candidate]);
  }
  return [...groups.values()].filter((group) => group.every(({ failures }) => failures.length > 0));
}

/**
 * Checks the messages that an entry selects. At least one message of each recipient and channel must have the expected
 * content, or as many as `count` says.
 */
function checkEntry(
  entry: MessageExpectation,
  path: (string | number)[],
  messages: readonly ObservedMessage[],
  reader: MessageReader,
  add: AddFailure,
): void {
  const { count } = entry;
  const selected = messages.filter((message) => isSelected(message, entry));
  const candidates = selected.map(
    (message): Candidate => ({ message, failures: listContentFailures(entry, path, message, reader) }),
  );
  const matched = candidates.filter(({ failures }) => failures.length === 0);
  const hasCount = typeof count === "number";
  // A wrong number of messages is one failure, and wrong content of the right number is a failure for each message.
  const isNumberWrong = hasCount ? matched.length !== count && selected.length !== count : selected.length === 0;
  if (isNumberWrong)
    add({
      path,
      subject: `messages (${describeFilter(entry)})`,
      expected: hasCount ? String(count) : "at least 1",
      found: `${matched.length} (all: ${listMessages(messages)})`,
      ...(matched.length < (count ?? 1) ? { missing: entry } : { messages: matched.map(({ message }) => message.id) }),
    });
  // The nearest of several messages explains what was found.
  const nearest = listUnmatchedGroups(candidates).map(
    (group) => group.sort((a, b) => a.failures.length - b.failures.length)[0] as Candidate,
  );
  const mismatched = hasCount && selected.length === count && matched.length !== count ? candidates : nearest;
  for (const { failures } of mismatched) for (const failure of failures) add(failure);
  for (const { message } of matched) checkState(entry, path, message, reader, add);
}

/** Checks the expectations about messages. */
export function checkMessages(
  expected: Expected,
  observation: Observation,
  reader: MessageReader,
  add: AddFailure,
): void {
  const { messages } = observation;
  for (const [index, entry] of (expected.messages ?? []).entries())
    checkEntry(entry, ["messages", index], messages, reader, add);
  const forbidden = expected.no_messages === true ? [{}] : (expected.no_messages ?? []);
  for (const [index, filter] of forbidden.entries()) {
    const selected = messages.filter((message) => isSelected(message, filter));
    if (selected.length > 0)
      add({
        path: expected.no_messages === true ? ["no_messages"] : ["no_messages", index],
        subject: `messages (${describeFilter(filter)})`,
        expected: "none",
        found: listMessages(selected),
        messages: selected.map(({ id }) => id),
      });
  }
  const { sequence } = expected;
  if (!sequence) return;
  const isMet =
    sequence.length === messages.length &&
    sequence.every((filter, index) => isSelected(messages[index] as ObservedMessage, filter));
  if (!isMet)
    add({
      path: ["sequence"],
      subject: "messages in order",
      expected: sequence.map(describeFilter).join(", "),
      found: listMessages(messages),
      ...explainSequence(sequence, messages),
    });
}

/** Returns the first filter of a sequence that selects no message, otherwise the messages that are not in their places. */
function explainSequence(
  sequence: readonly MessageFilter[],
  messages: readonly ObservedMessage[],
): Pick<ExpectationFailure, "missing" | "messages"> {
  const missing = sequence.find((filter) => !messages.some((message) => isSelected(message, filter)));
  if (missing !== undefined) return { missing };
  const misplaced = messages.filter((message, at) => !sequence[at] || !isSelected(message, sequence[at]));
  if (misplaced.length > 0) return { messages: misplaced.map(({ id }) => id) };
  return { missing: sequence[messages.length] ?? {} };
}
