import type { Pool, PoolClient } from "pg";
import { ChangeSignals } from "./change-signals.js";
import { checkOldestVersion } from "./migrations.js";
import { READ_BY_INDEX, READ_IN_ORDER } from "./planner-settings.js";
import {
  createReadOnlyError,
  getErrorCode,
  isConnectionLost,
  isRepeatable,
  READ_ONLY_TRANSACTION,
  translateError,
} from "./store-errors.js";
import { LOCK_WAITS_SHARED, type SqlValue, Statements, Transaction, type Wakeup } from "./transaction.js";

/** How often a transaction is tried that fails because of others. */
const MAX_ATTEMPTS = 5;
/** How long operations wait for a server that restarts, from the first connection that was lost. */
const MAX_OUTAGE_MS = 10_000;
/** The longest pause before the second attempt. It doubles with each attempt, up to {@link MAX_PAUSE_MS}. */
const FIRST_PAUSE_MS = 50;
const MAX_PAUSE_MS = 1_000;

/** The limits of each transaction. Behind a pooler they cannot belong to the session. */
export const LIMITS = {
  statement_timeout: 30_000,
  lock_timeout: 5_000,
  idle_in_transaction_session_timeout: 10_000,
};

const SET_LIMITS = Object.entries(LIMITS)
  .map(([name, value]) => `SET LOCAL ${name} = ${value}`)
  .join("; ");

/** A transaction that writes, as it begins. */
interface StartedWrite {
  /** With it, the outcome of a COMMIT without an answer is looked up. */
  id: string | null;
  /** Identifies the time between two crashes of the server. */
  mark: string | null;
  /** The store's real time. */
  now: number;
  is_watched: boolean;
  has_kept_feeds: boolean;
  uses_waits: boolean;
  oldest_version: number;
}

const NO_WRITE: StartedWrite = {
  id: null,
  mark: null,
  now: 0,
  is_watched: false,
  has_kept_feeds: false,
  uses_waits: false,
  oldest_version: 0,
};

/** Returns the statement that reads what a transaction that writes needs to know. */
const buildStart = (time: string): string =>
  `SELECT pg_current_xact_id()::text AS id, ${time} AS now, (SELECT mark FROM crash_mark) AS mark, EXISTS (SELECT 1 FROM outbound_watch WHERE keep_until > ${time}) AS is_watched, EXISTS (SELECT 1 FROM kept_feeds) AS has_kept_feeds, s.uses_waits, s.oldest_version FROM knock_store s`;

/** Sets the mark, unless another transaction has done so, and returns it. */
const SET_MARK =
  "INSERT INTO crash_mark (row, mark) VALUES (1, gen_random_uuid()) ON CONFLICT (row) DO UPDATE SET row = 1 RETURNING mark";

/** Reads the outcome of a transaction. It is null for an ID that the server has not given, because it has crashed since. */
const SELECT_OUTCOME = `
  SELECT CASE WHEN $1::text::xid8 < pg_snapshot_xmax(pg_current_snapshot()) THEN pg_xact_status($1::text::xid8) END AS status,
    (SELECT mark FROM crash_mark) AS mark`;

const BEGIN_READ = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";

/** Given the work that a transaction makes due, in the transaction, before it is committed. */
export type WakeListener = (tx: Transaction, wakeups: readonly Wakeup[]) => Promise<void>;

interface ConnectionOptions {
  isReadOnly: boolean;
  /** Whether the role may only read. */
  isReader?: boolean;
  /** Whether a pooler gives each transaction another session, so that no setting can belong to a session. */
  isPooled: boolean;
  /** Real time in milliseconds, in a database for tests. */
  now: (() => number) | null;
  jobSchema: string;
  /** Whether the database was created for tests and can have a virtual clock. */
  forTests: boolean;
  /** Record changes of user properties, so that dynamic audiences can follow them. */
  watchesUsers: boolean;
  /** How long operations wait for a server that restarts (default: {@link MAX_OUTAGE_MS}). */
  maxOutageMs?: number | undefined;
  onWakeups?: WakeListener | undefined;
}

