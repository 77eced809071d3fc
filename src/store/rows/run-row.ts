import type { DeliveryStatus } from "../../domain/message/message.js";
import type { RecipientKey } from "../../domain/recipient/recipient.js";
import { FAILED_DELIVERY_STATUSES } from "../../domain/run/outcome.js";
import { hasEndedStatus, RUN_STATUSES } from "../../domain/run/run-status.js";
import type { RunWait } from "../../domain/run/run-wait.js";
import type { RecipientRun, WorkflowRun } from "../../domain/run/workflow-run.js";
import type { Workflow } from "../../domain/workflow/workflow.js";
import type { OutcomeMessage, OutcomeRun } from "../../ports/run-store.js";
import { isJsonObject, type JsonObject } from "../../util/json.js";
import { packRunEvents, unpackMessageEvents, unpackRunEvents } from "./event-codec.js";
import { parseJson } from "./json-column.js";
import { packSteps, unpackSteps } from "./step-codec.js";
import { decodeFields, describeTable, type RowOf, selectColumns, sumBytes } from "./table.js";
import { createListCheck, isReason, isRunEvent, isStep, isSubscription, isText } from "./value-checks.js";

/** A trigger's data, which most of its runs share, and its JSON text. The value is null where only the text was read. */
export interface TriggerData {
  value: JsonObject | null;
  text: string;
}

export const WORKFLOW_RUNS = describeTable<Omit<WorkflowRun, "version_id" | "data">>()(
  "workflow_runs",
  {
    row: "bigint",
    version: "bigint",
    data: { type: "json", check: isJsonObject },
    unidentified: { type: "json?", check: createListCheck(isText) },
    fan_out: { type: "json?", check: isJsonObject },
    due_at: "bigint?",
    /** 1 if the row is not a run but the origin of a guide's messages. */
    guide: "smallint",
  },
  {
    id: { type: "text" },
    workflow: { type: "text" },
    actor: { type: "text?" },
    tenant: { type: "text?" },
    cancellation_key: { type: "text?" },
    settings: { type: "json", check: isJsonObject },
    trigger_source: { type: "json", check: (source) => isJsonObject(source) && isText(source.type) },
    inserted_at: { type: "bigint" },
  },
);

export type WorkflowRunRow = Omit<RowOf<typeof WORKFLOW_RUNS>, "fan_out" | "due_at">;

/** The columns to select in `FROM workflow_runs w`. */
export const WORKFLOW_RUN_COLUMNS = selectColumns(WORKFLOW_RUNS, "w", ["fan_out", "due_at"]);

/** A workflow run with the other values of its row. */
export interface WorkflowRunRecord {
  row: number;
  run: WorkflowRun;
  version: Workflow;
  unidentified: RecipientKey[];
  isGuide: boolean;
}

/** Returns the workflow run of a row. `version` is the version that the row refers to. */
export function toWorkflowRunRecord(row: WorkflowRunRow, version: Workflow): WorkflowRunRecord {
  return {
    row: row.row,
    version,
    isGuide: row.guide === 1,
    unidentified: parseJson<RecipientKey[]>(row.unidentified) ?? [],
    run: decodeFields(WORKFLOW_RUNS, row, { version_id: version.version_id, data: JSON.parse(row.data) }),
  };
}

export const RECIPIENT_RUNS = describeTable<Omit<RecipientRun, "workflow_run_id" | "wait">>()(
  "recipient_runs",
  {
    row: "bigint",
    workflow_run: "bigint",
    /** Row of the batch that it holds or continued with; null without a batch. */
    batch: "bigint?",
    /** Row of its own version; null if it has the version of its workflow run. */
    version: "bigint?",
  },
  {
    id: { type: "text" },
    recipient: { type: "text" },
    status: { type: "text", isMutable: true, values: RUN_STATUSES },
    position: { type: "json?", isMutable: true, check: createListCheck(Number.isSafeInteger) },
    due_at: { type: "bigint?", isMutable: true },
    data: { type: "json?", isMutable: true, check: isJsonObject },
    via: { type: "json?", check: isSubscription },
    steps: {
      type: "json",
      isMutable: true,
      encode: ({ steps }) => packSteps(steps),
      decode: unpackSteps,
      check: createListCheck(isStep),
    },
    reason: { type: "json?", isMutable: true, check: isReason },
    events: {
      type: "json",
      isMutable: true,
      encode: ({ events, inserted_at }) => packRunEvents(events, inserted_at),
      decode: (text: string, { inserted_at }) => unpackRunEvents(text, inserted_at as number),
      check: createListCheck(isRunEvent),
    },
    error_count: { type: "integer", isMutable: true },
    inserted_at: { type: "bigint" },
    updated_at: { type: "bigint", isMutable: true },
  },
  { recipientRunRows: ["row"] },
);

export type RecipientRunRow = RowOf<typeof RECIPIENT_RUNS>;

/** The columns to select in `FROM recipient_runs r`. */
export const RECIPIENT_RUN_COLUMNS = selectColumns(RECIPIENT_RUNS, "r");

/** The bytes of a run with its trigger's data, in `FROM recipient_runs r … workflow_runs w`. */
export const RUN_BYTES = `octet_length(w.data) + ${sumBytes(RECIPIENT_RUNS, "r")}`;

export function toRecipientRun(row: RecipientRunRow, workflowRunId: string): RecipientRun {
  return decodeFields(RECIPIENT_RUNS, row, { workflow_run_id: workflowRunId });
}

export type OutcomeRunRow = Pick<RecipientRunRow, "row" | keyof OutcomeRun>;

export const OUTCOME_RUN_COLUMNS = "r.row, r.id, r.recipient, r.status, r.via, r.reason, r.steps";

export interface OutcomeMessageRow {
  id: string;
  status: DeliveryStatus;
  due_at: number | null;
  inserted_at: number;
  /** Null unless the delivery failed. */
  events: string | null;
}

const quote = (values: readonly string[]): string => values.map((value) => `'${value}'`).join(", ");

/** The statuses of runs that have ended, for a list in SQL. */
export const ENDED_STATUSES = quote(RUN_STATUSES.filter(hasEndedStatus));

/** The events of a message say why its delivery failed. Those of others, half of the bytes of a row, are not read. */
export const OUTCOME_MESSAGE_COLUMNS = `m.id, m.status, m.due_at, m.inserted_at, CASE WHEN m.status IN (${quote(FAILED_DELIVERY_STATUSES)}) THEN m.events END AS events`;

export function toOutcomeRun(row: OutcomeRunRow): OutcomeRun {
  return {
    id: row.id,
    recipient: row.recipient,
    status: row.status,
    via: parseJson(row.via),
    reason: parseJson(row.reason),
    steps: unpackSteps(row.steps),
  };
}

export function toOutcomeMessage({ id, status, due_at, inserted_at, events }: OutcomeMessageRow): OutcomeMessage {
  return {
    id,
    due_at,
    inserted_at,
    status,
    events: events === null ? [] : unpackMessageEvents(events, inserted_at),
  };
}

/** Returns whether a run has created a message. */
export const hasMessages = ({ steps }: OutcomeRun): boolean => steps.some(({ message_id }) => message_id !== undefined);

/** A wait of a run, without the run. */
export interface WaitRow {
  awaited: string;
  recipient: RecipientKey | null;
  starts_at: number;
  ends_at: number;
}

export function toRunWait({ awaited, recipient, starts_at: from, ends_at: until }: WaitRow): RunWait {
  return { awaited, recipient, from, until, seen: null };
}
