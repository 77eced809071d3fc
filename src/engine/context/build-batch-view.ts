import type { RecipientKey } from "../../domain/recipient/recipient.js";
import type { BatchActivity, BatchContent } from "../../domain/run/batch-join.js";
import type { BatchStep } from "../../domain/steps/batch-step.js";
import { isJsonObject, type Json, type JsonObject } from "../../util/json.js";

/** Strings of `data` are cut to this many characters after a batch (E-276). */
const MAX_TEXT_CHARACTERS = 256;

/** A batch as the run that goes on with it sees it. */
export interface BatchView {
  /** The rendered ones, oldest first (E-272, E-273). */
  activities: BatchActivity[];
  /** Unique, in the order they first appear among them (E-274). */
  actors: RecipientKey[];
  total_activities: number;
  total_actors: number;
  /** The rendered activities' data merged in order of arrival, not reduced (EQ-41, EQ-67). */
  data: JsonObject;
  /** The part of the data that later steps see: one level of keys, strings truncated (E-276). */
  reducedData: JsonObject;
  /** Of the activity that came first: all that preference conditions see (E-155). */
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
 * Returns a run's data as conditions, keys and windows see it after a batch: what the batch merged, not reduced, under what
 * later steps set (EQ-67).
 */
export function restoreUnreducedData(batch: BatchView, current: JsonObject): JsonObject {
  const unreduced: JsonObject = { ...batch.data };
  for (const [key, value] of Object.entries(current)) {
    const isFromBatch = Object.hasOwn(batch.reducedData, key) && batch.reducedData[key] === value;
    if (!isFromBatch) unreduced[key] = value;
  }
  return unreduced;
}
