import { parseTrigger } from "../../../src/domain/trigger/parse-trigger.js";
import { KnockError } from "../../../src/errors/knock-error.js";
import type { LocalOperations } from "../../../src/ports/operations.js";
import { sleep } from "../../../src/util/sleep.js";
import type { Outage, OutageSetup } from "../../helpers/database-outages.js";
import { eventually } from "../../helpers/eventually.js";
import { withClient } from "../../helpers/postgres-server.js";
import { createInProcessSample } from "../../helpers/run-in-process.js";
import type { Sample } from "../../helpers/run-knock.js";
import type { SmtpReceiver } from "../../helpers/smtp-receiver.js";
import type { Figures } from "./fault-run.js";
import { WorkerProcess } from "./worker-process.js";
import { openEngine, startRefusingReceiver, writeFaultProject } from "./workload.js";

const WORKERS = 2;
const SIZE = { rounds: 0, recipients: 0, windowSeconds: 1, pauseMs: 0 };
const CHECK_MS = 200;

const COUNT = `
  SELECT (SELECT count(*)::integer FROM recipient_runs) AS runs,
    (SELECT count(*)::integer FROM recipient_runs WHERE status = 'completed') AS completed,
    (SELECT count(*)::integer FROM messages) AS messages,
    (SELECT count(DISTINCT (recipient_run, step_ref))::integer FROM messages WHERE due_at IS NULL) AS sent`;
/** Counts the work that is due at a time. */
const COUNT_DUE = `
  SELECT (SELECT count(*) FROM recipient_runs WHERE due_at <= $1) + (SELECT count(*) FROM messages WHERE due_at <= $1) AS due`;

interface OutageRunOptions {
  /** Triggers before and during each outage. */
  triggers: number;
  /** How long the outage lasts after all workers have noticed it. */
  outageMs: number;
}

/** Workers that run while triggers arrive and their database cannot be used from time to time. */
export class OutageRun {
  private readonly workers: WorkerProcess[] = [];
  private triggered = 0;

  private constructor(
    private readonly setup: OutageSetup,
    private readonly options: OutageRunOptions,
    private readonly smtp: SmtpReceiver,
    private readonly sample: Sample,
    private readonly engine: LocalOperations,
  ) {}

  static async start(setup: OutageSetup, options: OutageRunOptions): Promise<OutageRun> {
    const smtp = await startRefusingReceiver();
    const sample = createInProcessSample(null);
    writeFaultProject(sample, SIZE, smtp.port);
    const run = new OutageRun(setup, options, smtp, sample, await openEngine(sample, setup.location));
    for (let number = 0; number < WORKERS; number++)
      run.workers.push(await WorkerProcess.start(sample, setup.location));
    return run;
  }

  /**
   * Begins and ends an outage while triggers arrive. Returns how often a worker was healthy after all had noticed the outage, and
   * how long it took to notice it, to send the first email afterwards, to do everything that was due, and to be healthy again.
   */
  async endure(outage: Outage): Promise<Figures> {
    await this.trigger(this.options.triggers);
    await outage.begin(this.setup);
    const beganAt = performance.now();
    let sending: Promise<void> | undefined;
    let checks = 0;
    let healthy = 0;
    let noticedAt = beganAt;
    try {
      sending = this.trigger(this.options.triggers);
      await eventually(async () => {
        await outage.renew?.(this.setup);
        return (await this.readHealth()).every((status) => status === 503);
      });
      noticedAt = performance.now();
      while (performance.now() - noticedAt < this.options.outageMs) {
        await outage.renew?.(this.setup);
        const statuses = await this.readHealth();
        checks += statuses.length;
        healthy += statuses.filter((status) => status === 200).length;
        await sleep(CHECK_MS);
      }
    } finally {
      await outage.end(this.setup);
    }
    const [due, emails, endedAt] = [Date.now(), this.smtp.received.length, performance.now()];
    const measure = async (condition: () => boolean | Promise<boolean>): Promise<number> => {
      await eventually(condition);
      return Math.round(performance.now() - endedAt);
    };
    const isDone = async () => (await this.query<{ due: string }>(COUNT_DUE, due)).due === "0";
    const [first_email_ms, all_due_ms, healthy_again_ms] = await Promise.all([
      // Connections that were open may have done all work during the outage.
      measure(async () => this.smtp.received.length > emails || (await isDone())),
      measure(isDone),
      measure(async () => (await this.readHealth()).every((status) => status === 200)),
    ]);
    await sending;
    const noticed_ms = Math.round(noticedAt - beganAt);
    return { checks, healthy, noticed_ms, first_email_ms, all_due_ms, healthy_again_ms };
  }

  /** Waits until everything is done, and returns what the triggers led to. */
  async finish(): Promise<Figures> {
    const { triggered } = this;
    await eventually(async () => (await this.query<Figures>(COUNT)).sent === 2 * triggered);
    await eventually(async () => (await this.query<Figures>(COUNT)).completed === triggered);
    const ended = this.workers.filter(({ command }) => command.exitCode !== null).length;
    return { triggered, ended, ...(await this.query<Figures>(COUNT)) };
  }

  async close(): Promise<void> {
    for (const { command } of this.workers) command.kill("SIGKILL");
    await this.engine.close();
    this.sample.remove();
    await this.smtp.close();
  }

  private readHealth(): Promise<number[]> {
    return Promise.all(this.workers.map((worker) => worker.readHealth()));
  }

  private async query<Row extends object>(sql: string, ...values: unknown[]): Promise<Row> {
    return (await withClient(this.setup.location, (client) => client.query<Row>(sql, values))).rows[0] as Row;
  }

  /** Triggers a workflow for new recipients. Each trigger is sent again until it is accepted, as clients do after a 503. */
  private async trigger(count: number): Promise<void> {
    for (let number = 0; number < count; number++) {
      const id = `reader${this.triggered++}`;
      const payload = { recipients: [{ id, email: `${id}@faults.test` }], data: { page: id } };
      for (let isAccepted = false; !isAccepted; )
        try {
          await this.engine.triggerWorkflow(parseTrigger(payload, "remind").trigger, { idempotency_key: id });
          isAccepted = true;
        } catch (error) {
          if (!(error instanceof KnockError)) throw error;
          await sleep(CHECK_MS);
        }
    }
  }
}
