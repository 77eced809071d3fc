import type { StepOutcome } from "../../domain/run/outcome.js";
import { type JsonText, parseJson, stringify } from "./json-column.js";

// The steps of most runs have few lists of keys, and the keys are half of their bytes. Steps with these keys are stored as tuples
// that differ in their length. Other steps are stored as objects, as are all steps that earlier versions stored.

type PlainTuple = [ref: string, type: string, outcome: StepOutcome["outcome"], reason: StepOutcome["reason"]];
type WaitingTuple = [...PlainTuple, until: string | null];
type ChannelTuple = [
  ...PlainTuple,
  channel_type: string,
  channel: string | null,
  message_id: string | null,
  message_status: StepOutcome["message_status"],
];

type StoredStep = StepOutcome | PlainTuple | WaitingTuple | ChannelTuple;

type Keys = readonly (keyof StepOutcome)[];
const PLAIN_KEYS: Keys = ["ref", "type", "outcome", "reason"];
const WAITING_KEYS: Keys = [...PLAIN_KEYS, "until"];
const CHANNEL_KEYS: Keys = [
  "ref",
  "type",
  "channel_type",
  "channel",
  "outcome",
  "reason",
  "message_id",
  "message_status",
];

/** Returns whether a step has exactly these keys in this order, so that the unpacked step is the same to the byte. */
function hasKeys(step: StepOutcome, keys: Keys): boolean {
  let index = 0;
  for (const key in step) {
    const expected = keys[index];
    if (expected === undefined || key !== expected || step[expected] === undefined) return false;
    index++;
  }
  return index === keys.length;
}

/** Returns a step as a tuple, or unchanged if it has other keys. */
function toStepTuple(step: StepOutcome): StoredStep {
  const keys = step.channel_type !== undefined ? CHANNEL_KEYS : step.until !== undefined ? WAITING_KEYS : PLAIN_KEYS;
  if (!hasKeys(step, keys)) return step;
  const { ref, type, outcome, reason, until, channel_type, channel, message_id, message_status } = step;
  const plain: PlainTuple = [ref, type, outcome, reason];
  if (channel_type !== undefined) return [...plain, channel_type, channel ?? null, message_id ?? null, message_status];
  return until === undefined ? plain : [...plain, until];
}

function unpackStep(stored: StoredStep): StepOutcome {
  if (!Array.isArray(stored)) return stored;
  const [ref, type, outcome, reason] = stored;
  if (stored.length === 4) return { ref, type, outcome, reason };
  if (stored.length === 5) return { ref, type, outcome, reason, until: stored[4] };
  const [, , , , channel_type, channel, message_id, message_status] = stored;
  return { ref, type, channel_type, channel, outcome, reason, message_id, message_status };
}

export const packSteps = (steps: readonly StepOutcome[]): JsonText<StoredStep[]> => stringify(steps.map(toStepTuple));

export function unpackSteps(text: JsonText<StoredStep[]>): StepOutcome[] {
  return parseJson(text).map(unpackStep);
}
