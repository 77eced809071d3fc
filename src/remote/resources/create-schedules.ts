import { createInvalidParamsError } from "../../domain/findings/invalid-params-error.js";
import { KnockError } from "../../errors/knock-error.js";
import { isJsonObject, type Json, type JsonObject } from "../../util/json.js";

/** Maximum number of recipients in one request. */
const MAX_RECIPIENTS = 100;

/** Consecutive schedules that differ only in their recipients, so that one request creates them. */
interface ScheduleGroup {
  /** The index of the first schedule. */
  start: number;
  settings: string;
  schedule: JsonObject;
  recipients: Json[];
}

function groupSchedules(schedules: readonly JsonObject[]): ScheduleGroup[] {
  const groups: ScheduleGroup[] = [];
  for (const [index, { recipient = null, ...schedule }] of schedules.entries()) {
    const settings = JSON.stringify(schedule);
    const last = groups.at(-1);
    // The API creates one schedule for a recipient that is listed twice.
    const isRepeated = last?.recipients.some((other) => JSON.stringify(other) === JSON.stringify(recipient));
    if (last?.settings === settings && last.recipients.length < MAX_RECIPIENTS && !isRepeated)
      last.recipients.push(recipient);
    else groups.push({ start: index, settings, schedule, recipients: [recipient] });
  }
  return groups;
}

/** Returns an error of one request with the pointers of the whole body, and how many schedules exist already. */
function toBodyError(error: KnockError, { start }: ScheduleGroup, createdCount: number): KnockError {
  const details = error.details.map(({ pointer, ...detail }) => {
    const [, index, rest = ""] = /^\/recipients\/(\d+)(?!\d)(.*)$/.exec(pointer) ?? [];
    const path =
      index === undefined ? `/schedules/${start}${pointer}` : `/schedules/${start + Number(index)}/recipient${rest}`;
    return { ...detail, pointer: path };
  });
  if (createdCount === 0) return error.copyWith({ details });
  const created = `Before this error, ${createdCount} of the schedules were created.`;
  return error.copyWith({ details, hint: error.hint === undefined ? created : `${created} ${error.hint}` });
}

/**
 * Creates schedules of one recipient each, in the order given. The API's bulk request does not return the
 * schedules, so that their IDs would be unknown; equal schedules are created together instead. If one request fails, the
 * error says how many schedules were created before.
 */
export async function createSchedules(
  body: JsonObject,
  create: (body: JsonObject) => Promise<JsonObject[]>,
): Promise<JsonObject[]> {
  const { schedules } = body;
  if (!Array.isArray(schedules) || schedules.length === 0 || !schedules.every(isJsonObject))
    throw createInvalidParamsError("the schedules", [
      { pointer: "/schedules", message: "must be a list of at least one schedule" },
    ]);
  const created: JsonObject[] = [];
  for (const group of groupSchedules(schedules)) {
    try {
      created.push(...(await create({ ...group.schedule, recipients: group.recipients })));
    } catch (error) {
      throw error instanceof KnockError ? toBodyError(error, group, created.length) : error;
    }
  }
  return created;
}
