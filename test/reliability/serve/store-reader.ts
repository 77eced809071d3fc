import pg from "pg";
import { EngineHarness } from "../../helpers/engine-harness.js";
import { eventually } from "../../helpers/eventually.js";

/** Counts workflow runs with work that is due now: their fan-out, a run, or the delivery of a message. */
const COUNT_UNSETTLED = `
  SELECT count(*)::int AS count FROM workflow_runs w WHERE w.id = ANY($1) AND (
    w.due_at IS NOT NULL OR EXISTS (
      SELECT FROM recipient_runs r LEFT JOIN messages m ON m.recipient_run = r.row
      WHERE r.workflow_run = w.row AND (r.status IN ('queued', 'processing') OR m.due_at IS NOT NULL)))`;

const COUNT_STORED = "SELECT count(*)::int AS count FROM workflow_runs WHERE id = ANY($1)";

/** Counts workflow runs of triggers that no client knows of, the messages that a step of a run has beyond its first, and runs of a recipient likewise. */
const COUNT_DOUBLED = `
  SELECT (SELECT count(*) FROM workflow_runs WHERE NOT (id = ANY($1)) AND inserted_at >= $2 AND guide = 0 AND trigger_source::json->>'type' = 'api')::int
    + (SELECT coalesce(sum(n - 1), 0) FROM (
      SELECT count(*) AS n FROM messages m JOIN recipient_runs r ON r.row = m.recipient_run JOIN workflow_runs w ON w.row = r.workflow_run
      WHERE w.guide = 0 GROUP BY m.recipient_run, m.step_ref) s)::int
    + (SELECT coalesce(sum(n - 1), 0) FROM (
      SELECT count(*) AS n FROM recipient_runs r JOIN workflow_runs w ON w.row = r.workflow_run
      WHERE w.guide = 0 GROUP BY r.workflow_run, r.recipient) s)::int AS count`;

/** Reads the store of a cluster, without its servers. */
export class StoreReader {
  private constructor(
    private readonly pool: pg.Pool,
    readonly harness: EngineHarness,
  ) {}

  static async open(database: string): Promise<StoreReader> {
    const pool = new pg.Pool({ connectionString: database, max: 2 });
    pool.on("error", () => {});
    return new StoreReader(pool, await EngineHarness.open({ database }));
  }

  private async count(statement: string, ...values: unknown[]): Promise<number> {
    return (await this.pool.query<{ count: number }>(statement, values)).rows[0]?.count as number;
  }

  /** Waits until workers have done the work of workflow runs that is due now. */
  async untilSettled(runs: readonly string[]): Promise<void> {
    await eventually(async () => (await this.count(COUNT_UNSETTLED, runs)) === 0);
  }

  /** Compares the workflow runs that clients know with those that are in the store since a time. */
  async countFaults(runs: readonly string[], since: number): Promise<{ lost: number; doubled: number }> {
    const stored = await this.count(COUNT_STORED, runs);
    return { lost: runs.length - stored, doubled: await this.count(COUNT_DOUBLED, runs, since) };
  }

  async close(): Promise<void> {
    await this.harness.close();
    await this.pool.end();
  }
}