/** A pool of connections to one database, which runs the store's operations in transactions. */
export class Connection {
  /** Called before a transaction is repeated, with the code of its error. */
  onRepeat: ((code: string) => void) | undefined;
  /** The deaths of processes that did only the suspected work of a claim, by its token. */
  readonly deathsAlone = new Map<string, number>();
  readonly signals: ChangeSignals;
  /** When the first connection of an outage was lost, as `performance.now()`. */
  private outageStart: number | null = null;

  constructor(
    readonly pool: Pool,
    /** Without the password. */
    readonly location: string,
    private readonly options: ConnectionOptions,
  ) {
    this.signals = new ChangeSignals(pool);
  }

  /** Whether every write fails. */
  get isReadOnly(): boolean {
    return this.options.isReadOnly || this.options.isReader === true;
  }

  get isPooled(): boolean {
    return this.options.isPooled;
  }

  /** The schema of the tables of jobs. */
  get jobSchema(): string {
    return this.options.jobSchema;
  }

  get forTests(): boolean {
    return this.options.forTests;
  }

  /** Returns the error of the environment that explains an error; otherwise the error itself, a bug. */
  explain(error: unknown): unknown {
    return translateError(error, this.location);
  }

  /** Runs one statement that reads, which needs no transaction to see one state. */
  all<Row>(sql: string, ...values: SqlValue[]): Promise<Row[]> {
    return this.runSingle((statements) => statements.all<Row>(sql, ...values));
  }

  get<Row>(sql: string, ...values: SqlValue[]): Promise<Row | undefined> {
    return this.runSingle((statements) => statements.get<Row>(sql, ...values));
  }

  getOne<Row>(sql: string, ...values: SqlValue[]): Promise<Row> {
    return this.runSingle((statements) => statements.getOne<Row>(sql, ...values));
  }

  /** The store's real time as SQL, as in a transaction. */
  get time(): string {
    return new Statements(this.pool, this.options.now, this.jobSchema).time;
  }

  /**
   * Runs one statement that writes, in a transaction that waits for nothing else and is not announced. It may run twice if the
   * connection is lost.
   */
  runAlone<Row>(sql: string, ...values: SqlValue[]): Promise<Row[]> {
    return this.repeat(() => new Statements(this.pool, this.options.now, this.jobSchema).all<Row>(sql, ...values));
  }

  private runSingle<T>(work: (statements: Statements) => Promise<T>): Promise<T> {
    if (this.options.isPooled) return this.read(work);
    return this.repeat(() => work(new Statements(this.pool, this.options.now, this.jobSchema)));
  }

  /** Runs several reads in one transaction, so that they see the same state. */
  read<T>(work: (tx: Transaction) => Promise<T>): Promise<T> {
    return this.repeat(() => this.transaction(BEGIN_READ, work));
  }

  /** Runs reads of lists in one transaction, whose statements read rows in the order of an index until a page is full. */
  readList<T>(work: (tx: Transaction) => Promise<T>): Promise<T> {
    return this.repeat(() => this.transaction(`${BEGIN_READ}; ${READ_IN_ORDER}`, work));
  }

  /** Runs reads in one transaction, of which the first finds due rows. */
  readDue<T>(work: (tx: Transaction) => Promise<T>): Promise<T> {
    return this.repeat(() => this.transaction(`${BEGIN_READ}; ${READ_BY_INDEX}`, work));
  }

  /**
   * Runs `work` in one transaction. It is repeated if it fails because of another transaction or a lost connection, so it may
   * change nothing outside of the transaction.
   */
  async write<T>(work: (tx: Transaction) => Promise<T>): Promise<T> {
    if (this.options.isReadOnly) throw createReadOnlyError(this.location);
    return this.repeat(() => this.transaction("BEGIN", work, { isWrite: true }));
  }

  /** Runs one statement that writes, as `write` does. Returns how many rows changed. */
  run(sql: string, ...values: SqlValue[]): Promise<number> {
    return this.write((tx) => tx.run(sql, ...values));
  }

