import { setTimeout as sleep } from "node:timers/promises";
import { toRecipientKey } from "../../../src/domain/recipient/recipient.js";
import { parseTrigger } from "../../../src/domain/trigger/parse-trigger.js";
import type { LocalOperations } from "../../../src/ports/operations.js";
import { openPostgresStore } from "../../../src/store/postgres/open-postgres-store.js";
import { eventually } from "../../helpers/eventually.js";
import { withClient } from "../../helpers/postgres-server.js";
import { createInProcessSample } from "../../helpers/run-in-process.js";
import type { StartedCommand } from "../../helpers/run-knock.js";
import { type SmtpReceiver, startSmtpReceiver } from "../../helpers/smtp-receiver.js";
import { type Figures, WORKERS } from "./fault-run.js";
import { WorkerProcess } from "./worker-process.js";
import { openEngine } from "./workload.js";

const SECOND = 1_000;
const DELAY_STEP = { ref: "delay_1", type: "delay", settings: { delay_for: { unit: "seconds", value: 1 } } };
const SUBSCRIBERS_PER_WRITE = 2_000;

/** Small triggers whose runs wait for a second and then send an email: workers advance and deliver them. */
interface SmallTriggers {
  perSecond: number;
}

function getPercentile(values: readonly number[], percent: number): number {
  const sorted = [...values].sort((one, other) => one - other);
  return Math.round(sorted[Math.min(sorted.length - 1, Math.floor((sorted.length * percent) / 100))] ?? 0);
}

/** Workers on a database, and an SMTP server that answers at once beside one that takes its time. */
class LatenessRun {
  private readonly sample = createInProcessSample(null);
  private readonly workers: WorkerProcess[] = [];
  private readonly acceptedAt = new Map<string, number>();
  private number = 0;

  private constructor(
    readonly url: string,
    private readonly servers: SmtpReceiver[],
  ) {}

  static async start(url: string, answerMs: number): Promise<{ run: LatenessRun; engine: LocalOperations }> {
    const slow = await startSmtpReceiver({
      onData(stream, _session, callback) {
        stream.resume();
        stream.on("end", () => setTimeout(() => callback(null), answerMs));
      },
    });
    const servers = [slow];
    const run = new LatenessRun(url, servers);
    const fast = await startSmtpReceiver({
      onData(stream, session, callback) {
        stream.resume();
        stream.on("end", () => {
          run.acceptedAt.set(session.envelope.rcptTo[0]?.address ?? "", performance.now());
          callback(null);
        });
      },
    });
    servers.push(fast);
    const { sample } = run;
    const settings = (port: number) => ({ from_address: "hi@faults.test", host: "127.0.0.1", port, tls: "none" });
    const email = (key: string) => ({
      ref: "email_1",
      type: "channel",
      channel_type: "email",
      channel_key: key,
      template: { subject: "Hi", html_body: "<p>Hi</p>", settings: {} },
    });
    const feed = { ref: "feed_1", type: "channel", channel_type: "in_app_feed", channel_key: "feed" };
    sample.write("knock.json", { knockDir: "./knock" });
    sample.write("knock/environment.json", {
      channels: {
        fast: { type: "email", provider: "smtp", deliver: true, settings: settings(fast.port) },
        slow: { type: "email", provider: "smtp", deliver: true, settings: settings(slow.port) },
        feed: { type: "in_app_feed", provider: "knock" },
      },
    });
    for (const [key, steps] of Object.entries({
      fast: [DELAY_STEP, email("fast")],
      slow: [DELAY_STEP, email("slow")],
      large: [{ ...feed, template: { markdown_body: "Hi" } }],
    }))
      sample.write(`knock/workflows/${key}/workflow.json`, { name: key, steps });
    const engine = await openEngine(sample, url);
    for (let count = 0; count < WORKERS; count++) run.workers.push(await WorkerProcess.start(sample, url));
    return { run, engine };
  }

  /** Triggers while `isRunning`, and returns how late the emails of the small triggers were, in milliseconds. */
  async measure(
    engine: LocalOperations,
    { perSecond }: SmallTriggers,
    isRunning: () => boolean | Promise<boolean>,
    workflows: readonly string[] = ["fast"],
  ): Promise<number[]> {
    const triggeredAt = new Map<string, number>();
    const sending: Promise<unknown>[] = [];
    const start = performance.now();
    for (let count = 0; await isRunning(); count++) {
      await sleep(Math.max(0, start + (count * SECOND) / perSecond - performance.now()));
      for (const workflow of workflows) {
        const id = `${workflow}-${++this.number}`;
        const address = `${id}@faults.test`;
        if (workflow === "fast") triggeredAt.set(address, performance.now());
        const { trigger } = parseTrigger({ recipients: [{ id, email: address }] }, workflow);
        sending.push(engine.triggerWorkflow(trigger, { idempotency_key: null }));
      }
    }
    await Promise.all(sending);
    await eventually(() => [...triggeredAt.keys()].every((address) => this.acceptedAt.has(address)));
    return [...triggeredAt].map(([address, at]) => (this.acceptedAt.get(address) as number) - at - SECOND);
  }

