import type { EvaluatedCondition } from "../../domain/condition/evaluated-condition.js";
import { buildUndeclaredChannel, type Channel } from "../../domain/environment/environment.js";
import { type ChannelType, hasTrait } from "../../domain/message/channel-types.js";
import {
  MAX_MESSAGE_ACTORS,
  type Message,
  type MessageBatch,
  type MessageChannel,
} from "../../domain/message/message.js";
import type { Recipient } from "../../domain/recipient/recipient.js";
import type { StepOutcome } from "../../domain/run/outcome.js";
import type { ChannelStep } from "../../domain/step-types/channel-step.js";
import type { UserLookupResult } from "../../ports/provider.js";
import { createKsuid } from "../../util/ids.js";
import { toIsoTime } from "../../util/iso-time.js";
import { isJsonObject, type JsonObject } from "../../util/json.js";
import { SizedCache } from "../../util/sized-cache.js";
import { describeDecidingCondition } from "../condition/evaluate-conditions.js";
import type { BatchView } from "../context/build-batch-view.js";
import { buildConnectionRef, PendingQueryError } from "../context/pending-query.js";
import type { RunExecution } from "../execution/run-execution.js";
import type { StepEffect } from "../execution/step-effect.js";
import {
  type ChannelRenderer,
  type Destination,
  getChannelData,
  type RenderContext,
} from "../render/channel-renderer.js";
import { toConnectionDestination } from "../render/compile-chat.js";
import { createTracker } from "./create-tracker.js";
import { buildRenderContext, findDestinations, isSandbox, type Skip } from "./find-destinations.js";
import { selectChannels } from "./select-channels.js";

/**
 * Returns the device in a recipient's channel data that a push message is sent to. Returns null for providers without
 * devices, such as OneSignal.
 */
function findPushDevice(address: string, recipient: Recipient, channel: Channel): JsonObject | null {
  if (!hasTrait(channel.type, "hasDevices")) return null;
  const { devices } = getChannelData(recipient, channel);
  if (!Array.isArray(devices)) return null;
  return devices.filter(isJsonObject).find(({ token, target_arn }) => (token ?? target_arn) === address) ?? null;
}

/** Channels that no environment declares. They are cached so that their messages share one channel object. */
const undeclaredChannels = new SizedCache<Channel>(1_000_000);

function getUndeclaredChannel(key: string, type: ChannelType): Channel {
  const name = `${type} ${key}`;
  let channel = undeclaredChannels.get(name);
  if (channel === undefined) {
    channel = buildUndeclaredChannel(key, type);
    undeclaredChannels.set(name, channel, 500 + 2 * key.length);
  }
  return channel;
}

function resolveChannel(key: string, step: ChannelStep, { input }: RunExecution): Channel | null {
  const declared = Object.hasOwn(input.environment.channels, key) ? input.environment.channels[key] : undefined;
  return declared === undefined ? getUndeclaredChannel(key, step.channel_type ?? "http") : declared;
}

/**
 * Returns the channels that a step sends through: its own, or those of its group whose rules match. Otherwise returns
 * the reason to skip the step (E-171, E-189).
 */
export function resolveChannels(step: ChannelStep, execution: RunExecution): Channel[] | Skip {
  const notConfigured: Skip = {
    reason: { code: "channel_not_configured", detail: step.channel_key ?? step.channel_group_key },
  };
  const group =
    step.channel_group_key === null ? undefined : execution.input.environment.channel_groups[step.channel_group_key];
  if (step.channel_key !== null || group === undefined) {
    const channel = resolveChannel(step.channel_key ?? step.channel_group_key ?? "", step, execution);
    return channel === null ? notConfigured : [channel];
  }
  const evaluated: EvaluatedCondition[] = [];
  const chosen = selectChannels(group, execution.conditionScope, evaluated).flatMap(
    (key) => resolveChannel(key, step, execution) ?? [],
  );
  execution.recordConditions(evaluated);
  return chosen.length > 0
    ? chosen
    : { reason: { code: "condition", detail: `no channel of group ${group.key} applies` } };
}

function skipByStepConditions(step: ChannelStep, execution: RunExecution): Skip | null {
  const { passed, evaluated } = execution.checkConditions(step.conditions);
  return passed ? null : { reason: { code: "condition", detail: describeDecidingCondition(evaluated) } };
}

/**
 * Returns when the step's send windows allow the message, or null for immediately. A device's time zone takes
 * precedence over its owner's (E-184, E-197 to E-200).
 */
function resolveScheduledTime(
  step: ChannelStep,
  channel: Channel,
  address: string,
  execution: RunExecution,
): number | null {
  const { compiled, now } = execution.input;
  if (step.send_windows === null || compiled.timeWindows === null) return null;
  const device = findPushDevice(address, execution.parties.recipient, channel);
  return compiled.timeWindows.findSendWindowOpening(step.send_windows, now, execution.resolveZone(device?.timezone));
}

const toMessageBatch = ({ actors, total_actors, total_activities }: BatchView): MessageBatch => ({
  actors: actors.slice(0, MAX_MESSAGE_ACTORS),
  total_actors,
  total_activities,
});

/** Cached, so that messages through a channel share one object for it. */
const messageChannels = new WeakMap<Channel, MessageChannel>();

function toMessageChannel(channel: Channel): MessageChannel {
  const known = messageChannels.get(channel);
  if (known !== undefined) return known;
  const { id, key, type, provider } = channel;
  const messageChannel = { id, key, type, provider };
  messageChannels.set(channel, messageChannel);
  return messageChannel;
}

