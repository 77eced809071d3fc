import type { PoolClient, QueryResult } from "pg";
import { from as copyFrom } from "pg-copy-streams";
import type { RecipientKey } from "../../../domain/recipient/recipient.js";
import { type CausedWork, type DueKind, NO_CAUSED_WORK } from "../../../ports/due-store.js";
import { replaceNuls } from "../../rows/json-column.js";

/** Work that a transaction makes due, for a job that performs it. The rows are the truth; a wakeup is only a hint. */
export interface Wakeup {
  kind: DueKind;
  dueAt: number;
  workflowRunRow?: number;
  workflowRunId?: string;
  workflow?: string | null;
  rows?: { from: number; to: number };
  shard?: number;
  channel?: string;
  /** The tenant of the only trigger whose work this is; null without one. */
  tenant?: string | null;
  /** The number of rows, for the job's priority. */
  size?: number;
}

/** A number that no other lock of the store has, apart from hashes of names, where a collision costs only time. */
export const WAITS_LOCK = 0x77616974;

/**
 * Statement at the begin of a transaction that writes. Most stores never have a run that waits, and then no transaction builds
 * events. The shared lock keeps a first run from beginning to wait while a transaction relies on that.
 */
export const LOCK_WAITS_SHARED = `SELECT pg_advisory_xact_lock_shared(${WAITS_LOCK})`;

/** The schema of jobs in statements. If the tables are in a schema of their own, so are the jobs, see {@link getJobSchema}. */
export const JOB_SCHEMA = "graphile_worker";

/** Returns the schema of the jobs that belong to the tables in a schema. */
export const getJobSchema = (schema: string): string =>
  schema === "public" || schema.startsWith('"') ? JOB_SCHEMA : `${schema}_jobs`;

export type SqlValue = string | number | boolean | null | readonly string[] | readonly number[];
export type CopyValue = string | number | null;

/**
 * The database's own time in milliseconds. No decision depends on the clock of a worker. It does not change within a statement:
 * otherwise, no index could be searched for it.
 */
export const DATABASE_TIME = "(extract(epoch FROM statement_timestamp()) * 1000)::bigint";

const toParameters = (values: readonly SqlValue[]): unknown[] =>
  replaceNuls(values).map((value) => (Array.isArray(value) ? replaceNuls(value) : value));

/** Runs statements on one connection. */
export class Statements {
  constructor(
    protected readonly client: Pick<PoolClient, "query">,
    private readonly injectedNow: (() => number) | null,
    private readonly jobSchema: string,
  ) {}

  private query(sql: string, values: readonly SqlValue[]): Promise<QueryResult> {
    const text = this.jobSchema === JOB_SCHEMA ? sql : sql.replaceAll(`${JOB_SCHEMA}.`, `${this.jobSchema}.`);
    return this.client.query(text, toParameters(values));
  }

  async all<Row>(sql: string, ...values: SqlValue[]): Promise<Row[]> {
    return (await this.query(sql, values)).rows as Row[];
  }

  async get<Row>(sql: string, ...values: SqlValue[]): Promise<Row | undefined> {
    return (await this.all<Row>(sql, ...values))[0];
  }

  /** Returns the row of a statement that always has one, such as a count. */
  async getOne<Row>(sql: string, ...values: SqlValue[]): Promise<Row> {
    const row = await this.get<Row>(sql, ...values);
    if (row === undefined) throw new Error(`no row: ${sql}`);
    return row;
  }

  /** Returns how many rows changed. */
  async run(sql: string, ...values: SqlValue[]): Promise<number> {
    return (await this.query(sql, values)).rowCount ?? 0;
  }

  /** The store's real time in milliseconds as SQL, for leases. Tests may inject the time. */
  get time(): string {
    return this.injectedNow === null ? DATABASE_TIME : `${Math.trunc(this.injectedNow())}::bigint`;
  }

  /** Returns the store's real time in milliseconds. */
  async now(): Promise<number> {
    if (this.injectedNow !== null) return this.injectedNow();
    return (await this.getOne<{ now: number }>(`SELECT ${DATABASE_TIME} AS now`)).now;
  }
}

/** Reads rows: in a transaction, or with one statement outside of any. */
export type Reader = Pick<Statements, "all" | "get" | "getOne">;

