import type { StepOutcome } from "../../domain/run/outcome.js";
import { toNameText } from "./event-codec.js";
import { stringify } from "./json-column.js";

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
    if (key !== keys[index] || step[key as keyof StepOutcome] === undefined) return false;
    index++;
  }
  return index === keys.length;
}

const toText = (value: unknown): string => (value === null ? "null" : stringify(value));

function packStep(step: StepOutcome): string {
  const { ref, type, channel_type, outcome, reason, until } = step;
  const isChannel = channel_type !== undefined;
  const isWaiting = !isChannel && until !== undefined;
  if (!hasKeys(step, isChannel ? CHANNEL_KEYS : isWaiting ? WAITING_KEYS : PLAIN_KEYS)) return stringify(step);
  let text = `[${toNameText(ref)},${toNameText(type)},${toNameText(outcome)},${toText(reason)}`;
  if (isWaiting) text += `,${toText(until)}`;
  else if (isChannel) {
    const { channel = null, message_id, message_status = null } = step;
    text += `,${toNameText(channel_type)},${toNameText(channel)},${toText(message_id)},${toNameText(message_status)}`;
  }
  return `${text}]`;
}

function unpackStep(stored: StepOutcome | PlainTuple | WaitingTuple | ChannelTuple): StepOutcome {
  if (!Array.isArray(stored)) return stored;
  const [ref, type, outcome, reason] = stored;
  if (stored.length === PLAIN_KEYS.length) return { ref, type, outcome, reason };
  if (stored.length === WAITING_KEYS.length) return { ref, type, outcome, reason, until: stored[4] as string | null };
  const [, , , , channel_type, channel, message_id, message_status] = stored as ChannelTuple;
  return { ref, type, channel_type, channel, outcome, reason, message_id, message_status };
}

/** Returns steps as JSON text. It is concatenated for the reason that `packRunEvents` gives. */
export function packSteps(steps: readonly StepOutcome[]): string {
  let text = "[";
  for (let index = 0; index < steps.length; index++)
    text += (index === 0 ? "" : ",") + packStep(steps[index] as StepOutcome);
  return `${text}]`;
}

export function unpackSteps(text: string): StepOutcome[] {
  return (JSON.parse(text) as StepOutcome[]).map(unpackStep);
}
