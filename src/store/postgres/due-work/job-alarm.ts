import type { Connection } from "../connection/connection.js";
import { JOB_SCHEMA } from "../connection/transaction.js";
import { ALL_PRIORITIES } from "./jobs.js";

/** How far ahead jobs are looked for. The next look is earlier, because each heartbeat looks. */
const HORIZON_MS = 1_500;
/** The shortest time between two looks, however many jobs are announced. */
const MIN_INTERVAL_MS = 100;
/** A look also finds jobs that became due this long before it, because it replaces the times that have not rung yet. */
const OVERLAP_MS = 100;
/** The most times that one look finds. */
const MAX_TIMES = 1_000;

/** The condition on priorities lets the index be searched for the times. */
const SELECT_NEXT_TIMES = `
  SELECT extract(epoch FROM run_at - clock_timestamp())::double precision * 1000 AS delay, count(*)::integer AS jobs
  FROM ${JOB_SCHEMA}._private_jobs
  WHERE is_available AND priority = ANY($1) AND run_at > now() - interval '${OVERLAP_MS} milliseconds'
    AND run_at < now() + interval '${HORIZON_MS} milliseconds'
  GROUP BY run_at ORDER BY run_at LIMIT ${MAX_TIMES}`;

/** A time at which jobs become due, in milliseconds of the process's own clock. */
interface DueTime {
  at: number;
  jobs: number;
}

/**
 * Calls `ring` with the number of jobs that become due, when they do. graphile-worker itself would find such jobs only with its next
 * poll, up to a second late.
 */
export class JobAlarm {
  private timer: NodeJS.Timeout | undefined;
  private rest: NodeJS.Timeout | undefined;
  private isLooking = false;
  private isAsked = false;
  private isStopped = false;
  /** The times ahead, earliest first. */
  private times: DueTime[] = [];

  constructor(
    private readonly db: Pick<Connection, "all">,
    private readonly ring: (jobs: number) => void,
  ) {}

  /** Looks for the next jobs, because there may be others than known. */
  look(): void {
    if (this.isStopped || this.isLooking || this.rest !== undefined) {
      this.isAsked = true;
      return;
    }
    this.isAsked = false;
    this.isLooking = true;
    // Without a database, the next poll finds the jobs.
    void this.readTimes()
      .catch(() => {})
      .finally(() => {
        this.isLooking = false;
        this.rest = setTimeout(() => {
          this.rest = undefined;
          if (this.isAsked) this.look();
        }, MIN_INTERVAL_MS);
      });
  }

  stop(): void {
    this.isStopped = true;
    clearTimeout(this.timer);
    clearTimeout(this.rest);
  }

  private async readTimes(): Promise<void> {
    const found = await this.db.all<{ delay: number; jobs: number }>(SELECT_NEXT_TIMES, ALL_PRIORITIES);
    if (this.isStopped) return;
    const now = performance.now();
    this.times = found.map(({ delay, jobs }) => ({ at: now + delay, jobs }));
    this.setTimer();
  }

  private setTimer(): void {
    clearTimeout(this.timer);
    const [next] = this.times;
    if (next === undefined) return;
    this.timer = setTimeout(() => this.ringForDue(), Math.max(1, Math.ceil(next.at - performance.now())));
  }

  private ringForDue(): void {
    const now = performance.now();
    const firstLater = this.times.findIndex(({ at }) => at > now);
    const due = this.times.splice(0, firstLater === -1 ? this.times.length : firstLater);
    if (due.length > 0) this.ring(due.reduce((sum, { jobs }) => sum + jobs, 0));
    if (this.times.length === 0) this.look();
    else this.setTimer();
  }
}
