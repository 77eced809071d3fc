import type { EvaluatedCondition } from "../../domain/condition/evaluated-condition.js";
import { type Channel, undeclaredChannel } from "../../domain/environment/environment.js";
import { type ChannelType, hasTrait } from "../../domain/message/channel-types.js";
import {
  MAX_MESSAGE_ACTORS,
  type Message,
  type MessageBatch,
  type MessageChannel,
} from "../../domain/message/message.js";
import type { StepOutcome } from "../../domain/run/outcome.js";
import type { ChannelStep } from "../../domain/steps/channel.js";
import type { FoundUser } from "../../ports/provider.js";
import { ksuid } from "../../util/ids.js";
import { isoTime } from "../../util/iso-time.js";
import type { JsonObject } from "../../util/json.js";
import type { Advancing, StepEffect } from "../advancing/advancing.js";
import { plainMessageEvent } from "../advancing/plain-events.js";
import { conditionLog, decidingCondition } from "../condition/condition-log.js";
import { evaluateConditions } from "../condition/conditions.js";
import type { BatchView } from "../context/batch-view.js";
import { connectionRef, NeedsAnswer } from "../context/need.js";
import type { ChannelRenderer, Destination, RenderContext } from "../render/channel-renderer.js";
import { toConnection } from "../render/chat.js";
import { chosenChannels } from "./channel-group.js";
import { preferenceSkip, type Skip } from "./preference-skip.js";
import { deviceAt } from "./push-device.js";
import { trackingOf } from "./tracking.js";

/** Channels that no environment declares, up to so many, made once: their messages share what is told of them. */
const MOST_UNDECLARED = 1_000;
const undeclared = new Map<string, Channel>();

function undeclaredNamed(key: string, type: ChannelType): Channel {
  const name = `${type} ${key}`;
  let channel = undeclared.get(name);
  if (channel === undefined) {
    if (undeclared.size >= MOST_UNDECLARED) undeclared.clear();
    channel = undeclaredChannel(key, type);
    undeclared.set(name, channel);
  }
  return channel;
}

function channelNamed(key: string, step: ChannelStep, { input }: Advancing): Channel | null {
  const declared = Object.hasOwn(input.environment.channels, key) ? input.environment.channels[key] : undefined;
  return declared === undefined ? undeclaredNamed(key, step.channel_type ?? "http") : declared;
}

/** The channels a step sends through, or why there is none: its own, or those of its group whose rules let it (E-171, E-189). */
export function channelsOf(step: ChannelStep, advancing: Advancing): Channel[] | Skip {
  const notConfigured: Skip = {
    skip: { code: "channel_not_configured", detail: step.channel_key ?? step.channel_group_key },
  };
  const group =
    step.channel_group_key === null ? undefined : advancing.input.environment.channel_groups[step.channel_group_key];
  if (step.channel_key !== null || group === undefined) {
    const channel = channelNamed(step.channel_key ?? step.channel_group_key ?? "", step, advancing);
    return channel === null ? notConfigured : [channel];
  }
  const evaluated: EvaluatedCondition[] = [];
  const chosen = chosenChannels(group, advancing.conditionScope, evaluated).flatMap(
    (key) => channelNamed(key, step, advancing) ?? [],
  );
  advancing.compare(evaluated);
  return chosen.length > 0
    ? chosen
    : { skip: { code: "condition", detail: `no channel of group ${group.key} applies` } };
}

/** Nothing leaves (E-208); the in-app feed has no sandbox. */
function isSandbox(channel: Channel, { input }: Advancing): boolean {
  return !hasTrait(channel.type, "isFeed") && (!channel.deliver || input.run.settings.sandbox_mode);
}

function checkStepConditions(step: ChannelStep, advancing: Advancing): Skip | null {
  const { passed, evaluated } = advancing.checkConditions(step.conditions);
  return passed ? null : { skip: { code: "condition", detail: decidingCondition(evaluated) } };
}

