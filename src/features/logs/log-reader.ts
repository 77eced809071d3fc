import { type RecipientReference, toRecipientKey } from "../../domain/recipient/recipient.js";
import { hasEndedStatus, RUN_STATUSES } from "../../domain/run/run-status.js";
import type { SourceReceipt } from "../../domain/trigger/source-receipt.js";
import { formatReceiptSummary } from "../../output/print-sources.js";
import type { RunFilter } from "../../ports/filters.js";
import type { LocalOperations } from "../../ports/operations.js";
import type { Paged, PageRequest } from "../../ports/page-request.js";
import type { SourceOperations } from "../../ports/source-service.js";
import { filterObjects, type JsonObject } from "../../util/json.js";
import {
  describeMessageEvent,
  describeRequest,
  describeRunEvent,
  describeStepRequest,
  getRunEventKind,
} from "./describe-event.js";
import type { LogEntry } from "./log-entry-schema.js";

const PAGE_SIZE = 50;
/** Limits what one look at the store reads. A later look reads the rest of a longer list. */
const MAX_PAGES = 20;

const UNFINISHED = RUN_STATUSES.filter((status) => !hasEndedStatus(status));

type ReadPage<T> = (page: PageRequest) => Promise<Paged<T>>;
type Rows<T = JsonObject> = Map<string, T>;

/** Adds the items of a list to rows, up to the first page that `isEnough` accepts. */
async function addPages<T extends { id?: unknown }>(
  rows: Rows<T>,
  readPage: ReadPage<T>,
  isEnough: (page: readonly { id?: unknown }[], count: number) => boolean,
) {
  let after: string | undefined;
  let count = 0;
  for (let pages = 0; pages < MAX_PAGES; pages++) {
    const { items, page_info } = await readPage({ limit: PAGE_SIZE, after });
    for (const item of items) rows.set(String(item.id), item);
    count += items.length;
    if (page_info.after === null || isEnough(items, count)) return;
    after = page_info.after;
  }
}

/** Returns whether an event of a source belongs to the runs that a filter selects. Only runs have a status and a tenant. */
function isEventSelected({ user_id, actions }: SourceReceipt, filter: RunFilter): boolean {
  const { workflow, workflow_run_id, recipient, status, tenant } = filter;
  if (status !== undefined || tenant !== undefined) return false;
  if (recipient !== undefined && (user_id === null || toRecipientKey(user_id) !== recipient)) return false;
  return (
    (workflow === undefined ||
      actions.some(({ action_type, about }) => action_type.startsWith("workflows_") && about === workflow)) &&
    (workflow_run_id === undefined || actions.some((action) => action.workflow_run_id === workflow_run_id))
  );
}

/** Returns the entry of an event of a source. One without actions can still be in progress. */
function toSourceEntry(receipt: SourceReceipt): LogEntry {
  const { id, source, event_type, received_at, user_id, error, actions, replayed } = receipt;
  const hasResult = replayed || error !== null || actions.length > 0;
  return {
    id,
    at: received_at,
    kind: "source",
    event: event_type ?? "unknown",
    is_error: error !== null || actions.some((action) => action.error !== null),
    text: `${event_type ?? "event without a type"} received${hasResult ? `: ${formatReceiptSummary(receipt)}` : ""}`,
    workflow: null,
    source,
    recipient: user_id,
    tenant: null,
    recipient_run_id: null,
    step: null,
    message_id: null,
  };
}

/** Reads what happened in a store from its runs, messages, logs of deliveries and events of sources. */
export class LogReader {
  /** The rows as they were read last, as JSON, by ID. Only those that changed are read again. */
  private readonly known = new Map<string, string>();
  private readonly printed = new Set<string>();

  constructor(
    private readonly operations: LocalOperations,
    private readonly sources: Pick<SourceOperations, "listEvents">,
    private readonly filter: RunFilter,
  ) {}

