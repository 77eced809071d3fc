import type { Recipient, RecipientKey } from "../../domain/recipient/recipient.js";
import { invalidParams } from "../../domain/shape/invalid-params.js";
import {
  parseBulkScheduleRequest,
  parseScheduleChange,
  parseScheduleIds,
  parseScheduleRequest,
} from "../../domain/trigger/parse-schedule.js";
import type { Schedule, ScheduleChange, ScheduleRequest } from "../../domain/trigger/schedule.js";
import type { Parties, TriggerRecipient } from "../../domain/trigger/trigger.js";
import { KnockError } from "../../errors/knock-error.js";
import type { RecipientStore } from "../../ports/recipient-store.js";
import type { ScheduleOperations } from "../../ports/resources.js";
import type { ScheduleStore } from "../../ports/schedule-store.js";
import type { JsonObject } from "../../util/json.js";
import { type DueWorkStore, type EngineContext, readTime } from "../context/engine-context.js";
import { scheduleShapes } from "../context/schedule-shape.js";
import { runDueAt } from "../run/due-work.js";
import { checkActor, keysOf, upsertsOf } from "../run/trigger-workflow.js";
import { firstOccurrence } from "../schedule/schedule-occurrences.js";
import { findWorkflow } from "../workflow/find-workflow.js";

/** Checks actors, then writes whom the requests identify inline (E-367). */
async function identify(
  { store, definitions }: EngineContext<RecipientStore>,
  parties: readonly Parties[],
  now: number,
) {
  const environment = await definitions.environment();
  const known = await store.readRecipients([...new Set(parties.flatMap(keysOf))]);
  for (const one of parties) checkActor(one, known);
  const upserts = parties.flatMap((one) => upsertsOf(one, environment, known));
  if (upserts.length > 0) await store.upsertRecipients(upserts, now);
}

function newSchedule(id: string, request: ScheduleRequest, recipient: TriggerRecipient, now: number): Schedule {
  const { data } = request;
  return {
    id,
    workflow: request.workflow,
    recipient: recipient.key,
    actor: request.actor?.key ?? null,
    tenant: request.tenant?.id ?? null,
    data: recipient.trigger_data ? { ...data, ...recipient.trigger_data } : data,
    repeats: request.repeats,
    scheduled_at: request.scheduled_at,
    ending_at: request.ending_at,
    next_occurrence_at: null,
    last_occurrence_at: null,
    inserted_at: now,
    updated_at: now,
  };
}

/** One listing per recipient, as in a trigger (EQ-11). */
function distinct(recipients: readonly TriggerRecipient[]): TriggerRecipient[] {
  const seen = new Map<RecipientKey, TriggerRecipient>();
  for (const one of recipients) if (!seen.has(one.key)) seen.set(one.key, one);
  return [...seen.values()];
}

/** What is due at once occurs before the answer: a one-off in the past (EQ-62). */
async function runPast(
  context: EngineContext<DueWorkStore>,
  schedules: readonly Schedule[],
  now: number,
): Promise<void> {
  if (schedules.some(({ next_occurrence_at: next }) => next !== null && next <= now)) await runDueAt(context, now);
}

async function createSchedules(
  context: EngineContext<DueWorkStore>,
  requests: readonly ScheduleRequest[],
): Promise<JsonObject[]> {
  const { store, definitions, ids } = context;
  const now = await readTime(context);
  for (const workflow of new Set(requests.map((request) => request.workflow)))
    await findWorkflow(definitions, workflow); // E-366; one that is switched off may be scheduled (EQ-62)
  await identify(context, requests, now);
  const made = requests.flatMap((request) =>
    distinct(request.recipients).map((recipient) => newSchedule(ids.uuid(), request, recipient, now)),
  );
  const schedules = await withFirstOccurrence(context, made, now);
  await store.insertSchedules(schedules);
  await runPast(context, schedules, now);
  return scheduleShapes(store, await store.readSchedules(schedules.map(({ id }) => id)));
}

async function withFirstOccurrence(context: EngineContext<RecipientStore>, made: readonly Schedule[], now: number) {
  const environment = await context.definitions.environment();
  const people: ReadonlyMap<RecipientKey, Recipient> = await context.store.readRecipients([
    ...new Set(made.map(({ recipient }) => recipient)),
  ]);
  const schedules: Schedule[] = [];
  for (const schedule of made) {
    const recipient = people.get(schedule.recipient);
    schedules.push({
      ...schedule,
      next_occurrence_at: await firstOccurrence(schedule, now, { recipient, environment }),
    });
  }
  return schedules;
}

