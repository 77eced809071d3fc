import { DELIVERY_STATUSES, ENGAGEMENT_STATUSES, type EngagementStatus } from "../../../../domain/message/message.js";
import { buildChannelOutcome } from "../../../../domain/run/message-outcomes.js";
import type { MessageHistory } from "../../../../ports/message-history.js";
import { filterObjects, isJsonObject, type JsonObject } from "../../../../util/json.js";

/** An event of a run or of one of its messages. */
interface Moment {
  /** The ID of the event, which never changes. */
  id: string;
  at: string;
  /** The name of the event. Those of messages start with `message.`. */
  event: string;
  is_error: boolean;
  step_ref: string | null;
  /** The cause of the event, such as the reason for which a step was skipped; null if the name says everything. */
  detail: string | null;
  /** The number of the run's events until then, in its document. */
  run_events: number;
}

const toText = (value: unknown): string | null =>
  typeof value === "string" || typeof value === "number" ? `${value}` : null;

/** Returns the most important value in the data of an event. */
function describeData({ data }: JsonObject): string | null {
  if (!isJsonObject(data)) return null;
  const { error, reason, until, total_activities } = data;
  const text = toText(error) ?? toText(reason)?.replaceAll("_", " ") ?? null;
  if (text !== null) return text;
  if (total_activities !== undefined) return total_activities === 1 ? "1 activity" : `${total_activities} activities`;
  return typeof until === "string" ? `until ${until.slice(0, 19).replace("T", " ")} UTC` : null;
}

function createMoment(event: JsonObject, name: unknown, step: unknown, run_events: number): Moment {
  return {
    id: String(event.id),
    at: String(event.inserted_at),
    event: String(name),
    is_error: event.status === "error",
    step_ref: toText(step),
    detail: describeData(event),
    run_events,
  };
}

/** Lists the events of messages, oldest first. A message is created with an event of its run. */
function listMessageMoments(histories: readonly MessageHistory[]): Moment[] {
  return histories
    .flatMap(({ message, events }) => {
      const { step_ref } = isJsonObject(message.source) ? message.source : {};
      return events
        .filter(({ type }) => type !== "message.created")
        .map((event) => createMoment({ ...event, data: null }, event.type, step_ref, 0))
        .reverse();
    })
    .sort((one, other) => Date.parse(one.at) - Date.parse(other.at));
}

/**
 * Lists the moments of a run in order. Events of messages follow those of the run at the same time, because a message is
 * delivered after the run was stored.
 */
export function listMoments(run: JsonObject, histories: readonly MessageHistory[]): Moment[] {
  const own = filterObjects(run.events).map((event, index) =>
    createMoment(event, event.event, event.step_ref, index + 1),
  );
  const others = listMessageMoments(histories);
  const moments: Moment[] = [];
  for (const moment of own) {
    while (others[0] !== undefined && Date.parse(others[0].at) < Date.parse(moment.at))
      moments.push({ ...(others.shift() as Moment), run_events: moment.run_events - 1 });
    moments.push(moment);
  }
  return [...moments, ...others.map((moment) => ({ ...moment, run_events: own.length }))];
}

/** Returns the IDs of the messages that a run created, in order. */
export function listMessageIds(events: readonly JsonObject[]): string[] {
  return events.flatMap(({ event, data }) =>
    event === "message_enqueued" && isJsonObject(data) ? [String(data.message_id)] : [],
  );
}

/** Returns a message after its first events, with the statuses that it had then. */
function restoreMessage({ message, events }: MessageHistory, isPast: (id: string) => boolean): JsonObject {
  const engagements = new Set<EngagementStatus>();
  let status: string = "queued";
  for (const { id, type } of events.toReversed()) {
    const name = String(type).replace("message.", "");
    if (name !== "created" && !isPast(String(id))) continue;
    const [engaged] = ENGAGEMENT_STATUSES.filter((candidate) => name === candidate);
    const [undone] = ENGAGEMENT_STATUSES.filter((candidate) => name === `un${candidate}`);
    if (engaged !== undefined) engagements.add(engaged);
    else if (undone !== undefined) engagements.delete(undone);
    else if (DELIVERY_STATUSES.some((candidate) => candidate === name)) status = name;
  }
  return { ...message, status, engagement_statuses: [...engagements] };
}

