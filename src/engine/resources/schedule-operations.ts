import { checkTriggerData } from "../../domain/data-schema/check-trigger-data.js";
import { createInvalidParamsError } from "../../domain/findings/invalid-params-error.js";
import { collectDistinctRecipients, type Recipient, type RecipientKey } from "../../domain/recipient/recipient.js";
import {
  parseBulkScheduleRequest,
  parseScheduleChange,
  parseScheduleIds,
  parseScheduleRequest,
} from "../../domain/trigger/parse-schedule.js";
import type { Schedule, ScheduleChange, ScheduleRequest } from "../../domain/trigger/schedule.js";
import type { Parties, TriggerRecipient } from "../../domain/trigger/trigger.js";
import { collectRecipientKeys } from "../../domain/trigger/trigger.js";
import type { Workflow } from "../../domain/workflow/workflow.js";
import { KnockError } from "../../errors/knock-error.js";
import { type CausedWork, NO_CAUSED_WORK } from "../../ports/due-store.js";
import { OwnWork } from "../../ports/own-work.js";
import type { RecipientStore } from "../../ports/recipient-store.js";
import type { ScheduleOperations } from "../../ports/resource-operations.js";
import type { ScheduleStore } from "../../ports/schedule-store.js";
import type { JsonObject } from "../../util/json.js";
import { type DueWorkStore, type EngineContext, readTime } from "../context/engine-context.js";
import { serializeSchedules } from "../context/serialize-schedule.js";
import { runDueWork } from "../run/run-due-work.js";
import { checkActor, collectUpserts } from "../run/trigger-workflow.js";
import { findFirstOccurrence } from "../schedule/schedule-occurrences.js";
import { findWorkflow } from "../workflow/find-workflow.js";

/** Checks the actors, then writes the recipients that the requests identify inline (E-367). */
async function identifyInlineRecipients(
  { store, definitions }: EngineContext<RecipientStore>,
  parties: readonly Parties[],
  now: number,
): Promise<CausedWork> {
  const environment = await definitions.environment();
  const known = await store.readRecipients([...new Set(parties.flatMap(collectRecipientKeys))]);
  for (const request of parties) checkActor(request, known);
  const upserts = parties.flatMap((request) => collectUpserts(request, environment, known));
  return upserts.length > 0 ? store.upsertRecipients(upserts, now) : NO_CAUSED_WORK;
}

