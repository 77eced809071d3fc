import type { RecipientKey } from "../../domain/recipient/recipient.js";
import type { BatchActivity, BatchContent } from "../../domain/run/batch-continuations.js";
import type { BatchStep } from "../../domain/step-types/batch-step.js";
import { isJsonObject, type Json, type JsonObject } from "../../util/json.js";

/** The maximum characters of a string in `data` after a batch (E-276). */
const MAX_TEXT_CHARACTERS = 256;

/** A closed batch, as the run that continues with it sees it. */
export interface BatchView {
  /** The rendered activities, oldest first (E-272, E-273). */
  activities: BatchActivity[];
  /** The unique actors of the rendered activities, in order of first appearance (E-274). */
  actors: RecipientKey[];
  total_activities: number;
  total_actors: number;
  /** The data of the rendered activities, merged in the order of the triggers and not reduced (EQ-41, EQ-67). */
  data: JsonObject;
  /** The part of the data that later steps see: one level of keys, strings truncated (E-276). */
  reducedData: JsonObject;
  /** The data of the first activity: the only one that preference conditions see (E-155). */
  firstData: JsonObject;
}

export function buildBatchView(content: BatchContent, settings: BatchStep["settings"]): BatchView {
  const limit = settings.batch_items_render_limit;
  const activities = settings.batch_order === "desc" ? content.last.slice(-limit) : content.first.slice(0, limit);
  const data: JsonObject = {};
  for (const activity of activities) Object.assign(data, activity.data);
  return {
    activities,
    actors: [...new Set(activities.flatMap(({ actor }) => actor ?? []))],
    total_activities: content.total_activities,
    total_actors: content.total_actors,
    data,
    reducedData: reduceData(data),
    firstData: content.first[0]?.data ?? {},
  };
}

function reduceValue(value: Json): Json | undefined {
  if (Array.isArray(value) || isJsonObject(value)) return undefined;
  return typeof value === "string" && value.length > MAX_TEXT_CHARACTERS
    ? [...value].slice(0, MAX_TEXT_CHARACTERS).join("")
    : value;
}

function reduceData(data: JsonObject): JsonObject {
  return Object.fromEntries(
    Object.entries(data).flatMap(([key, value]) => {
      const kept = reduceValue(value);
      return kept === undefined ? [] : [[key, kept]];
    }),
  );
}

/**
 * Returns a run's data as conditions, keys and windows see it after a batch: the merged data of the batch, not reduced,
 * overridden by the data that later steps set (EQ-67).
 */
export function restoreUnreducedData(batch: BatchView, current: JsonObject): JsonObject {
  const unreduced: JsonObject = { ...batch.data };
  for (const [key, value] of Object.entries(current)) {
    const isFromBatch = Object.hasOwn(batch.reducedData, key) && batch.reducedData[key] === value;
    if (!isFromBatch) unreduced[key] = value;
  }
  return unreduced;
}
