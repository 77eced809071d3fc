import type { RecipientReference } from "../../domain/recipient/recipient.js";
import { hasEndedStatus, RUN_STATUSES } from "../../domain/run/run-status.js";
import type { RunFilter } from "../../ports/filters.js";
import type { LocalOperations } from "../../ports/operations.js";
import type { Paged, PageRequest } from "../../ports/page-request.js";
import { filterObjects, type JsonObject } from "../../util/json.js";
import { describeMessageEvent, describeRequest, describeRunEvent, getRunEventKind } from "./describe-event.js";
import type { LogEntry } from "./log-entry-schema.js";

const PAGE_SIZE = 50;
/** Limits what one look at the store reads. A later look reads the rest of a longer list. */
const MAX_PAGES = 20;

const UNFINISHED = RUN_STATUSES.filter((status) => !hasEndedStatus(status));

type ReadPage = (page: PageRequest) => Promise<Paged<JsonObject>>;
type Rows = Map<string, JsonObject>;

/** Adds the items of a list to rows, up to the first page that `isEnough` accepts. */
async function addPages(rows: Rows, readPage: ReadPage, isEnough: (page: JsonObject[], count: number) => boolean) {
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

/** Reads what happened in a store from its runs, messages and logs of deliveries. */
export class LogReader {
  /** The rows as they were read last, as JSON, by ID. Only those that changed are read again. */
  private readonly known = new Map<string, string>();
  private readonly printed = new Set<string>();

  constructor(
    private readonly operations: LocalOperations,
    private readonly filter: RunFilter,
  ) {}

  /** Returns the entries that no earlier call returned, oldest first. The newest `count` runs are among those that are read. */
  async readNew(count: number): Promise<LogEntry[]> {
    const runs: Rows = new Map();
    const messages: Rows = new Map();
    const isFirst = this.known.size === 0;
    // Rows that are older than a known one were read before.
    const isEnough = (page: JsonObject[], total: number): boolean =>
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
    const entries: LogEntry[] = [];
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

  private isChanged(id: string, row: JsonObject): boolean {
    const text = JSON.stringify(row);
    if (this.known.get(id) === text) return false;
    this.known.set(id, text);
    return true;
  }

  private async readRunEntries(id: string): Promise<LogEntry[]> {
    const run = await this.operations.readRecipientRun(id);
    return filterObjects(run?.events).flatMap((event): LogEntry[] => {
      const text = describeRunEvent(event);
      if (text === null || run === null) return [];
      return [
        {
          id: String(event.id),
          at: String(event.inserted_at),
          kind: getRunEventKind(event),
          event: String(event.event),
          is_error: event.status === "error",
          text,
          workflow: String(run.workflow),
          recipient: run.recipient as RecipientReference,
          tenant: run.tenant as string | null,
          recipient_run_id: id,
          step: event.step_ref as string | null,
          message_id: null,
        },
      ];
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