export function buildSchedule(
  id: string,
  request: ScheduleRequest,
  recipient: TriggerRecipient,
  now: number,
): Schedule {
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

/** Runs occurrences in the past, and what identifying recipients caused, before the response is sent (EQ-62). */
async function runPastOccurrences(
  context: EngineContext<DueWorkStore>,
  schedules: readonly Schedule[],
  now: number,
  caused: CausedWork,
): Promise<void> {
  const past = schedules.filter(({ next_occurrence_at: next }) => next !== null && next <= now);
  const ownWork = new OwnWork({ scheduleIds: past.map(({ id }) => id) });
  ownWork.add(caused);
  if (!ownWork.isEmpty) await runDueWork({ ...context, ownWork }, now);
}

async function createSchedules(
  context: EngineContext<DueWorkStore>,
  requests: readonly ScheduleRequest[],
): Promise<JsonObject[]> {
  const { store, definitions, ids } = context;
  const now = await readTime(context);
  const workflows = new Map<string, Workflow>();
  for (const { workflow: key, data } of requests) {
    const workflow = workflows.get(key) ?? (await findWorkflow(definitions, key)).workflow; // an inactive one can be scheduled (E-366, EQ-62)
    workflows.set(key, workflow);
    checkTriggerData(workflow, data ?? {});
  }
  const caused = await identifyInlineRecipients(context, requests, now);
  const newSchedules = requests.flatMap((request) =>
    collectDistinctRecipients(request.recipients).map((recipient) =>
      buildSchedule(ids.uuid(), request, recipient, now),
    ),
  );
  const schedules = await setFirstOccurrences(context, newSchedules, now);
  await store.insertSchedules(schedules);
  await runPastOccurrences(context, schedules, now, caused);
  return serializeSchedules(store, await store.readSchedules(schedules.map(({ id }) => id)));
}

export async function setFirstOccurrences(
  context: Pick<EngineContext<Pick<RecipientStore, "readRecipients">>, "store" | "definitions">,
  untimedSchedules: readonly Schedule[],
  now: number,
): Promise<Schedule[]> {
  const environment = await context.definitions.environment();
  const recipients: ReadonlyMap<RecipientKey, Recipient> = await context.store.readRecipients([
    ...new Set(untimedSchedules.map(({ recipient }) => recipient)),
  ]);
  const schedules: Schedule[] = [];
  for (const schedule of untimedSchedules) {
    const recipient = recipients.get(schedule.recipient);
    schedules.push({
      ...schedule,
      next_occurrence_at: await findFirstOccurrence(schedule, now, { recipient, environment }),
    });
  }
  return schedules;
}

/** Returns all schedules, each once. Throws `resource_missing` if one does not exist. */
async function readRequiredSchedules(
  { store }: EngineContext<ScheduleStore>,
  ids: readonly string[],
): Promise<Schedule[]> {
  const wanted = [...new Set(ids)];
  const found = await store.readSchedules(wanted);
  const known = new Set(found.map(({ id }) => id));
  const missing = wanted.filter((id) => !known.has(id));
  if (missing.length === 0) return found;
  throw new KnockError(
    "resource_missing",
    `there is no schedule "${missing[0]}"${missing.length > 1 ? ` (and ${missing.length - 1} more)` : ""}`,
    {
      details: missing.map((id) => ({ pointer: "", message: "is not the ID of a schedule", value: id })),
      hint: "Run `knock schedules list` to see schedules. Nothing was changed.",
    },
  );
}

/** Returns a schedule with the changed values. The caller sets its next occurrence. */
function applyScheduleChange(schedule: Schedule, change: ScheduleChange, now: number): Schedule {
  const { actor, tenant, data, repeats, scheduled_at, ending_at } = change;
  const after: Schedule = { ...schedule, updated_at: now };
  if (actor !== undefined) after.actor = actor?.key ?? null;
  if (tenant !== undefined) after.tenant = tenant?.id ?? null;
  if (data !== undefined) after.data = data;
  if (repeats !== undefined) after.repeats = repeats;
  if (scheduled_at !== undefined) after.scheduled_at = scheduled_at;
  if (ending_at !== undefined) after.ending_at = ending_at;
  if (after.repeats.length === 0 && after.scheduled_at === null) {
    throw createInvalidParamsError("the change", [
      { pointer: "/scheduled_at", message: `is required without repeats (schedule ${schedule.id})` },
    ]);
  }
  return after;
}

/** Returns whether a schedule without repeats has occurred. It occurs again only at a new time. */
export function hasOccurred(schedule: Schedule, change: Pick<ScheduleChange, "scheduled_at">): boolean {
  const { repeats, scheduled_at, last_occurrence_at: last } = schedule;
  if (repeats.length > 0 || change.scheduled_at !== undefined || scheduled_at === null) return false;
  return last !== null && last >= scheduled_at;
}

/** Updates schedules (E-378, E-379). A change without times leaves the next occurrence unchanged. */
async function updateSchedules(context: EngineContext<DueWorkStore>, change: ScheduleChange): Promise<JsonObject[]> {
  const { store } = context;
  const now = await readTime(context);
  const changesTimes =
    change.repeats !== undefined || change.scheduled_at !== undefined || change.ending_at !== undefined;
  const found = await readRequiredSchedules(context, change.schedule_ids);
  if (change.data !== undefined)
    for (const key of new Set(found.map(({ workflow }) => workflow)))
      checkTriggerData((await findWorkflow(context.definitions, key)).workflow, change.data ?? {});
  const caused = await identifyInlineRecipients(
    context,
    [{ recipients: [], actor: change.actor ?? null, tenant: change.tenant ?? null }],
    now,
  );
  for (;;) {
    const before = await readRequiredSchedules(context, change.schedule_ids);
    const changedSchedules = before.map((schedule) => applyScheduleChange(schedule, change, now));
    const timedSchedules = changesTimes ? await setFirstOccurrences(context, changedSchedules, now) : changedSchedules;
    const after = timedSchedules.map((schedule) =>
      changesTimes && hasOccurred(schedule, change) ? { ...schedule, next_occurrence_at: null } : schedule,
    );
    const updates = after.map((schedule, index) => ({ before: before[index] as Schedule, after: schedule }));
    if (!(await store.updateSchedules(updates))) continue; // a schedule has changed since it was read, for example by an occurrence
    await runPastOccurrences(context, after, now, caused);
    return serializeSchedules(store, await store.readSchedules(change.schedule_ids));
  }
}

/** Creates the operations on schedules (section 25 of the engine's rules; A-267 to A-271). */
export function createScheduleOperations(context: EngineContext<DueWorkStore>): ScheduleOperations {
  const { store } = context;
  return {
    async list(filter, page) {
      const { items, page_info } = await store.listSchedules(filter, page);
      return { items: await serializeSchedules(store, items), page_info };
    },
    async read(id) {
      const [serialized] = await serializeSchedules(store, await store.readSchedules([id]));
      return serialized ?? null;
    },
    create: async (body, name) => createSchedules(context, [parseScheduleRequest(body, name)]),
    createMany: async (body, name) => createSchedules(context, parseBulkScheduleRequest(body, name)),
    update: async (body, name) => updateSchedules(context, parseScheduleChange(body, name)),
    async delete(body) {
      const ids = parseScheduleIds(body);
      const found = await readRequiredSchedules(context, ids);
      const serialized = await serializeSchedules(store, found);
      await store.deleteSchedules(ids);
      return serialized;
    },
  };
}
