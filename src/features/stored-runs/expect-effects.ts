import { formatRecipient } from "../../domain/recipient/recipient.js";
import type { StepOutcome } from "../../domain/run/outcome.js";
import type { ObservedRun } from "../../scenarios/observed.js";
import { selectRun } from "../../scenarios/select-run.js";
import { filterObjects, type Json, type JsonObject } from "../../util/json.js";
import type { SimulatedMessage, SimulatedStep } from "./simulate-scenario.js";

/** Limits the text of a message in an expectation. The rest of a longer text is not compared. */
const MAX_TEXT_LENGTH = 400;
const NOT_REACHED = "not_reached";

/** Times without milliseconds are easier to read. */
const formatTime = (time: string): string => time.replace(".000Z", "Z");

/** Returns an outcome as a scenario expects it. `other` is the outcome with other random numbers. */
function expectOutcome(step: StepOutcome, other: StepOutcome | undefined): Json {
  const { outcome, reason, branch, until } = step;
  const details = {
    ...(reason === null ? {} : { reason: reason.code }),
    ...(branch ? { branch } : {}),
    ...(until && other?.until === until ? { until: formatTime(until) } : {}),
  };
  return Object.keys(details).length === 0 ? outcome : { outcome, ...details };
}

function findStep(runs: readonly ObservedRun[], name: string, ref: string, previous: readonly ObservedRun[]) {
  const own = runs.filter(({ recipient }) => formatRecipient(recipient) === name);
  return selectRun(own, ref, previous);
}

/**
 * Returns the outcomes of the steps that changed since they were last expected, by recipient. The last step of the scenario also has
 * those that wait.
 */
function expectOutcomes(
  { outcomes, previous }: SimulatedStep,
  other: SimulatedStep,
  { isLast, listRefs, known }: Pick<ExpectationOptions, "isLast" | "listRefs" | "known">,
): JsonObject {
  const expected = new Map<string, JsonObject>();
  for (const run of outcomes) {
    if (run.recipient_run_id === null) continue;
    const name = formatRecipient(run.recipient);
    const before = known.get(run.recipient_run_id);
    known.set(run.recipient_run_id, run);
    const changed = run.steps.filter(
      (step) =>
        (isLast && step.outcome === "waiting") ||
        JSON.stringify(step) !== JSON.stringify(before?.steps.find(({ ref }) => ref === step.ref)),
    );
    const isNewWithoutStep = before === undefined && run.steps.length === 0;
    const refs = isNewWithoutStep ? listRefs(run.workflow).slice(0, 1) : changed.map(({ ref }) => ref);
    for (const ref of refs) {
      const selected = findStep(outcomes, name, ref, previous);
      if (selected === null || selected.run.recipient_run_id !== run.recipient_run_id) continue;
      const otherStep = findStep(other.outcomes, name, ref, other.previous)?.step;
      const outcome = selected.step === undefined ? NOT_REACHED : expectOutcome(selected.step, otherStep);
      expected.set(name, { ...expected.get(name), [ref]: outcome });
    }
  }
  return Object.fromEntries(expected);
}

/** Returns the text that two messages have in common as an expectation: the whole text, or lines of it. */
function expectText(text: string, other: string | undefined): Json | undefined {
  const trimmed = text.trim();
  if (trimmed === "") return undefined;
  if (text === other && text.length <= MAX_TEXT_LENGTH) return text === trimmed ? text : { contains: trimmed };
  const others = other?.split("\n") ?? [];
  // Lines with generated IDs differ between both texts.
  const runs: string[][] = [[]];
  for (const [at, line] of text.split("\n").entries()) {
    if (line === others[at]) runs.at(-1)?.push(line);
    else runs.push([]);
  }
  const [longest = ""] = runs.map((lines) => lines.join("\n").trim()).sort((a, b) => b.length - a.length);
  const excerpt = longest.slice(0, MAX_TEXT_LENGTH).trim();
  return excerpt === "" ? undefined : { contains: excerpt };
}

