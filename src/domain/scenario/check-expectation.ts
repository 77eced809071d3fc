import type { Json, JsonObject } from "../../util/json.js";
import { parseTimestamp } from "../condition/parse-timestamp.js";
import type { RecipientReference } from "../recipient/recipient.js";
import { toApiSpelling } from "../run/api-spelling.js";
import { parseExpectation } from "../run/expectation.js";
import { type StepOutcome, summarizeOutcomes } from "../run/outcome.js";
import { getStepLabels } from "../run/step-labels.js";
import { selectContent } from "./content-path.js";
import {
  type Expected,
  type MessageExpectation,
  type MessageFilter,
  NOT_REACHED,
  type StepOutcomeExpectation,
} from "./expectation-schema.js";
import type { Observation, ObservedMessage } from "./observed.js";
import { describeFilter, isSelected } from "./select-messages.js";
import { selectRun } from "./select-run.js";
import { matchText, type TextMatcher } from "./text-matcher.js";

/** An expectation that was not met. */
export interface ExpectationFailure {
  /** The path of the expectation below `expect`. */
  path: (string | number)[];
  /** The compared value, such as `ada email_1` or `subject of email_1 to ada`. */
  subject: string;
  expected: string;
  found: string;
  /** The recipient run and the step that the expectation is about, if there is one, for its explanation. */
  about?: { recipient_run_id: string; step: string };
  /** The filter that selected too few messages. */
  missing?: MessageFilter;
}

/** Reads the parts of messages that need a parser. */
export interface MessageReader {
  readSubject(message: ObservedMessage): Json | undefined;
  readText(message: ObservedMessage): string;
  /** Returns the texts of the elements that a CSS selector finds in the message's HTML. */
  selectTexts(message: ObservedMessage, selector: string): string[];
  /** Compares the message with its snapshot. Returns null if it matches or was written. */
  compareSnapshot(message: ObservedMessage, name: string): { expected: string; found: string } | null;
  /** Returns the content of the stored snapshot that a message was compared with, if it differs, otherwise null. */
  readPreviousContent(message: ObservedMessage): JsonObject | null;
}

type AddFailure = (failure: ExpectationFailure) => void;

/** Returns the name of a recipient in scenarios: a user ID, or "<collection>/<id>". */
export function formatRecipient(recipient: RecipientReference): string {
  return typeof recipient === "string" ? recipient : `${recipient.collection}/${recipient.id}`;
}

/** Returns the outcome of a step in words, with its reason. */
export function describeStep(step: StepOutcome | undefined): string {
  if (step === undefined) return "not reached";
  const labels = getStepLabels(step)
    .map(({ label }) => label)
    .join(" and ");
  const detail = step.reason?.detail ? `: ${step.reason.detail}` : "";
  const branch = step.branch ? `, branch ${step.branch}` : "";
  return step.reason ? `${labels} (${step.reason.code}${detail})` : `${labels}${branch}`;
}

function isSameTime(a: string, b: string | null | undefined): boolean {
  return typeof b === "string" && parseTimestamp(a) === parseTimestamp(b);
}

function meetsOutcome(step: StepOutcome, expected: Exclude<StepOutcomeExpectation, string>): boolean {
  const { branch, until } = expected;
  const outcome = expected.outcome && toApiSpelling(expected.outcome);
  const reason = expected.reason && toApiSpelling(expected.reason);
  return (
    (!outcome || step.outcome === outcome || getStepLabels(step).every(({ label }) => label === outcome)) &&
    (!reason || step.reason?.code === reason) &&
    (!branch || step.branch === branch) &&
    (!until || isSameTime(until, step.until))
  );
}

function describeExpectedOutcome({ outcome, reason, branch, until }: Exclude<StepOutcomeExpectation, string>): string {
  return [outcome, reason && `reason ${reason}`, branch && `branch ${branch}`, until && `until ${until}`]
    .filter(Boolean)
    .join(", ");
}

function checkOutcomes(
  expected: NonNullable<Expected["outcomes"]>,
  { outcomes, previous }: Observation,
  add: AddFailure,
): void {
  for (const [name, steps] of Object.entries(expected)) {
    const runs = outcomes.filter(({ recipient }) => formatRecipient(recipient) === name);
    const count = runs.length > 1 ? `; ${name} has ${runs.length} runs` : "";
    for (const [ref, wanted] of Object.entries(steps)) {
      const path = ["outcomes", name, ref];
      const expectedOutcome = typeof wanted === "string" ? { outcome: wanted } : wanted;
      const subject = `${name} ${ref}`;
      const wantedText = describeExpectedOutcome(expectedOutcome);
      const selected = selectRun(runs, ref, previous);
      if (selected === null) {
        add({
          path,
          subject,
          expected: wantedText,
          found: `${name} has no run: it is not a recipient, or was never identified`,
        });
        continue;
      }
      const { run, step } = selected;
      if (step === undefined ? wantedText === NOT_REACHED : meetsOutcome(step, expectedOutcome)) continue;
      const found = step === undefined && run.reason ? `not reached (${run.reason.code})` : describeStep(step);
      const about =
        run.recipient_run_id === null ? {} : { about: { recipient_run_id: run.recipient_run_id, step: ref } };
      add({ path, subject, expected: wantedText, found: `${found}${count}`, ...about });
    }
  }
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
  const values = selectContent(content, path);
  if (values.length === 0) return { expected: matchText(matcher, undefined)?.expected ?? "a value", found: "nothing" };
  const mismatches = values.map((value) => matchText(matcher, value));
  const mismatch = mismatches.find((candidate) => candidate !== null);
  const isExclusion = typeof matcher === "object" && typeof matcher.excludes === "string";
  if (!mismatch || (!isExclusion && mismatches.includes(null))) return null;
  return { expected: mismatch.expected, found: values.map(formatFound).join(" | ") };
}

