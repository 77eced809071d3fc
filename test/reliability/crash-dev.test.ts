import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, rmSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, describe, expect, it, vi } from "vitest";
import { withDatabase } from "../../src/store/sqlite/connection/driver.js";
import { openSqliteStore } from "../../src/store/sqlite/open-sqlite-store.js";
import { eventually } from "../helpers/eventually.js";
import { type HttpTestServer, startHttpTestServer } from "../helpers/http-test-server.js";
import { BIN, createSample, type Sample } from "../helpers/run-knock.js";
import { type SmtpReceiver, startSmtpReceiver } from "../helpers/smtp-receiver.js";
import { writeCrashProject } from "./crash-project.js";
import { getLongRuns, getTestLimit, reportFigures, reportProgress } from "./long-runs.js";

/** Where `knock dev` is killed: after a random time, and around the request for a webhook or the delivery of an email. */
const PLACES = ["random", "before_webhook_response", "after_webhook_response", "before_email_reply"] as const;
type Place = (typeof PLACES)[number];

const ROUNDS = getLongRuns("crash", 400, PLACES.length);
/** The triggers of each round. Every second one sends an email. */
const TRIGGERS = 6;
/** The kill happens at up to this webhook request or email of a round. Each round has more of them. */
const MAX_DELIVERY = 3;
const MAX_WAIT_MS = 80;

const figures: Record<string, number> = Object.fromEntries(PLACES.map((place) => [`kills_${place}`, 0]));

/**
 * Waits for deliveries to the servers of this process. Checks are rare, because each takes time that the servers need, and the
 * long form leaves hundreds of emails for the end.
 */
function untilDelivered(condition: () => boolean): Promise<unknown> {
  return vi.waitUntil(condition, { timeout: 600_000, interval: 200 });
}

/** A trigger with its idempotency key. `run` is null until `knock dev` has answered. */
interface SentTrigger {
  key: string;
  workflow: "alert" | "reminder";
  run: string | null;
}

/** `knock dev` on one store, and the servers to which it sends. */
class DevUnderKill {
  readonly triggers: SentTrigger[] = [];
  private child: ChildProcess | undefined;
  private url = "";
  /** The delivery at which it is killed. */
  private target: { place: Place; left: number } | null = null;
  /** Ends the requests that nothing will answer. */
  private requests = new AbortController();
  errors = "";

  private constructor(
    readonly sample: Sample,
    readonly smtp: SmtpReceiver,
    readonly receiver: HttpTestServer,
  ) {}

  static async open(): Promise<DevUnderKill> {
    let opened: DevUnderKill;
    const receiver = await startHttpTestServer();
    const smtp = await startSmtpReceiver({
      refuseData: () => {
        opened.reach("before_email_reply");
        return undefined;
      },
    });
    receiver.respondWith(() => {
      opened.reach("before_webhook_response");
      setImmediate(() => opened.reach("after_webhook_response"));
      return {};
    });
    const sample = createSample(null);
    writeCrashProject(sample, smtp.port, [receiver.url]);
    opened = new DevUnderKill(sample, smtp, receiver);
    return opened;
  }

  private reach(place: Place): void {
    if (this.target?.place !== place || --this.target.left > 0) return;
    this.kill("SIGKILL");
  }

  kill(signal: NodeJS.Signals): void {
    this.target = null;
    this.child?.kill(signal);
  }

  async start(): Promise<void> {
    const readyFile = this.sample.path("ready.json");
    rmSync(readyFile, { force: true });
    const { home } = this.sample;
    this.child = spawn(process.execPath, [BIN, "dev", "--port", "0", "--ready-file", readyFile], {
      cwd: this.sample.dir,
      env: { PATH: process.env.PATH, HOME: home, TZ: "UTC", XDG_CACHE_HOME: this.sample.path("..", "cache") },
      stdio: ["ignore", "ignore", "pipe"],
    });
    this.child.stderr?.on("data", (chunk) => {
      this.errors += String(chunk);
    });
    await eventually(() => existsSync(readyFile));
    this.requests = new AbortController();
    this.url = (JSON.parse(this.sample.read("ready.json")) as { url: string }).url;
  }

  /** Returns the exit code or the signal. */
  async untilEnd(): Promise<number | NodeJS.Signals> {
    const child = this.child as ChildProcess;
    if (child.exitCode === null && child.signalCode === null) await once(child, "close");
    return (child.signalCode ?? child.exitCode) as number | NodeJS.Signals;
  }

  /** Sends a trigger, again if it was sent before. An error means that the process was killed before it answered. */
  private async send(trigger: SentTrigger): Promise<void> {
    const { key, workflow } = trigger;
    const recipients = [{ id: key, name: key, email: `${key}@crash.test` }];
    const response = await fetch(`${this.url}/v1/workflows/${workflow}/trigger`, {
      method: "POST",
      headers: { authorization: "Bearer sk_test", "content-type": "application/json", "idempotency-key": key },
      body: JSON.stringify({ recipients, data: { page: key } }),
      signal: this.requests.signal,
    }).catch(() => null);
    const text = await response?.text().catch(() => null);
    if (!response || !text) return;
    expect(response.status, text).toBe(200);
    const { workflow_run_id } = JSON.parse(text) as { workflow_run_id: string };
    expect(trigger.run ?? workflow_run_id).toBe(workflow_run_id);
    trigger.run = workflow_run_id;
  }

  /** Sends all triggers without an answer at once, and one with an answer, which must be the same again. */
  async sendAll(): Promise<void> {
    const repeated = this.triggers.find(({ run }) => run !== null);
    const unanswered = this.triggers.filter(({ run }) => run === null);
    await Promise.all(
      [...unanswered, ...(repeated === undefined ? [] : [repeated])].map((trigger) => this.send(trigger)),
    );
  }