/** The channel's own, after the step's, which a sandboxed channel does not evaluate (E-089, E-172). */
function checkChannelConditions(channel: Channel, advancing: Advancing): Skip | null {
  if (channel.conditions === null || isSandbox(channel, advancing)) return null;
  const result = evaluateConditions(channel.conditions, advancing.conditionScope);
  if (result.passed) return null;
  return {
    skip: { code: "condition", detail: `channel ${channel.key}: ${decidingCondition(result.evaluated) ?? ""}` },
    log: { reason: "channel_conditions_failed", conditions: conditionLog(result.evaluated) },
  };
}

/** When the step's send windows let a message go, a device's own zone before its owner's: null for at once (E-184, E-197 to E-200). */
function scheduledAt(step: ChannelStep, channel: Channel, address: string, advancing: Advancing): number | null {
  const { compiled, now } = advancing.input;
  if (step.send_windows === null || compiled.timeWindows === null) return null;
  const device = deviceAt(address, advancing.parties.recipient, channel);
  return compiled.timeWindows.sendWindowOpening(step.send_windows, now, advancing.zone(device?.timezone));
}

function messageBatch({ actors, total_actors, total_activities }: BatchView): MessageBatch {
  return { actors: actors.slice(0, MAX_MESSAGE_ACTORS), total_actors, total_activities };
}

/** Messages through a channel share what they tell of it. */
const told = new WeakMap<Channel, MessageChannel>();

function toldOf(channel: Channel): MessageChannel {
  let one = told.get(channel);
  if (one === undefined) {
    one = { id: channel.id, key: channel.key, type: channel.type, provider: channel.provider };
    told.set(channel, one);
  }
  return one;
}

function createMessage(
  step: ChannelStep,
  channel: Channel,
  destination: Destination,
  renderer: ChannelRenderer,
  context: RenderContext,
  track: ReturnType<typeof trackingOf>,
  advancing: Advancing,
): Message {
  const { input, run, scope, batch } = advancing;
  const { now } = input;
  const id = ksuid(now, input.ids.bytes());
  const at = isoTime(now);
  scope.current_message = { id, inserted_at: at, updated_at: at };
  const rendered = renderer.render(context, destination);
  const { content, links } = track?.(rendered, id) ?? { content: rendered };
  scope.current_message = undefined; // deleted, the scope would be slow from here on
  const scheduled = scheduledAt(step, channel, destination.address, advancing);
  const sandbox = isSandbox(channel, advancing);
  const isFeed = hasTrait(channel.type, "isFeed");
  const message: Message = {
    id,
    workflow_run_id: run.workflow_run_id,
    recipient_run_id: run.id,
    recipient: run.recipient,
    actor: input.run.actor,
    workflow: input.run.workflow,
    version_id: input.run.version_id,
    categories: input.compiled.workflow.categories,
    step_ref: step.ref,
    tenant: input.run.tenant,
    channel: toldOf(channel),
    status: "queued",
    content,
    data: scope.data as JsonObject,
    recipient_snapshot: destination.snapshot,
    metadata: sandbox ? { sandbox: true } : null,
    scheduled_at: scheduled,
    // A sandboxed message without a window is settled at the end of the advance; the others wait for delivery.
    due_at: scheduled ?? (sandbox ? null : now),
    attempts: 0,
    seen_at: null,
    read_at: null,
    interacted_at: null,
    link_clicked_at: null,
    archived_at: null,
    events: [plainMessageEvent("created", now), plainMessageEvent("queued", now)],
    inserted_at: now,
    updated_at: now,
  };
  // What few messages have is assigned: a literal that spreads takes V8 as long as all the rest of it.
  if (links) message.links = links;
  if (destination.secrets && !sandbox) message.secrets = destination.secrets;
  if (batch) message.batch = messageBatch(batch);
  if (input.run.trigger_source.type === "broadcast") message.source = "broadcast";
  if (isFeed && scheduled === null) {
    // E-205: the feed is the delivery.
    message.status = "delivered";
    message.due_at = null;
    message.events.push(plainMessageEvent("delivered", now));
  }
  return message;
}