function checkMessage(
  expected: MessageExpectation,
  path: (string | number)[],
  message: ObservedMessage,
  reader: MessageReader,
  add: AddFailure,
): void {
  const name = describeMessage(message);
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
  if (expected.status) compare("status", expected.status, () => message.status);
  if (expected.engagement && !message.engagement.includes(expected.engagement))
    compare("engagement", expected.engagement, () => message.engagement.join(", ") || "none");
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
  for (const [field, matcher] of Object.entries(expected.content ?? {})) {
    const mismatch = findContentMismatch(matcher, message.content, field);
    if (mismatch !== null) add({ path: [...path, "content", field], subject: `${field} of ${name}`, ...mismatch });
  }
  if (expected.snapshot) {
    const difference = reader.compareSnapshot(message, expected.snapshot === true ? message.step : expected.snapshot);
    if (difference !== null) add({ path: [...path, "snapshot"], subject: `snapshot of ${name}`, ...difference });
  }
}

function checkMessages(expected: Expected, observation: Observation, reader: MessageReader, add: AddFailure): void {
  const { messages } = observation;
  for (const [index, entry] of (expected.messages ?? []).entries()) {
    const path = ["messages", index];
    const selected = messages.filter((message) => isSelected(message, entry));
    const isCountMet = typeof entry.count === "number" ? selected.length === entry.count : selected.length > 0;
    if (!isCountMet)
      add({
        path,
        subject: `messages (${describeFilter(entry)})`,
        expected: typeof entry.count === "number" ? String(entry.count) : "at least 1",
        found: `${selected.length} (all: ${listMessages(messages)})`,
        ...(selected.length < (entry.count ?? 1) ? { missing: entry } : {}),
      });
    for (const message of selected) checkMessage(entry, path, message, reader, add);
  }
  const forbidden = expected.no_messages === true ? [{}] : (expected.no_messages ?? []);
  for (const [index, filter] of forbidden.entries()) {
    const selected = messages.filter((message) => isSelected(message, filter));
    if (selected.length > 0)
      add({
        path: expected.no_messages === true ? ["no_messages"] : ["no_messages", index],
        subject: `messages (${describeFilter(filter)})`,
        expected: "none",
        found: listMessages(selected),
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
    });
}

/** Rules in a list are the same as `rules`. */
const toParts = (expected: Expected | readonly string[]): Expected =>
  Array.isArray(expected) ? { rules: expected as string[] } : (expected as Expected);

/** Returns which parts of an observation an expectation compares. */
export function getComparedParts(
  expected: Expected | readonly string[],
): Record<"outcomes" | "previous" | "messages" | "time", boolean> {
  const { rules, outcomes, no_runs, messages, no_messages, sequence, time } = toParts(expected);
  return {
    outcomes: Boolean(rules ?? outcomes ?? no_runs),
    previous: Boolean(outcomes),
    messages: Boolean(messages ?? no_messages ?? sequence),
    time: Boolean(time),
  };
}

/** Returns the failures of an expectation, in the order of the file. */
export function checkExpectation(
  expected: Expected | readonly string[],
  observation: Observation,
  reader: MessageReader,
): ExpectationFailure[] {
  const failures: ExpectationFailure[] = [];
  const add: AddFailure = (failure) => void failures.push(failure);
  const isList = Array.isArray(expected);
  const parts = toParts(expected);
  const { outcomes, error, cancelled, time } = observation;
  for (const [index, text] of (parts.rules ?? []).entries()) {
    const found = parseExpectation(text).check({ recipients: outcomes, summary: summarizeOutcomes(outcomes) });
    if (found !== null) add({ path: isList ? [index] : ["rules", index], subject: "rule", expected: text, found });
  }
  if (parts.outcomes) checkOutcomes(parts.outcomes, observation, add);
  for (const [index, name] of (parts.no_runs ?? []).entries()) {
    const { length } = outcomes.filter(({ recipient }) => formatRecipient(recipient) === name);
    if (length > 0) add({ path: ["no_runs", index], subject: name, expected: "no run", found: `${length} runs` });
  }
  checkMessages(parts, observation, reader, add);
  if (parts.error && error?.code !== parts.error)
    add({
      path: ["error"],
      subject: "error",
      expected: parts.error,
      found: error === null ? "no error" : `${error.code}: ${error.message}`,
    });
  for (const key of ["cancelled", "canceled"] as const) {
    const wanted = parts[key];
    if (typeof wanted !== "number" || cancelled === wanted) continue;
    const found = String(cancelled ?? "no cancel step");
    add({ path: [key], subject: "canceled runs", expected: String(wanted), found });
  }
  if (parts.time && !isSameTime(parts.time, time))
    add({ path: ["time"], subject: "time", expected: parts.time, found: String(time) });
  return failures;
}