/** Returns the expected names of attachments. Their data may be large. */
function expectAttachments({ message }: SimulatedMessage): JsonObject {
  const names = filterObjects(message.content.attachments).map(({ name = null }, at) => [
    `attachments[${at}].name`,
    name,
  ]);
  return names.length === 0 ? {} : { content: Object.fromEntries(names) };
}

function expectMessage(
  simulated: SimulatedMessage,
  other: SimulatedMessage | undefined,
  { hasMoved, count }: { hasMoved: boolean; count: number },
): JsonObject {
  const { message, subject, text } = simulated;
  const body = expectText(text, other?.text);
  return {
    to: message.to,
    step: message.step,
    channel: message.channel.key,
    ...(message.tenant === null ? {} : { tenant: message.tenant }),
    count,
    ...(hasMoved ? { at: formatTime(message.at) } : {}),
    ...(typeof subject === "string" && subject !== "" && subject === other?.subject ? { subject } : {}),
    ...(body === undefined ? {} : { body }),
    ...expectAttachments(simulated),
  };
}

const getGroup = ({ message: { to, step, channel, workflow, tenant } }: SimulatedMessage): string =>
  JSON.stringify([to, step, channel.key, workflow, tenant]);

/** Returns the messages of a step as expectations, and the number of those of one recipient, step and channel. */
function expectMessages(
  { messages }: SimulatedStep,
  other: SimulatedStep,
  { workflow, hasMoved }: { workflow: string; hasMoved: boolean },
): JsonObject[] {
  const groups = new Map<string, SimulatedMessage[]>();
  for (const message of messages) groups.set(getGroup(message), [...(groups.get(getGroup(message)) ?? []), message]);
  return [...groups].flatMap(([key, group]) => {
    const others = other.messages.filter((candidate) => getGroup(candidate) === key);
    const entries = group.map(
      (message, at): JsonObject => ({
        ...(message.message.workflow === workflow ? {} : { workflow: message.message.workflow }),
        ...expectMessage(message, others[at], { hasMoved, count: group.length }),
      }),
    );
    const [first = {}] = entries;
    const distinct = new Map(entries.map((entry) => [JSON.stringify(entry), entry]));
    if (distinct.size === 1) return [first];
    const { at: _at, subject: _subject, body: _body, content: _content, ...all } = first;
    return [all, ...[...distinct.values()].map(({ count: _count, ...entry }) => entry)];
  });
}

interface ExpectationOptions {
  /** The workflow of the scenario's file. */
  workflow: string;
  /** Whether the step moves the clock, so that messages have times of their own. */
  hasMoved: boolean;
  /** Whether it is the last step, which also shows what still waits. */
  isLast: boolean;
  listRefs(workflow: string): readonly string[];
  /** The states of the runs in the expectations of the steps before, by ID. Receives those of this step. */
  known: Map<string, ObservedRun>;
}

/**
 * Returns the expectations of a step of a scenario, or null if nothing happened. `other` are the effects with other IDs and
 * random numbers: what differs is not expected.
 */
export function expectEffects(
  step: SimulatedStep,
  other: SimulatedStep,
  { workflow, hasMoved, isLast, listRefs, known }: ExpectationOptions,
): JsonObject | null {
  if (step.error !== null) return { error: step.error };
  const outcomes = expectOutcomes(step, other, { isLast, listRefs, known });
  const messages = expectMessages(step, other, { workflow, hasMoved });
  if (Object.keys(outcomes).length === 0 && messages.length === 0 && step.cancelled === null) return null;
  return {
    ...(step.cancelled === null ? {} : { cancelled: step.cancelled }),
    ...(Object.keys(outcomes).length === 0 ? {} : { outcomes }),
    ...(messages.length === 0 ? { no_messages: true } : { messages }),
  };
}
