import type { DeliveryStatus } from "../../domain/message/message.js";
import type { RecipientKey } from "../../domain/recipient/recipient.js";
import { FAILED_DELIVERY_STATUSES } from "../../domain/run/outcome.js";
import type { RunStatus } from "../../domain/run/run-status.js";
import { hasEndedStatus, RUN_STATUSES } from "../../domain/run/run-status.js";
import type { OutcomeMessage, OutcomeRun } from "../../ports/run-store.js";
import { unpackMessageEvents } from "./event-codec.js";
import { parseJson } from "./json-column.js";
import { unpackSteps } from "./step-codec.js";

export interface OutcomeRunRow {
  row: number;
  id: string;
  recipient: string;
  status: string;
  via: string | null;
  reason: string | null;
  steps: string;
}

export const OUTCOME_RUN_COLUMNS = "r.row, r.id, r.recipient, r.status, r.via, r.reason, r.steps";

export interface OutcomeMessageRow {
  id: string;
  status: string;
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
    recipient: row.recipient as RecipientKey,
    status: row.status as RunStatus,
    via: parseJson(row.via),
    reason: parseJson(row.reason),
    steps: unpackSteps(row.steps),
  };
}

export function toOutcomeMessage({ id, status, due_at, inserted_at, events }: OutcomeMessageRow): OutcomeMessage {
  return {
    ...{ id, due_at, inserted_at, status: status as DeliveryStatus },
    events: events === null ? [] : unpackMessageEvents(events, inserted_at),
  };
}

/** Returns whether a run has created a message. */
export const hasMessages = ({ steps }: OutcomeRun): boolean => steps.some(({ message_id }) => message_id !== undefined);
