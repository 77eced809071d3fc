import type { Connection } from "../connection/connection.js";
import { JOB_SCHEMA } from "./add-jobs.js";

/** How far ahead jobs are looked for. The next look is earlier. */
const HORIZON_MS = 1_500;
/** The shortest time between two looks, however many jobs are announced. */
const MIN_INTERVAL_MS = 100;

const SELECT_NEXT_DELAY = `
  SELECT extract(epoch FROM min(run_at) - clock_timestamp())::double precision * 1000 AS delay
  FROM ${JOB_SCHEMA}._private_jobs
  WHERE is_available AND run_at > now() AND run_at < now() + interval '${HORIZON_MS} milliseconds'`;

/**
 * Calls `ring` when a job becomes due. graphile-worker itself would find such a job only with its next poll, up to a second
 * late.
 */
export class JobAlarm {
  private timer: NodeJS.Timeout | undefined;
  private rest: NodeJS.Timeout | undefined;
  private isLooking = false;
  private isAsked = false;
  private isStopped = false;

  constructor(
    private readonly db: Connection,
    private readonly ring: () => void,
  ) {}

  /** Looks for the next job, because there may be an earlier one than known. */
  look(): void {
    if (this.isStopped || this.isLooking || this.rest !== undefined) {
      this.isAsked = true;
      return;
    }
    this.isAsked = false;
    this.isLooking = true;
    // Without a database, the next poll finds the job.
    void this.setTimer()
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

  private async setTimer(): Promise<void> {
    const next = await this.db.get<{ delay: number | null }>(SELECT_NEXT_DELAY);
    clearTimeout(this.timer);
    if (this.isStopped || next?.delay == null) return;
    this.timer = setTimeout(
      () => {
        this.ring();
        this.look();
      },
      Math.max(1, Math.ceil(next.delay)),
    );
  }
}