/** One transaction of the store. */
export class Transaction extends Statements {
  /** The store's real time in milliseconds when the transaction began, if it writes. */
  readonly startedAt: number;
  /** Whether changes of user properties are recorded, so that dynamic audiences can follow them. */
  readonly watchesUsers: boolean;
  /** Whether events are recorded for webhooks. */
  readonly isWatched: boolean;
  /** Whether the counts of any feed are kept. */
  readonly hasKeptFeeds: boolean;
  /** Whether any run of the store has ever waited for an event. */
  usesWaits: boolean;
  readonly wakeups: Wakeup[] = [];
  /** The ids of triggers, runs and users for which the transaction made work due. */
  readonly caused = {
    workflowRunIds: new Set<string>(),
    recipientRunIds: new Set<string>(),
    users: new Set<RecipientKey>(),
  };

  constructor(
    protected override readonly client: PoolClient,
    injectedNow: (() => number) | null,
    jobSchema: string,
    settings: {
      startedAt: number;
      watchesUsers: boolean;
      isWatched: boolean;
      hasKeptFeeds: boolean;
      usesWaits: boolean;
    },
  ) {
    super(client, injectedNow, jobSchema);
    this.startedAt = settings.startedAt;
    this.watchesUsers = settings.watchesUsers;
    this.isWatched = settings.isWatched;
    this.hasKeptFeeds = settings.hasKeptFeeds;
    this.usesWaits = settings.usesWaits;
  }

  /** Inserts many rows with COPY, which takes two thirds of the time of parameters. */
  async copy(table: string, columns: readonly string[], rows: readonly (readonly CopyValue[])[]): Promise<void> {
    if (rows.length === 0) return;
    const text = formatCopyRows(rows);
    const stream = this.client.query(copyFrom(`COPY ${table} (${columns.join(", ")}) FROM STDIN`));
    await new Promise<void>((resolve, reject) => {
      stream.once("finish", resolve);
      stream.once("error", reject);
      stream.end(text);
    });
  }

  /** Returns the work that the transaction has made due so far. */
  getCausedWork(): CausedWork {
    const { workflowRunIds, recipientRunIds, users } = this.caused;
    if (workflowRunIds.size + recipientRunIds.size + users.size === 0) return NO_CAUSED_WORK;
    return { workflowRunIds: [...workflowRunIds], recipientRunIds: [...recipientRunIds], users: [...users] };
  }

  /** Collects work that becomes due with this transaction. */
  wake(wakeup: Wakeup): void {
    this.wakeups.push(wakeup);
  }
}

const NEEDS_ESCAPE = /[\\\n\r\t\0]/;
const ESCAPES: Record<string, string> = { "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t", "\0": "\ufffd" };

function formatCopyValue(value: CopyValue): string {
  if (value === null) return "\\N";
  if (typeof value === "number") return String(value);
  return NEEDS_ESCAPE.test(value) ? value.replace(/[\\\n\r\t\0]/g, (sign) => ESCAPES[sign] ?? sign) : value;
}

/** Returns rows in the text format of COPY. */
function formatCopyRows(rows: readonly (readonly CopyValue[])[]): string {
  let text = "";
  for (const row of rows) {
    let separator = "";
    for (const value of row) {
      text += separator + formatCopyValue(value);
      separator = "\t";
    }
    text += "\n";
  }
  return text;
}

/** A session shows 32 bits of its transaction's id, which are completed from the newest id. */
const SELECT_BOUNDS = `
  SELECT newest, LEAST(newest, newest - max(((newest - xid) % 4294967296 + 4294967296) % 4294967296)) AS oldest
  FROM (SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint AS newest) latest
    LEFT JOIN (SELECT backend_xid::text::bigint AS xid FROM pg_stat_activity WHERE datname = current_database() AND backend_xid IS NOT NULL) open
    ON true
  GROUP BY newest`;

/** Transactions below `oldest` have ended. Those from `newest` on have not started yet. */
interface TransactionBounds {
  oldest: number;
  newest: number;
}

/**
 * Reads the bound below which every transaction of this database has ended. The statements that follow see what those below
 * have written, so a reader that continues from here skips nothing. `pg_snapshot_xmin` would also wait for transactions of
 * other databases.
 */
export function readTransactionBounds(db: Pick<Statements, "getOne">): Promise<TransactionBounds> {
  return db.getOne<TransactionBounds>(SELECT_BOUNDS);
}