  start(args: readonly string[]): StartedCommand {
    return this.sample.start(args);
  }

  async stop(): Promise<void> {
    for (const worker of this.workers) worker.kill();
    await Promise.all(this.servers.map((server) => server.close()));
    this.sample.remove();
  }
}

const during = (milliseconds: number): (() => boolean) => {
  const end = performance.now() + milliseconds;
  return () => performance.now() < end;
};

/** Measures how late emails of a fast provider are, first alone and then beside one that takes long to answer. */
export async function measureBesideSlowProvider(
  url: string,
  { answerMs, aloneMs, besideMs }: { answerMs: number; aloneMs: number; besideMs: number },
): Promise<Figures> {
  const { run, engine } = await LatenessRun.start(url, answerMs);
  try {
    await run.measure(engine, { perSecond: 10 }, during(5 * SECOND)); // the first triggers compile and connect
    const alone = await run.measure(engine, { perSecond: 10 }, during(aloneMs));
    const beside = await run.measure(engine, { perSecond: 10 }, during(besideMs), ["fast", "slow"]);
    return {
      alone_p50_ms: getPercentile(alone, 50),
      alone_p99_ms: getPercentile(alone, 99),
      beside_p50_ms: getPercentile(beside, 50),
      beside_p99_ms: getPercentile(beside, 99),
      emails: alone.length + beside.length,
    };
  } finally {
    await engine.close();
    await run.stop();
  }
}

/** Measures how late emails of small triggers are while one trigger reaches many recipients. */
export async function measureBesideLargeTrigger(url: string, recipients: number): Promise<Figures> {
  const { run, engine } = await LatenessRun.start(url, 0);
  try {
    const store = await openPostgresStore(url);
    const object = toRecipientKey({ collection: "lists", id: "all" });
    for (let start = 0; start < recipients; start += SUBSCRIBERS_PER_WRITE) {
      const count = Math.min(SUBSCRIBERS_PER_WRITE, recipients - start);
      const subscriptions = Array.from({ length: count }, (_, number) => ({
        object,
        recipient: toRecipientKey(`subscriber-${start + number}`),
        properties: {},
      }));
      // Subscribers who were never identified would get no run.
      const users = subscriptions.map(({ recipient: key }) => ({ key, properties: {} }));
      await store.upsertRecipients(users, Date.now());
      await store.upsertSubscriptions(subscriptions, Date.now());
    }
    await store.close();
    await run.measure(engine, { perSecond: 10 }, during(5 * SECOND));
    const alone = await run.measure(engine, { perSecond: 10 }, during(20 * SECOND));
    const startedAt = performance.now();
    // A trigger begins its own fan-out, so it gets a process that is not the one that measures.
    const command = run.start(["notify", "large", "--object", "lists/all", "--store", url, "--quiet"]);
    const reached = () =>
      withClient(url, async (client) => {
        const { rows } = await client.query<{ due: boolean }>(
          "SELECT EXISTS (SELECT 1 FROM workflow_runs WHERE due_at IS NOT NULL) AS due",
        );
        return rows[0]?.due !== true;
      });
    let isReached = false;
    const following = (async () => {
      const { stderr } = await command;
      if (/^error/m.test(stderr)) throw new Error(`the large trigger failed: ${stderr}`);
      while (!(await reached())) await sleep(500);
    })().finally(() => {
      isReached = true;
    });
    const beside = await run.measure(engine, { perSecond: 10 }, () => !isReached);
    await following;
    const seconds = (performance.now() - startedAt) / SECOND;
    return {
      recipients,
      recipients_per_second: Math.round(recipients / seconds),
      small_triggers: beside.length,
      alone_p50_ms: getPercentile(alone, 50),
      alone_p99_ms: getPercentile(alone, 99),
      beside_p50_ms: getPercentile(beside, 50),
      beside_p99_ms: getPercentile(beside, 99),
    };
  } finally {
    await engine.close();
    await run.stop();
  }
}
