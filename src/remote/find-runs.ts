import { runIdOf } from "../domain/run/message-outcomes.js";
import { isoTime } from "../util/iso-time.js";
import type { Json, JsonObject } from "../util/json.js";
import type { ApiClient } from "./api-client.js";
import { eachPage, type Query } from "./list-page.js";
import { readRunDetail } from "./run-detail.js";
import { text } from "./run-events.js";

/** Runs of one trigger are accepted together; this is room for a large fan-out. */
const AROUND_MS = 5 * 60_000;
const MOST_PAGES_AROUND = 100;
const MOST_PAGES_BLIND = 10;
/** Pages without one of ours, after some have been seen, before the rest is taken to be older. */
const PAGES_PAST = 3;
const MOST_PAGES_OF_MESSAGES = 400;

export interface RunSearch {
  workflow_run_id: string;
  /** Null where only the id is known. */
  workflow: string | null;
  /** Runs found before: they tell when the trigger was. */
  known: ReadonlyMap<string, JsonObject>;
  signal?: AbortSignal | undefined;
}

/**
 * The recipient runs of one trigger, newest first. The API lists runs by workflow and time, not by workflow run
 * so the right ones are picked out of the list: around the time of those already known, else from its newest
 * pages. `whole` is false where the list went on after the last page looked at.
 */
export async function findRuns(client: ApiClient, search: RunSearch): Promise<{ runs: JsonObject[]; whole: boolean }> {
  const around = timesAround(search.known);
  const query: Query = { workflow: search.workflow ?? undefined, ...around };
  const mostPages = around ? MOST_PAGES_AROUND : MOST_PAGES_BLIND;
  const runs: JsonObject[] = [];
  let past = 0;
  for await (const page of eachPage(client, "/v1/workflow_recipient_runs", query, {
    mostPages,
    signal: search.signal,
  })) {
    const ours = page.items.filter((run) => run.workflow_run_id === search.workflow_run_id);
    runs.push(...ours);
    past = runs.length > 0 && ours.length === 0 ? past + 1 : 0;
    if (!page.more || (!around && past >= PAGES_PAST)) return { runs, whole: true };
  }
  return { runs, whole: false };
}

function timesAround(known: ReadonlyMap<string, JsonObject>): Query | null {
  const times = [...known.values()].map((run) => Date.parse(text(run.inserted_at) ?? "")).filter(Number.isFinite);
  if (times.length === 0) return null;
  const [first, last] = times.reduce(([low, high], at) => [Math.min(low, at), Math.max(high, at)], [
    Infinity,
    -Infinity,
  ] as [number, number]);
  return {
    starting_at: isoTime(first - AROUND_MS),
    ending_at: isoTime(last + AROUND_MS),
  };
}

/** A trigger's messages, oldest first. */
export async function findMessages(client: ApiClient, query: Query, signal?: AbortSignal): Promise<JsonObject[]> {
  const messages: JsonObject[] = [];
  const options = { mostPages: MOST_PAGES_OF_MESSAGES, signal };
  for await (const page of eachPage(client, "/v1/messages", query, options)) messages.push(...page.items);
  return messages.reverse();
}

/** A run that messages name and no list has shown yet, read by its id; null if there is none. */
export async function findRunOfMessages(
  client: ApiClient,
  messages: readonly JsonObject[],
  known: ReadonlyMap<string, JsonObject>,
  signal?: AbortSignal,
): Promise<(JsonObject & { events: Json[] }) | null> {
  const id = messages.map(runIdOf).find((runId) => runId !== null && !known.has(runId));
  return id === undefined || id === null ? null : readRunDetail(client, id, signal);
}
