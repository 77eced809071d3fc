import { type RecipientKey, toRecipientKey } from "../domain/recipient/recipient.js";
import { parseRecipientReference } from "../domain/run/message-outcomes.js";
import type { RunStatus } from "../domain/run/run-status.js";
import type { RunEvent, TriggerSource, WorkflowRun } from "../domain/run/workflow-run.js";
import type { RunHistory } from "../ports/run-history.js";
import { isJsonObject, type Json, type JsonObject } from "../util/json.js";
import { mapConcurrently } from "./map-concurrently.js";
import type { PastRun } from "./read-runs.js";
import type { ReplayRange } from "./recorded-history.js";

/** A recipient run of the account. */
export interface AccountRun extends PastRun {
  run: WorkflowRun;
  at: number;
}

export const parseTime = (value: Json | undefined): number => Date.parse(String(value));

export const toText = (value: Json | undefined): string | null =>
  typeof value === "string" && value !== "" ? value : null;

export const toKey = (value: Json | undefined): RecipientKey => toRecipientKey(parseRecipientReference(value));

function parseEvent(value: Json): RunEvent[] {
  if (!isJsonObject(value)) return [];
  return [
    {
      event: String(value.event),
      status: value.status === "error" ? "error" : "ok",
      step_ref: toText(value.step_ref),
      step_type: toText(value.step_type),
      attempt: 1,
      data: isJsonObject(value.data) ? value.data : null,
      at: parseTime(value.inserted_at),
    },
  ];
}

/** Returns the events of a run. A canceled run always has the event of its cancellation, which the API may leave out. */
function parseEvents(run: JsonObject): RunEvent[] {
  const events = Array.isArray(run.events) ? run.events.flatMap(parseEvent) : [];
  if (run.status !== "cancelled" || events.some(({ event }) => event === "run_cancelled")) return events;
  const at = parseTime(run.updated_at);
  const data = { reason: "cancelled" };
  return [...events, { event: "run_cancelled", status: "ok", step_ref: null, step_type: null, attempt: 1, data, at }];
}

function parseRun(value: JsonObject): AccountRun {
  const events = parseEvents(value);
  const source = isJsonObject(value.trigger_source) ? value.trigger_source : { type: "api" };
  const at = parseTime(value.inserted_at);
  return {
    at,
    run: {
      id: String(value.workflow_run_id),
      workflow: String(value.workflow),
      version_id: "",
      actor: value.actor == null ? null : toKey(value.actor),
      tenant: toText(value.tenant),
      data: {},
      cancellation_key: toText(source.cancellation_key),
      settings: {
        sandbox_mode: false,
        skip_delay: events.some(({ data }) => data?.reason === "delay_skipped_by_settings"),
      },
      trigger_source: source as unknown as TriggerSource,
      inserted_at: at,
    },
    recipientRun: {
      id: String(value.id),
      recipient: toKey(value.recipient),
      data: null,
      via: null,
      events,
      status: value.status as RunStatus,
      due_at: null,
    },
    version: { steps: [] },
  };
}

/** Lists the newest recipient runs of each workflow, and returns up to `limit` of them, oldest first. */
async function listNewestRuns(
  history: RunHistory,
  { since, until, workflows }: ReplayRange & { since: number; until: number },
  limit: number,
): Promise<{ runs: JsonObject[]; hasMore: boolean }> {
  const listed: JsonObject[] = [];
  let hasMore = false;
  for (const workflow of workflows.length === 0 ? [undefined] : workflows) {
    const page = await history.listRuns({ workflow, starting_at: since, ending_at: until }, limit);
    listed.push(...page.runs);
    hasMore ||= page.hasMore;
  }
  listed.sort((a, b) => parseTime(b.inserted_at) - parseTime(a.inserted_at));
  return { runs: listed.slice(0, limit).reverse(), hasMore: hasMore || listed.length > limit };
}

/** Reads the recipient runs of a range with their events, oldest first. */
export async function readAccountRuns(
  history: RunHistory,
  range: ReplayRange & { since: number; until: number },
  limit: number,
  setProgress: (text: string) => void,
): Promise<{ runs: AccountRun[]; hasMore: boolean }> {
  setProgress("reading the account: listing runs");
  const listed = await listNewestRuns(history, range, limit);
  let read = 0;
  const details = await mapConcurrently(listed.runs, async (run) => {
    const detail = await history.readRun(String(run.id));
    setProgress(`reading the account: ${++read} of ${listed.runs.length} runs`);
    return detail ?? run;
  });
  const runs = details.map(parseRun);
  // All runs of a trigger share one record, whose time is that of its first run.
  const shared = new Map<string, WorkflowRun>();
  for (const entry of runs) {
    const known = shared.get(entry.run.id);
    if (known === undefined) shared.set(entry.run.id, entry.run);
    else {
      known.settings.skip_delay ||= entry.run.settings.skip_delay;
      entry.run = known;
    }
  }
  return { runs, hasMore: listed.hasMore };
}