/** All of them, each once, or `resource_missing` and nothing is changed. */
async function requireSchedules({ store }: EngineContext<ScheduleStore>, ids: readonly string[]): Promise<Schedule[]> {
  const wanted = [...new Set(ids)];
  const found = await store.readSchedules(wanted);
  const known = new Set(found.map(({ id }) => id));
  const missing = wanted.filter((id) => !known.has(id));
  if (missing.length === 0) return found;
  throw new KnockError(
    "resource_missing",
    `there is no schedule "${missing[0]}"${missing.length > 1 ? ` (and ${missing.length - 1} more)` : ""}`,
    {
      details: missing.map((id) => ({ pointer: "", message: "is no schedule's id", value: id })),
      hint: "knock schedules list shows them; nothing was changed.",
    },
  );
}

/** A schedule with the changed values; its times are left to the caller. */
function changed(schedule: Schedule, change: ScheduleChange, now: number): Schedule {
  const { actor, tenant, data, repeats, scheduled_at, ending_at } = change;
  const after: Schedule = { ...schedule, updated_at: now };
  if (actor !== undefined) after.actor = actor?.key ?? null;
  if (tenant !== undefined) after.tenant = tenant?.id ?? null;
  if (data !== undefined) after.data = data;
  if (repeats !== undefined) after.repeats = repeats;
  if (scheduled_at !== undefined) after.scheduled_at = scheduled_at;
  if (ending_at !== undefined) after.ending_at = ending_at;
  if (after.repeats.length === 0 && after.scheduled_at === null) {
    throw invalidParams("the change", [
      { pointer: "/scheduled_at", message: `is required where nothing repeats (schedule ${schedule.id})` },
    ]);
  }
  return after;
}

/** A one-off that has occurred does so again only at a new time. */
function hasOccurred(schedule: Schedule, change: ScheduleChange): boolean {
  const { repeats, scheduled_at, last_occurrence_at: last } = schedule;
  if (repeats.length > 0 || change.scheduled_at !== undefined || scheduled_at === null) return false;
  return last !== null && last >= scheduled_at;
}

/** E-378, E-379. Values that concern no time leave the next occurrence as it is. */
async function updateSchedules(context: EngineContext<DueWorkStore>, change: ScheduleChange): Promise<JsonObject[]> {
  const { store } = context;
  const now = await readTime(context);
  const timed = change.repeats !== undefined || change.scheduled_at !== undefined || change.ending_at !== undefined;
  await requireSchedules(context, change.schedule_ids);
  await identify(context, [{ recipients: [], actor: change.actor ?? null, tenant: change.tenant ?? null }], now);
  for (;;) {
    const before = await requireSchedules(context, change.schedule_ids);
    const made = before.map((schedule) => changed(schedule, change, now));
    const timedOnes = timed ? await withFirstOccurrence(context, made, now) : made;
    const after = timedOnes.map((schedule) =>
      timed && hasOccurred(schedule, change) ? { ...schedule, next_occurrence_at: null } : schedule,
    );
    const updates = after.map((schedule, index) => ({ before: before[index] as Schedule, after: schedule }));
    if (!(await store.updateSchedules(updates))) continue; // one has occurred in between
    await runPast(context, after, now);
    return scheduleShapes(store, await store.readSchedules(change.schedule_ids));
  }
}

/** Schedules (section 25 of the engine's rules; A-267 to A-271). */
export function scheduleOperations(context: EngineContext<DueWorkStore>): ScheduleOperations {
  const { store } = context;
  return {
    async list(filter, page) {
      const { items, page_info } = await store.listSchedules(filter, page);
      return { items: await scheduleShapes(store, items), page_info };
    },
    async read(id) {
      const [shape] = await scheduleShapes(store, await store.readSchedules([id]));
      return shape ?? null;
    },
    create: async (body, name) => createSchedules(context, [parseScheduleRequest(body, name)]),
    createMany: async (body, name) => createSchedules(context, parseBulkScheduleRequest(body, name)),
    update: async (body, name) => updateSchedules(context, parseScheduleChange(body, name)),
    async delete(body) {
      const ids = parseScheduleIds(body);
      const found = await requireSchedules(context, ids);
      const shapes = await scheduleShapes(store, found);
      await store.deleteSchedules(ids);
      return shapes;
    },
  };
}
