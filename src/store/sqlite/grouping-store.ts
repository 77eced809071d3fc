import type { Store } from "../../ports/store.js";
import type { Connection } from "./connection.js";
import { applyWorkflowRun } from "./insert-workflow-run.js";
import { openSqliteStore, type SqliteStoreOptions } from "./open-sqlite-store.js";
import { applyUpserts } from "./recipients.js";
import { SqliteStore } from "./sqlite-store.js";

interface Waiting {
  work: () => void;
  done: () => void;
  failed: (error: unknown) => void;
}

/**
 * Writes that are asked for in one turn of the event loop, made durable by one transaction: most of a small trigger is
 * waiting for the disk. Each has a savepoint of its own, so that one that fails takes no other with it; none is answered
 * before all are on the disk.
 */
class GroupedWrites {
  private waiting: Waiting[] = [];

  constructor(private readonly db: Connection) {}

  add<T>(work: () => T): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      let result: T;
      const entry: Waiting = {
        work: () => {
          result = work();
        },
        done: () => resolve(result),
        failed: reject,
      };
      if (this.waiting.push(entry) === 1) setImmediate(() => this.flush());
    });
  }

  private flush(): void {
    const group = this.waiting;
    this.waiting = [];
    let written: Waiting[] = [];
    try {
      written = this.db.write(() => group.filter((one) => this.isWritten(one)));
    } catch (error) {
      // Nothing of the whole group is there.
      for (const one of group) one.failed(error);
      return;
    }
    for (const one of written) one.done();
  }

  private isWritten({ work, failed }: Waiting): boolean {
    const { db } = this;
    db.run("SAVEPOINT one");
    try {
      db.single(work);
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

/** The embedded store for a process that answers many: triggers that come in at once share a transaction. */
export async function openGroupingStore(location: string, options: SqliteStoreOptions = {}): Promise<Store> {
  const store = await openSqliteStore(location, options);
  if (!(store instanceof SqliteStore)) return store;
  const { db, shared } = store;
  const writes = new GroupedWrites(db);
  store.insertWorkflowRun = (run, idempotentSince) =>
    writes.add(() => applyWorkflowRun(db, shared, run, idempotentSince));
  store.upsertRecipients = (upserts, at) => writes.add(() => applyUpserts(db, upserts, at));
  return store;
}