  /** Returns the entries that no earlier call returned, oldest first. The newest `count` runs are among those that are read. */
  async readNew(count: number): Promise<LogEntry[]> {
    const runs: Rows = new Map();
    const messages: Rows = new Map();
    const isFirst = this.known.size === 0;
    // Rows that are older than a known one were read before.
    const isEnough = (page: readonly { id?: unknown }[], total: number): boolean =>
      total >= count && (isFirst || page.some(({ id }) => this.known.has(String(id))));
    const { status, ...filter } = this.filter;
    await addPages(runs, (page) => this.operations.listRecipientRuns(this.filter, page), isEnough);
    if (status === undefined) {
      const unfinished = { ...filter, statuses: UNFINISHED };
      await addPages(
        runs,
        (page) => this.operations.listRecipientRuns(unfinished, page),
        () => false,
      );
      await addPages(messages, (page) => this.operations.listMessages(filter, page), isEnough);
      const queued = { ...filter, status: "queued" as const };
      await addPages(
        messages,
        (page) => this.operations.listMessages(queued, page),
        () => false,
      );
    }
    const events: Rows<SourceReceipt> = new Map();
    await addPages(events, (page) => this.sources.listEvents(null, page), isEnough);
    const entries: LogEntry[] = [];
    for (const [id, event] of [...events].reverse())
      if (this.isChanged(id, event) && isEventSelected(event, this.filter)) entries.push(toSourceEntry(event));
    for (const [id, run] of [...runs].reverse()) {
      if (!this.isChanged(id, run)) continue;
      entries.push(...(await this.readRunEntries(id)));
      const { items } = await this.operations.listMessages({ recipient_run_id: id }, { limit: PAGE_SIZE });
      for (const message of items) messages.set(String(message.id), message);
    }
    const changed = [...messages].filter(([id, message]) => message.status === "queued" || this.isChanged(id, message));
    entries.push(...(await this.readMessageEntries(changed.map(([id]) => id))));
    const unseen = entries.filter(({ id }) => !this.printed.has(id));
    for (const { id } of unseen) this.printed.add(id);
    return unseen.sort((a, b) => Date.parse(a.at) - Date.parse(b.at));
  }

  private isChanged(id: string, row: object): boolean {
    const text = JSON.stringify(row);
    if (this.known.get(id) === text) return false;
    this.known.set(id, text);
    return true;
  }

  private async readRunEntries(id: string): Promise<LogEntry[]> {
    const run = await this.operations.readRecipientRun(id);
    if (run === null) return [];
    return filterObjects(run.events).flatMap((event): LogEntry[] => {
      const base = {
        at: String(event.inserted_at),
        workflow: String(run.workflow),
        source: null,
        recipient: run.recipient as RecipientReference,
        tenant: run.tenant as string | null,
        recipient_run_id: id,
        step: event.step_ref as string | null,
        message_id: null,
      };
      const entries: LogEntry[] = [];
      const request = describeStepRequest(event);
      if (request !== null)
        entries.push({
          ...base,
          id: `${String(event.id)}.request`,
          kind: "request",
          event: "step_request",
          is_error: request.isError,
          text: request.text,
        });
      const text = describeRunEvent(event);
      if (text !== null)
        entries.push({
          ...base,
          id: String(event.id),
          kind: getRunEventKind(event),
          event: String(event.event),
          is_error: event.status === "error",
          text,
        });
      return entries;
    });
  }

  private async readMessageEntries(ids: readonly string[]): Promise<LogEntry[]> {
    const histories = ids.length === 0 ? [] : await this.operations.readMessageHistories(ids);
    const entries: LogEntry[] = [];
    for (const { message, events } of histories) {
      const source = message.source as JsonObject;
      const channel = message.channel as JsonObject;
      const id = String(message.id);
      const base = {
        workflow: String(message.workflow),
        source: null,
        recipient: message.recipient as RecipientReference,
        tenant: message.tenant as string | null,
        recipient_run_id: String(source.workflow_recipient_run_id),
        step: source.step_ref as string | null,
        message_id: id,
      };
      for (const log of [...((await this.operations.readDeliveryLogs(id)) ?? [])].reverse()) {
        const { text, isError } = describeRequest(log);
        const at = String(log.inserted_at);
        entries.push({
          ...base,
          id: String(log.id),
          at,
          kind: "request",
          event: "delivery_attempt",
          is_error: isError,
          text,
        });
      }
      for (const event of [...events].reverse()) {
        // The run's entry has said that the message was created, to be sent.
        if (event.type === "message.created" || event.type === "message.queued") continue;
        const { text, isError } = describeMessageEvent(String(event.type), String(channel.key));
        const at = String(event.inserted_at);
        entries.push({
          ...base,
          id: String(event.id),
          at,
          kind: "message",
          event: String(event.type),
          is_error: isError,
          text,
        });
      }
    }
    return entries;
  }
}
