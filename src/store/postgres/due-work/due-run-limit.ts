import type { Connection } from "../connection/connection.js";

/** An answer is used for this long, because many triggers may ask at the same time. */
const MAX_AGE_MS = 1_000;

/** Says whether more runs are due than a limit. The database is asked at most once a second. */
export class DueRunLimit {
  private answer: Promise<boolean> | undefined;
  private askedAt = Number.NEGATIVE_INFINITY;

  constructor(
    private readonly db: Connection,
    private readonly maxDueRuns: number,
    private readonly now: () => number = () => performance.now(),
  ) {}

  isExceeded(): Promise<boolean> {
    if (this.answer !== undefined && this.now() - this.askedAt < MAX_AGE_MS) return this.answer;
    this.askedAt = this.now();
    const answer = this.ask();
    this.answer = answer;
    answer.catch(() => {
      if (this.answer === answer) this.answer = undefined;
    });
    return answer;
  }

  /** Reads the index up to the limit, and counts nothing beyond it. */
  private async ask(): Promise<boolean> {
    const { db, maxDueRuns } = this;
    const sql = `SELECT 1 FROM recipient_runs WHERE due_at <= ${db.time} OFFSET $1 LIMIT 1`;
    return (await db.readDue((tx) => tx.get(sql, maxDueRuns))) !== undefined;
  }
}
