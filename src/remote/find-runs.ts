import { findRecipientRunId } from "../domain/run/message-outcomes.js";
import { toIsoTime } from "../util/iso-time.js";
import type { JsonObject } from "../util/json.js";
import type { ApiClient } from "./api-client.js";
import { iteratePages, type Query } from "./list-page.js";
import { toText } from "./parse-run-events.js";
import { readRunDetail } from "./read-run-detail.js";
import type { Entry } from "./response-reader.js";

/** Runs of one trigger are accepted together. The margin leaves room for a large fan-out. */
const SEARCH_MARGIN_MS = 5 * 60_000;
const MAX_PAGES_IN_TIME_RANGE = 100;
const MAX_NEWEST_PAGES = 10;
/** Pages without a matching run, after some were found, before the remaining pages are taken to be older. */
const MAX_UNRELATED_PAGES = 3;

interface RunSearch {
  workflow_run_id: string;
  /** Null if only the id is known. */
  workflow: string | null;
  /** Runs that were found before. Their times show when the trigger was. */
  known: ReadonlyMap<string, JsonObject>;
  signal?: AbortSignal | undefined;
}

/**
 * Returns the recipient runs of one trigger, newest first. The API lists runs by workflow and time, not by workflow run
 * so they are selected from the list: around the time of known runs, or otherwise from its newest pages.
 * `isComplete` is false if the list continues after the last page that was read.
 */
export async function findRuns(client: ApiClient, search: RunSearch): Promise<{ runs: Entry[]; isComplete: boolean }> {
  const timeRange = buildTimeRange(search.known);
  const query: Query = { workflow: search.workflow ?? undefined, ...timeRange };
  const maxPages = timeRange ? MAX_PAGES_IN_TIME_RANGE : MAX_NEWEST_PAGES;
  const runs: Entry[] = [];
  let unrelatedPages = 0;
  for await (const page of iteratePages(client, "/v1/workflow_recipient_runs", query, {
    maxPages,
    signal: search.signal,
  })) {
    const matching = page.items.filter((run) => run.workflow_run_id === search.workflow_run_id);
    runs.push(...matching);
    unrelatedPages = runs.length > 0 && matching.length === 0 ? unrelatedPages + 1 : 0;
    if (!page.hasMore || (!timeRange && unrelatedPages >= MAX_UNRELATED_PAGES)) return { runs, isComplete: true };
  }
  return { runs, isComplete: false };
}

function buildTimeRange(known: ReadonlyMap<string, JsonObject>): Query | null {
  const times = [...known.values()].map((run) => Date.parse(toText(run.inserted_at) ?? "")).filter(Number.isFinite);
  if (times.length === 0) return null;
  const [first, last] = times.reduce<[number, number]>(
    ([low, high], at) => [Math.min(low, at), Math.max(high, at)],
    [Infinity, -Infinity],
  );
  return {
    starting_at: toIsoTime(first - SEARCH_MARGIN_MS),
    ending_at: toIsoTime(last + SEARCH_MARGIN_MS),
  };
}

/** Reads a run that messages name but that no list has shown yet, or returns null. */
export async function findRunByMessages(
  client: ApiClient,
  messages: readonly JsonObject[],
  known: ReadonlyMap<string, JsonObject>,
  signal?: AbortSignal,
): ReturnType<typeof readRunDetail> {
  const id = messages.map(findRecipientRunId).find((runId) => runId !== null && !known.has(runId));
  return id === undefined || id === null ? null : readRunDetail(client, id, signal);
}