function createMessage(
  step: ChannelStep,
  channel: Channel,
  destination: Destination,
  renderer: ChannelRenderer,
  context: RenderContext,
  track: ReturnType<typeof createTracker>,
  execution: RunExecution,
): Message {
  const { input, run, scope, batch } = execution;
  const { now } = input;
  const id = createKsuid(now, input.ids.ksuidPayload());
  const at = toIsoTime(now);
  scope.current_message = { id, inserted_at: at, updated_at: at };
  const rendered = renderer.render(context, destination);
  const { content, links } = track?.(rendered, id) ?? { content: rendered };
  scope.current_message = undefined; // deleting the property would make the scope object slow in V8
  const scheduled = resolveScheduledTime(step, channel, destination.address, execution);
  const sandbox = isSandbox(channel, execution);
  const isInAppFeed = hasTrait(channel.type, "isFeed");
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
    channel: toMessageChannel(channel),
    status: "queued",
    content,
    data: scope.data as JsonObject,
    recipient_snapshot: destination.snapshot,
    metadata: sandbox ? { sandbox: true } : null,
    scheduled_at: scheduled,
    // A sandboxed message without a window is completed at the end of the advance. Other messages wait for delivery.
    due_at: scheduled ?? (sandbox ? null : now),
    attempts: 0,
    seen_at: null,
    read_at: null,
    interacted_at: null,
    link_clicked_at: null,
    archived_at: null,
    events: [
      { type: "created", at: now, data: null },
      { type: "queued", at: now, data: null },
    ],
    inserted_at: now,
    updated_at: now,
  };
  // Rare fields are assigned: an object literal with spreads would take V8 as long as everything else in this function.
  if (links) message.links = links;
  if (destination.secrets && !sandbox) message.secrets = destination.secrets;
  if (batch) message.batch = toMessageBatch(batch);
  if (input.run.trigger_source.type === "broadcast") message.source = "broadcast";
  if (isInAppFeed && scheduled === null) {
    // An in-app feed message is delivered when it is created (E-205).
    message.status = "delivered";
    message.due_at = null;
    message.events.push({ type: "delivered", at: now, data: null });
  }
  return message;
}

/**
 * Resolves a destination that needs a user lookup. An unknown user skips the step (E-186). A sandboxed channel makes no
 * lookup. If the provider cannot say now, the destination stays unresolved, and each delivery attempt looks it up
 * again.
 */
function resolveDestinations(
  destinations: Destination[],
  channel: Channel,
  execution: RunExecution,
): Destination[] | Skip {
  const lookup = destinations[0]?.userLookup;
  if (lookup === undefined || isSandbox(channel, execution)) return destinations;
  const ref = buildConnectionRef(channel);
  const { queryResults } = execution.input;
  if (!queryResults.has(ref))
    throw new PendingQueryError({ kind: "connection", ref, recipient: execution.run.recipient, channel, lookup });
  const lookupResult = queryResults.get(ref) as UserLookupResult;
  if (lookupResult === null) return destinations;
  if ("connection" in lookupResult) return [toConnectionDestination(lookupResult.connection)];
  return { reason: { code: "missing_recipient_data", detail: lookupResult.missing } };
}

/** Creates the messages of a step for one channel, or returns the reason to skip it. */
function createChannelMessages(step: ChannelStep, channel: Channel, execution: RunExecution): Message[] | Skip {
  const { input } = execution;
  const renderer = input.compiled.renderers.get(step.ref) as ChannelRenderer;
  const context = buildRenderContext(channel, execution);
  const destinations = findDestinations(renderer, context, execution);
  if (!Array.isArray(destinations)) return destinations;
  const resolvedDestinations = resolveDestinations(destinations, channel, execution);
  if (!Array.isArray(resolvedDestinations)) return resolvedDestinations;
  const track = createTracker(step, channel, input, (text) => execution.warn(text));
  context.isTracked = track !== null;
  return resolvedDestinations.map((to) => createMessage(step, channel, to, renderer, context, track, execution));
}

/** Executes a channel step (E-168): conditions, recipient data, preferences, send windows, rendering, messages. */
export function executeChannel(step: ChannelStep, execution: RunExecution): StepEffect {
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
  const buildSkippedEffect = ({ reason, eventData }: Skip): StepEffect => ({
    outcome: { ...base, reason },
    ...(eventData ? { log: eventData } : {}),
  });

  if (execution.batch?.total_activities === 0)
    return buildSkippedEffect({ reason: { code: "empty_batch", detail: null } }); // E-281
  const channels = resolveChannels(step, execution);
  if (!Array.isArray(channels)) return buildSkippedEffect(channels);
  const unmet = skipByStepConditions(step, execution);
  if (unmet) return buildSkippedEffect(unmet);

  const messages: Message[] = [];
  let firstSkip: Skip | null = null;
  for (const channel of channels) {
    const result = createChannelMessages(step, channel, execution);
    if (Array.isArray(result)) messages.push(...result);
    else firstSkip ??= result;
  }
  // A step with a channel group is skipped only if none of its channels creates a message (EQ-31).
  const [first] = messages;
  if (first === undefined)
    return buildSkippedEffect(
      firstSkip ?? { reason: { code: "condition", detail: "no channel of the group applies" } },
    );
  base.outcome = "sent";
  base.message_id = first.id;
  if (messages.length > 1) base.message_ids = messages.map((message) => message.id);
  return { messages, outcome: base };
}