const ENDS = new Set(["step_completed", "step_skipped", "step_failed", "run_halted", "run_cancelled"]);

/** Returns the last event with which a step ended. */
const findEnd = (events: readonly JsonObject[], ref: unknown): JsonObject | undefined =>
  events.findLast(({ event, step_ref }) => step_ref === ref && ENDS.has(String(event)));

/** Returns a step that had not ended, or that was executed again since. */
function restoreOpenStep({ ref, type, channel_type }: JsonObject, events: readonly JsonObject[]): JsonObject {
  const own = events.filter(({ step_ref }) => step_ref === ref);
  const data = own.map((event) => event.data).filter(isJsonObject);
  const last = own.findLast(({ event }) => event !== "run_resumed" && event !== "step_started");
  const isFailed = last?.event === "step_failed";
  const until = data.findLast((found) => found.until !== undefined)?.until;
  const conditions = data.findLast((found) => found.conditions !== undefined)?.conditions;
  const { error, reason } = data.at(-1) ?? {};
  return {
    ref: ref ?? null,
    type: type ?? null,
    ...(channel_type === undefined ? {} : { channel_type }),
    ...(conditions === undefined ? {} : { conditions }),
    outcome: isFailed ? "failed" : own.some(({ event }) => event === "run_paused") ? "waiting" : "processing",
    reason: isFailed ? { code: reason ?? "render_error", detail: error ?? null } : null,
    ...(until === undefined || isFailed ? {} : { waited_until: until }),
  };
}

function restoreStep(
  step: JsonObject,
  past: readonly JsonObject[],
  all: readonly JsonObject[],
  messages: readonly JsonObject[],
): JsonObject[] {
  if (!past.some(({ step_ref }) => step_ref === step.ref)) return [];
  const end = findEnd(past, step.ref);
  if (end === undefined || end.id !== findEnd(all, step.ref)?.id) return [restoreOpenStep(step, past)];
  const ids = listMessageIds(past.filter(({ step_ref }) => step_ref === step.ref));
  const own = messages.filter(({ id }) => ids.includes(String(id)));
  if (own.length === 0) return [step];
  const { until: _until, message_status: _status, message_statuses: _statuses, ...rest } = step;
  return [{ ...rest, ...buildChannelOutcome(String(step.ref), toText(step.channel_type), ids, own) }];
}

const STATUSES: Record<string, string> = {
  run_started: "processing",
  run_paused: "paused",
  run_resumed: "processing",
  step_retried: "processing",
  run_completed: "completed",
  run_cancelled: "cancelled",
};

function restoreStatus(run: JsonObject, past: readonly JsonObject[], all: readonly JsonObject[]): JsonObject[string] {
  if (past.length === all.length) return run.status ?? null;
  const last = past.findLast(({ event }) => STATUSES[String(event)] !== undefined);
  return STATUSES[String(last?.event)] ?? "queued";
}

/** Returns the messages of a run as they were at a moment, in the order in which they were created. */
export function restoreMessages(
  moments: readonly Moment[],
  index: number,
  events: readonly JsonObject[],
  histories: readonly MessageHistory[],
): JsonObject[] {
  const created = listMessageIds(events.slice(0, moments[index]?.run_events));
  const past = new Set(moments.slice(0, index + 1).map(({ id }) => id));
  return histories
    .filter(({ message }) => created.includes(String(message.id)))
    .map((history) => restoreMessage(history, (id) => past.has(id)));
}

/** Returns the document of a run as it was after its first `count` events, with the messages that it had then. */
export function restoreRun(run: JsonObject, count: number, messages: readonly JsonObject[]): JsonObject {
  const all = filterObjects(run.events);
  const past = all.slice(0, count);
  const { reason, conditions, ...rest } = run;
  const hasConditions = past.some(({ event }) => event === "trigger_conditions_evaluated");
  const hasReason = past.some(
    ({ event, step_ref }) => step_ref === null && (ENDS.has(String(event)) || event === "run_completed"),
  );
  return {
    ...rest,
    ...(hasConditions && conditions !== undefined ? { conditions } : {}),
    ...(hasReason && reason !== undefined ? { reason } : {}),
    status: restoreStatus(run, past, all),
    error_count: past.filter(({ status }) => status === "error").length,
    steps: filterObjects(run.steps).flatMap((step) => restoreStep(step, past, all, messages)),
    events: past,
  };
}
