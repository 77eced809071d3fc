import { isDeepStrictEqual } from "node:util";
import type { WorkflowRun } from "../domain/run/workflow-run.js";
import { isJsonObject, type JsonObject } from "../util/json.js";
import { type AccountRun, parseTime, toKey } from "./read-account-runs.js";

/** The difference between the times of a trigger in its run and in the activity of a message. */
const ACTIVITY_TOLERANCE_MS = 5_000;

/** A message of the account, with the triggers that it is about if it ended a batch. */
export interface AccountMessage {
  message: JsonObject;
  run: AccountRun;
  activities: readonly JsonObject[];
}

/** Returns the run whose trigger an activity describes. */
function findActivityRun(
  activity: JsonObject,
  { run: { run, recipientRun } }: AccountMessage,
  runs: readonly AccountRun[],
): AccountRun | undefined {
  const actor = isJsonObject(activity.actor) ? toKey(toReference(activity.actor)) : null;
  const at = parseTime(activity.inserted_at);
  const distance = (other: AccountRun): number => Math.abs(other.at - at);
  return runs
    .filter(
      (other) =>
        other.run.workflow === run.workflow &&
        other.recipientRun.recipient === recipientRun.recipient &&
        other.run.actor === actor &&
        distance(other) <= ACTIVITY_TOLERANCE_MS,
    )
    .sort((a, b) => distance(a) - distance(b))[0];
}

/** Returns the reference to an expanded recipient: a user has no collection. */
function toReference({ id, collection }: JsonObject): JsonObject | string {
  return typeof collection === "string" ? { id: String(id), collection } : String(id);
}

/** Returns the properties that are equal in all objects. */
function intersect(objects: readonly JsonObject[]): JsonObject {
  const [first = {}, ...others] = objects;
  return Object.fromEntries(
    Object.entries(first).filter(([key, value]) =>
      others.every((other) => Object.hasOwn(other, key) && isDeepStrictEqual(other[key], value)),
    ),
  );
}

/**
 * Sets the trigger data of runs. The API shows it only with messages: with the message of a run, or with the activities
 * of a batch's message. Returns the runs whose data is known.
 */
export function assignTriggerData(runs: readonly AccountRun[], messages: readonly AccountMessage[]): AccountRun[] {
  const known = new Map<AccountRun, JsonObject>();
  for (const { run, message, activities } of messages)
    if (activities.length === 0 && isJsonObject(message.data) && !known.has(run)) known.set(run, message.data);
  for (const entry of messages) {
    // Several activities may have the same time and actor, so each run takes one of them.
    const left = new Set(runs.filter((run) => !known.has(run)));
    for (const activity of entry.activities) {
      const run = findActivityRun(activity, entry, [...left]);
      if (run === undefined) continue;
      left.delete(run);
      known.set(run, isJsonObject(activity.data) ? activity.data : {});
    }
  }
  for (const { run, message } of messages)
    if (!known.has(run) && isJsonObject(message.data)) known.set(run, message.data);
  const groups = new Map<WorkflowRun, JsonObject[]>();
  for (const [{ run }, data] of known) groups.set(run, [...(groups.get(run) ?? []), data]);
  for (const [run, group] of groups) run.data = intersect(group);
  for (const [{ run, recipientRun }, data] of known)
    recipientRun.data = isDeepStrictEqual(data, run.data) ? null : data;
  return runs.filter(({ run }) => groups.has(run));
}
