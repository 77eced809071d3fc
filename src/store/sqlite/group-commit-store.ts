import { resolve } from "node:path";
import type { Recipient, RecipientKey } from "../../domain/recipient/recipient.js";
import type { Store } from "../../ports/store.js";
import { Checkpointer } from "./connection/checkpointer.js";
import { readClock } from "./connection/clock-setting.js";
import type { Connection } from "./connection/connection.js";
import { openSqliteStore, type SqliteStoreOptions } from "./open-sqlite-store.js";
import { applyUpserts, readRecipients } from "./recipient/recipients.js";
import type { SqliteStore } from "./sqlite-store.js";
import { applyWorkflowRun } from "./work/insert-workflow-run.js";
import { hasPendingEvents } from "./work/user-changes.js";

interface PendingWrite {
  work: () => void;
  resolve: () => void;
  reject: (error: unknown) => void;
}

/** Turns of the event loop that writes wait for others. */
const MAX_EXTRA_TURNS = 3;

/**
 * Writes that are asked for in one turn of the event loop, made durable by one transaction: most of a small trigger is
 * waiting for the disk. One that fails takes no other with it; none is answered before all are on the disk.
 */
class GroupCommit {
  private pendingWrites: PendingWrite[] = [];

  constructor(
    private readonly db: Connection,
    private readonly onCommit: () => void,
  ) {}

  add<T>(work: () => T): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      let result: T;
      const entry: PendingWrite = {
        work: () => {
          result = work();
        },
        resolve: () => resolve(result),
        reject: reject,
      };
      if (this.pendingWrites.push(entry) === 1) setImmediate(() => this.flushWhenFull(0, MAX_EXTRA_TURNS));
    });
  }

  /** While more comes in, a few turns more: a transaction of all costs what one of a few does, and those come back sooner. */
  private flushWhenFull(previousCount: number, turnsLeft: number): void {
    const now = this.pendingWrites.length;
    if (now > previousCount && turnsLeft > 0) setImmediate(() => this.flushWhenFull(now, turnsLeft - 1));
    else this.flush();
  }

  /** Before the store closes: those that wait come no later than it. */
  flush(): void {
    const group = this.pendingWrites;
    if (group.length === 0) return;
    this.pendingWrites = [];
    let written: readonly PendingWrite[] = [];
    try {
      written = this.writeAll(group) ? group : this.db.write(() => group.filter((one) => this.tryWrite(one)));
    } catch (error) {
      // Nothing of the whole group is there.
      for (const one of group) one.reject(error);
      return;
    }
    for (const one of written) one.resolve();
    this.onCommit();
  }

  /**
   * Without savepoints, for which SQLite copies every page that is written to: a tenth of a small trigger. False where one
   * has failed; nothing is written then, and each has to be tried by itself.
   */
  private writeAll(group: readonly PendingWrite[]): boolean {
    let failed = false;
    try {
      this.db.write(() => {
        failed = true;
        for (const { work } of group) work();
        failed = false;
      });
      return true;
    } catch (error) {
      if (failed) return false;
      throw error;
    }
  }

  private tryWrite({ work, reject: failed }: PendingWrite): boolean {
    const { db } = this;
    db.run("SAVEPOINT one");
    try {
      db.runSingle(work);
      db.run("RELEASE one");
      return true;
    } catch (error) {
      db.forget();
      db.run("ROLLBACK TO one");
      db.run("RELEASE one");
      failed(error);
      return false;
    }
  }
}

/** One answer for all who ask until it is read. `wait` tells when that is. */
function createSharedRead<T>(schedule: (read: () => void) => void, read: () => T): () => Promise<T> {
  let pendingRead: Promise<T> | null = null;
  return () => {
    pendingRead ??= new Promise<void>(schedule).then(() => {
      pendingRead = null;
      return read();
    });
    return pendingRead;
  };
}

/**
 * Reads that triggers make side by side, made once for all. A trigger's first is the clock: it waits until all that the
 * loop's turn has brought in is parsed. From there on they go in step, each doing the same as the one before, with code and
 * rows that the processor still has at hand: that alone takes a third off a trigger's time.
 */
function shareReads(store: SqliteStore): void {
  const { db } = store;
  const requestedKeys = new Set<RecipientKey>();
  // By microtask: those who go in step have asked by then, and nobody waits for a turn of the loop.
  const readRequested = createSharedRead(queueMicrotask, () => {
    const keys = [...requestedKeys];
    requestedKeys.clear();
    return readRecipients(db, keys);
  });
  store.readClock = createSharedRead(setImmediate, () => readClock(db));
  store.hasPendingEvents = createSharedRead(queueMicrotask, () => hasPendingEvents(db));
  store.readRecipients = async (keys) => {
    for (const key of keys) requestedKeys.add(key);
    const found = await readRequested();
    const own = new Map<RecipientKey, Recipient>();
    for (const key of keys) {
      const recipient = found.get(key);
      if (recipient !== undefined) own.set(key, recipient);
    }
    return own;
  };
}

/**
 * The embedded store for a process that answers many: triggers that come in at once share a transaction, and what they
 * read.
 */
export async function openGroupCommitStore(location: string, options: SqliteStoreOptions = {}): Promise<Store> {
  const store = await openSqliteStore(location, options);
  const { db, shared } = store;
  const checkpointer = location === ":memory:" ? null : new Checkpointer(resolve(location));
  const writes = new GroupCommit(db, () => checkpointer?.recordCommit());
  shareReads(store);
  store.insertWorkflowRun = (run, idempotentSince) =>
    writes.add(() => applyWorkflowRun(db, shared, run, idempotentSince));
  store.upsertRecipients = (upserts, at) => writes.add(() => applyUpserts(db, upserts, at));
  const close = store.close.bind(store);
  store.close = async () => {
    writes.flush();
    await checkpointer?.close();
    await close();
  };
  return store;
}