/**
 * A destination that has to be looked up, looked up: nobody there is a step skipped (E-186). Where nothing leaves, nobody is
 * asked; where the provider cannot say now, the delivery asks again, as often as it is tried.
 */
function found(destinations: Destination[], channel: Channel, advancing: Advancing): Destination[] | Skip {
  const lookup = destinations[0]?.lookup;
  if (lookup === undefined || isSandbox(channel, advancing)) return destinations;
  const ref = connectionRef(channel);
  const { answers } = advancing.input;
  if (!answers.has(ref))
    throw new NeedsAnswer({ kind: "connection", ref, recipient: advancing.run.recipient, channel, lookup });
  const answer = answers.get(ref) as FoundUser;
  if (answer === null) return destinations;
  if ("connection" in answer) return [toConnection(answer.connection)];
  return { skip: { code: "missing_recipient_data", detail: answer.missing } };
}

/** What one channel makes of a step: its messages, or why none. */
function sendThrough(step: ChannelStep, channel: Channel, advancing: Advancing): Message[] | Skip {
  const { input, scope, parties, batch } = advancing;
  const unmet = checkChannelConditions(channel, advancing);
  if (unmet) return unmet;
  const renderer = input.compiled.renderers.get(step.ref) as ChannelRenderer;
  const context: RenderContext = {
    scope,
    recipient: parties.recipient,
    tenant: parties.tenant,
    channel,
    batch: batch && { first: batch.firstData, reduced: batch.reducedData },
    warn: (text) => advancing.warn(text),
  };
  const destinations = renderer.destinations(context);
  if (destinations.length === 0) return { skip: { code: "missing_recipient_data", detail: renderer.needs } };
  const skip = preferenceSkip(channel, advancing);
  if (skip) return skip;
  const places = found(destinations, channel, advancing);
  if (!Array.isArray(places)) return places;
  const track = trackingOf(step, channel, input, (text) => advancing.warn(text));
  context.isTracked = track !== null;
  return places.map((to) => createMessage(step, channel, to, renderer, context, track, advancing));
}

/** A channel step (E-168): conditions → the recipient's data → preferences → send windows → render → message. */
export function executeChannel(step: ChannelStep, advancing: Advancing): StepEffect {
  const base: StepOutcome = {
    ref: step.ref,
    type: "channel",
    channel_type: step.channel_type ?? "",
    channel: step.channel_key ?? step.channel_group_key,
    outcome: "skipped",
    reason: null,
    message_id: null,
    message_status: null,
  };
  const skipped = ({ skip, log }: Skip): StepEffect => ({
    outcome: { ...base, reason: skip },
    ...(log ? { log } : {}),
  });

  if (advancing.batch?.total_activities === 0) return skipped({ skip: { code: "empty_batch", detail: null } }); // E-281
  const channels = channelsOf(step, advancing);
  if (!Array.isArray(channels)) return skipped(channels);
  const unmet = checkStepConditions(step, advancing);
  if (unmet) return skipped(unmet);

  const messages: Message[] = [];
  let firstSkip: Skip | null = null;
  for (const channel of channels) {
    const result = sendThrough(step, channel, advancing);
    if (Array.isArray(result)) messages.push(...result);
    else firstSkip ??= result;
  }
  // Of a group, a step is skipped only where no channel makes a message (EQ-31).
  const [first] = messages;
  if (first === undefined)
    return skipped(firstSkip ?? { skip: { code: "condition", detail: "no channel of the group applies" } });
  base.outcome = "sent";
  base.message_id = first.id;
  if (messages.length > 1) base.message_ids = messages.map((message) => message.id);
  return { messages, outcome: base };
}