  /** Starts the process, sends triggers and kills it. */
  async runRound(place: Place): Promise<void> {
    const first = this.triggers.length;
    for (let index = first; index < first + TRIGGERS; index++)
      this.triggers.push({ key: `t${index}`, workflow: index % 2 === 0 ? "alert" : "reminder", run: null });
    await this.start();
    this.target = { place, left: 1 + Math.floor(Math.random() * MAX_DELIVERY) };
    const sent = this.sendAll();
    if (place === "random") {
      await sleep(Math.random() * MAX_WAIT_MS);
      this.kill("SIGKILL");
    }
    expect(await this.untilEnd()).toBe("SIGKILL");
    // A connection that the process had not accepted yet can stay open after its end.
    this.requests.abort();
    await sent;
    const problems = withDatabase(this.sample.path(".knock-local/store.db"), (database) =>
      database.prepare("PRAGMA integrity_check").all(),
    );
    expect(problems).toEqual([{ integrity_check: "ok" }]);
  }

  countMessages(status: "queued" | "undelivered"): number {
    return withDatabase(this.sample.path(".knock-local/store.db"), (database) => {
      const row = database.prepare(`SELECT count(*) AS count FROM messages WHERE status = '${status}'`).get();
      return Number((row as { count: number }).count);
    });
  }

  /** Returns how often each event arrived, by type and ID. */
  countEvents(): Map<string, number> {
    const counts = new Map<string, number>();
    for (const { json } of this.receiver.requests) {
      const event = `${json.type} ${(json.data as { id: string }).id}`;
      counts.set(event, (counts.get(event) ?? 0) + 1);
    }
    return counts;
  }

  async remove(): Promise<void> {
    this.child?.kill("SIGKILL");
    this.sample.remove();
    await this.smtp.close();
    await this.receiver.close();
  }
}

describe("knock dev that is killed under requests", () => {
  afterAll(() => reportFigures("crash", figures, "crash-dev"));

  it("loses no accepted trigger, repeats none, and delivers emails and webhook events at least once", {
    timeout: getTestLimit("crash"),
  }, async () => {
    // Opening a store loads the driver for the integrity checks.
    await (await openSqliteStore(":memory:")).close();
    const dev = await DevUnderKill.open();
    try {
      for (let round = 0; round < ROUNDS; round++) {
        const place = PLACES[round % PLACES.length] as Place;
        await dev.runRound(place);
        reportProgress("crash", round + 1, 100);
        figures[`kills_${place}`] = (figures[`kills_${place}`] ?? 0) + 1;
      }
      await dev.start();
      await dev.sendAll();
      const { triggers } = dev;
      expect(triggers.filter(({ run }) => run === null)).toEqual([]);

      const store = await openSqliteStore(dev.sample.path(".knock-local/store.db"), { readOnly: true });
      const readAll = async () => {
        const page = { limit: 10_000 };
        return {
          runs: (await store.listRecipientRuns({}, page)).items,
          messages: (await store.listMessages({}, page)).items,
        };
      };
      const listExpectedEvents = async () => {
        const { runs, messages } = await readAll();
        const started = runs.map(({ recipientRun }) => `workflow_recipient_run.started ${recipientRun.id}`);
        return [
          ...started,
          ...messages.map(({ id, channel }) => `message.${channel.key === "mail" ? "sent" : "delivered"} ${id}`),
        ];
      };
      await untilDelivered(() => dev.countMessages("queued") === 0);
      // A message that four processes held when they were killed is given up, as if it had ended them, until it is retried.
      figures.given_up = dev.countMessages("undelivered");
      if (figures.given_up > 0) {
        const { exitCode } = await dev.sample.knock(["messages", "retry", "--all"]);
        expect([exitCode, dev.countMessages("undelivered")]).toEqual([0, 0]);
      }
      const expected = await listExpectedEvents();
      await untilDelivered(() => {
        const counts = dev.countEvents();
        return expected.every((event) => counts.has(event));
      });
      dev.kill("SIGTERM");
      expect(await dev.untilEnd()).toBe(143);
      expect(dev.errors).not.toMatch(/error|\n\s+at /);

      const { runs, messages } = await readAll();
      await store.close();
      expect(runs.map(({ run }) => run.id).sort()).toEqual(triggers.map(({ run }) => run).sort());
      const steps = messages.map(({ recipient, step_ref }) => `${recipient} ${step_ref}`);
      expect(steps.sort()).toEqual(
        triggers.map(({ key, workflow }) => `$users/${key} ${workflow === "alert" ? "email_1" : "feed_1"}`).sort(),
      );
      const ids = new Set([...runs.map(({ recipientRun }) => recipientRun.id), ...messages.map(({ id }) => id)]);
      const counts = dev.countEvents();
      expect([...counts.keys()].filter((event) => !ids.has(event.split(" ")[1] as string))).toEqual([]);
      const emails = new Map(dev.smtp.received.map(({ to, mail }) => [mail.messageId, to[0]]));
      expect([...emails.values()].sort()).toEqual(
        triggers.flatMap(({ key, workflow }) => (workflow === "alert" ? [`${key}@crash.test`] : [])).sort(),
      );
      figures.triggers = triggers.length;
      figures.webhook_events = counts.size;
      figures.repeated_webhook_events = dev.receiver.requests.length - counts.size;
      figures.repeated_emails = dev.smtp.received.length - emails.size;
    } finally {
      await dev.remove();
    }
  });
});