  /**
   * Repeats an operation that may succeed later. All operations wait together for a server that is away: those that begin once
   * `maxOutageMs` has passed are tried once.
   */
  private async repeat<T>(
    attempt: () => Promise<T>,
    maxOutageMs = this.options.maxOutageMs ?? MAX_OUTAGE_MS,
  ): Promise<T> {
    for (let count = 1; ; count++) {
      try {
        const result = await attempt();
        this.outageStart = null;
        return result;
      } catch (error) {
        this.outageStart = isConnectionLost(error) ? (this.outageStart ?? performance.now()) : null;
        const isTransient =
          this.outageStart === null
            ? isRepeatable(error) && count < MAX_ATTEMPTS
            : performance.now() - this.outageStart < maxOutageMs && !this.pool.ending;
        if (!isTransient) throw this.explain(error);
        this.onRepeat?.(getErrorCode(error) ?? "connection");
        await pause(count);
      }
    }
  }

  private async transaction<T>(
    begin: string,
    work: (tx: Transaction) => Promise<T>,
    { isWrite = false } = {},
  ): Promise<T> {
    const client = await this.pool.connect();
    let result: T;
    let started = NO_WRITE;
    try {
      started = await this.begin(client, begin, isWrite);
      const tx = new Transaction(client, this.options.now, this.jobSchema, {
        startedAt: started.now,
        watchesUsers: this.options.watchesUsers,
        isWatched: started.is_watched,
        hasKeptFeeds: started.has_kept_feeds,
        usesWaits: started.uses_waits,
      });
      result = await work(tx);
      if (tx.wakeups.length > 0) await this.options.onWakeups?.(tx, tx.wakeups);
    } catch (error) {
      await rollBack(client, error);
      throw error;
    }
    try {
      const { command } = await client.query("COMMIT");
      if (command !== "COMMIT") throw new Error("the transaction was rolled back, because an error in it was ignored");
      client.release();
      if (isWrite) this.signals.announce();
      return result;
    } catch (error) {
      client.release(true);
      if (!isConnectionLost(error) || (started.id !== null && !(await this.isCommitted(started)))) throw error;
      return result;
    }
  }

  private async begin(client: PoolClient, begin: string, isWrite: boolean): Promise<StartedWrite> {
    const parts = [begin];
    if (this.options.isPooled) parts.push(SET_LIMITS);
    // Each statement sees what was committed before it, so the flag is read after the lock.
    if (isWrite) parts.push(LOCK_WAITS_SHARED, buildStart(this.time));
    const found: unknown = await client.query(parts.join("; "));
    const row = isWrite ? (found as { rows: StartedWrite[] }[]).at(-1)?.rows[0] : undefined;
    // The tables may have been updated while this process runs.
    if (row) checkOldestVersion(row.oldest_version, this.location);
    if (row?.mark === null) row.mark = (await client.query<{ mark: string }>(SET_MARK)).rows[0]?.mark ?? null;
    return row ?? NO_WRITE;
  }

  /**
   * Returns whether a transaction was committed whose COMMIT was not answered. After a crash of the server, its ID may be that of
   * another transaction. Then it is repeated, which changes nothing if it was committed. The answer is worth the longest wait,
   * because a caller that gets an error repeats a transaction that may be committed.
   */
  private async isCommitted({ id, mark }: StartedWrite): Promise<boolean> {
    for (let count = 1; ; count++) {
      const found = await this.repeat(
        () => this.pool.query<{ status: string | null; mark: string | null }>(SELECT_OUTCOME, [id]),
        MAX_OUTAGE_MS,
      );
      const { status, mark: newMark } = found.rows[0] ?? {};
      // The server may not have noticed yet that the connection is lost.
      if (status !== "in progress") return status === "committed" && mark === newMark;
      await pause(count);
    }
  }

  close(): Promise<void> {
    return this.pool.ended ? Promise.resolve() : this.pool.end();
  }
}

/** Waits before the next attempt, for a random time, so that two transactions that collided do not collide again. */
function pause(attempt: number): Promise<void> {
  const longest = Math.min(MAX_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (attempt - 1));
  return new Promise((resolve) => setTimeout(resolve, longest * (0.5 + Math.random() / 2)));
}

/** Ends a transaction that failed, and gives its connection back unless it is lost. */
async function rollBack(client: PoolClient, error: unknown): Promise<void> {
  if (!isConnectionLost(error)) {
    try {
      await client.query("ROLLBACK");
      // A session that only reads stays so, for example after its server was replaced as the primary.
      client.release(getErrorCode(error) === READ_ONLY_TRANSACTION);
      return;
    } catch {
      // The connection was lost after the error.
    }
  }
  client.release(true);
}
