import { mkdirSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, describe, expect, it } from "vitest";
import type { Store } from "../../src/ports/store.js";
import { openPostgresStore } from "../../src/store/postgres/open-postgres-store.js";
import { withDatabase } from "../../src/store/sqlite/connection/driver.js";
import { openSqliteStore } from "../../src/store/sqlite/open-sqlite-store.js";
import { eventually } from "../helpers/eventually.js";
import { findFreePort } from "../helpers/find-free-port.js";
import { startHttpTestServer } from "../helpers/http-test-server.js";
import { describeOnPostgres, PostgresServer, withClient } from "../helpers/postgres-server.js";
import { createInProcessSample } from "../helpers/run-in-process.js";
import { startSmtpReceiver } from "../helpers/smtp-receiver.js";
import { getLongRuns, getTestLimit, reportFigures } from "./long-runs.js";
import { countExpectedActivities, listExpectedMessages, readMessages, WebhookEvents } from "./soak/check-results.js";
import { drawPlot } from "./soak/draw-plot.js";
import { MixedLoad } from "./soak/mixed-load.js";
import { findMedian, measureGrowth, type ProcessSample } from "./soak/process-samples.js";
import { SoakProcesses, waitForApi } from "./soak/soak-processes.js";
import { writeSoakProject } from "./soak/soak-project.js";

/** `npm run test:soak` holds the load for ten minutes per store, and then for one minute with restarts. */
const LOAD_MS = getLongRuns("soak", 600_000, 0);
const MS_BETWEEN_RESTARTS = getLongRuns("soak", 5_000, 0);
const RESTARTS = getLongRuns("soak", 12, 2);
const SAMPLE_INTERVAL_MS = 2_000;
const isLong = LOAD_MS > 0;

/** The requests that are answered in any case before the restarts, and between two of them. */
const MIN_REQUESTS = 80;
const MIN_REQUESTS_BETWEEN_RESTARTS = 25;

/** The growth that is allowed in ten minutes. A leak of 1 kB per request exceeds it. */
const MAX_GROWTH = { heap_mb: 12, files: 4, sockets: 8 };

const WAITING_WORK = `SELECT (SELECT count(*) FROM recipient_runs r JOIN workflow_runs w ON w.row = r.workflow_run
    WHERE r.due_at IS NOT NULL AND w.workflow <> 'never') + (SELECT count(*) FROM messages WHERE due_at IS NOT NULL) AS count`;

const STORE_NAMES = { sqlite: "SQLite", postgres: "PostgreSQL" } as const;

interface SoakStore {
  name: "sqlite" | "postgres";
  /** The value of `--store`. */
  location: string;
  workers: number;
  countWaitingWork(): number | Promise<number>;
  open(): Promise<Store>;
}

const figures: Record<string, number> = {};

/** Notes the figures of the long form, and writes its plot. */
function reportSamples(store: SoakStore["name"], samples: Record<string, ProcessSample[]>): void {
  if (!isLong) return;
  for (const [name, list] of Object.entries(samples)) {
    expect(list.length, name).toBeGreaterThan(100);
    figures[`${store}_${name}_heap_growth_mb`] = Number(measureGrowth(list, "heap_mb").toFixed(1));
    figures[`${store}_${name}_resident_mb`] = Math.round(findMedian(list.map(({ rss_mb }) => rss_mb)));
    figures[`${store}_${name}_resident_growth_mb`] = Math.round(measureGrowth(list, "rss_mb"));
    figures[`${store}_${name}_files`] = Math.max(...list.map(({ files }) => files));
    figures[`${store}_${name}_sockets`] = Math.max(...list.map(({ sockets }) => sockets));
    figures[`${store}_${name}_loop_delay_ms`] = Number(findMedian(list.map(({ delay_ms }) => delay_ms)).toFixed(1));
    figures[`${store}_${name}_loop_delay_growth_ms`] = Number(measureGrowth(list, "delay_ms").toFixed(1));
  }
  const folder = resolve(import.meta.dirname, "../../bench/results");
  mkdirSync(folder, { recursive: true });
  const title = `${LOAD_MS / 60_000} minutes of mixed load, ${STORE_NAMES[store]}`;
  writeFileSync(join(folder, `reliability-soak-${store}.svg`), drawPlot(title, samples));
}

/** Checks that nothing has grown during the long form. */
function checkGrowth(samples: Record<string, ProcessSample[]>): void {
  if (!isLong) return;
  for (const [name, list] of Object.entries(samples))
    for (const [measure, limit] of Object.entries(MAX_GROWTH))
      expect(measureGrowth(list, measure as keyof typeof MAX_GROWTH), `${name} ${measure}`).toBeLessThan(limit);
}

async function soak(openStore: (folder: string) => Promise<SoakStore>): Promise<void> {
  const smtp = await startSmtpReceiver();
  const webhooks = await startHttpTestServer();
  const sample = createInProcessSample(null);
  const processes = new SoakProcesses(sample, SAMPLE_INTERVAL_MS);
  try {
    writeSoakProject(sample, smtp.port, webhooks.url);
    const store = await openStore(sample.dir);
    const port = await findFreePort();
    const url = `http://127.0.0.1:${port}`;
    const workers = Array.from({ length: store.workers }, (_, index) => `worker-${index + 1}`);
    processes.start("dev", ["dev", "--port", String(port), "--store", store.location]);
    await waitForApi(url);
    for (const name of workers) processes.start(name, ["worker", "--store", store.location]);

    const load = new MixedLoad(url);
    const stop = new AbortController();
    const running = load.run(stop.signal);
    running.catch(() => {});
    const hold = async (milliseconds: number, requests: number): Promise<void> => {
      const before = load.requests;
      const enough = eventually(() => load.requests >= before + requests);
      await Promise.race([running, Promise.all([sleep(milliseconds), enough])]);
    };
    await hold(LOAD_MS, MIN_REQUESTS);
    const samples = processes.readSamples();
    figures[`${store.name}_requests`] = load.requests;
    reportSamples(store.name, samples);

    const restarted = ["dev", ...workers];
    for (let count = 0; count < RESTARTS; count++) {
      await processes.restart(restarted[count % restarted.length] as string, count % 4 < 2 ? "SIGTERM" : "SIGKILL");
      await waitForApi(url);
      await hold(MS_BETWEEN_RESTARTS, MIN_REQUESTS_BETWEEN_RESTARTS);
    }
    stop.abort();
    await running;

    await eventually(async () => (await store.countWaitingWork()) === 0);
    const opened = await store.open();
    const { messages, activities, ids } = await readMessages(opened).finally(() => opened.close());
    expect(messages).toEqual(listExpectedMessages(load));
    expect(activities).toBe(countExpectedActivities(load));
    const events = new WebhookEvents(webhooks.requests);
    await eventually(() => events.includeAll(ids));
    const letters = load.accepted.filter(({ workflow }) => workflow === "letter");
    const emails = new Map(smtp.received.map(({ mail }) => [mail.messageId, `${mail.subject}`]));
    expect([...emails.values()].sort()).toEqual(letters.map(({ page }) => page).sort());
    expect(processes.readErrors()).not.toMatch(/database is locked|internal error|\n +at /);

    figures[`${store.name}_restarts`] = RESTARTS;
    figures[`${store.name}_triggers`] = load.accepted.length;
    figures[`${store.name}_messages`] = ids.length;
    figures[`${store.name}_repeated_requests`] = load.retries;
    figures[`${store.name}_repeated_emails`] = smtp.received.length - emails.size;
    figures[`${store.name}_repeated_events`] = events.repeated;
    checkGrowth(samples);
  } catch (error) {
    process.stderr.write(processes.readErrors());
    throw error;
  } finally {
    await processes.stopAll();
    sample.remove();
    await webhooks.close();
    await smtp.close();
  }
}

afterAll(() => reportFigures("soak", figures));

describe("knock dev and knock worker under load", () => {
  it(
    "lose and double nothing when they are restarted, and do not grow, on SQLite",
    { timeout: getTestLimit("soak") },
    () =>
      soak(async (folder) => {
        const file = join(folder, ".knock-local/store.db");
        // Loads the driver, with which the state is read later.
        await (await openSqliteStore(file)).close();
        return {
          name: "sqlite",
          location: file,
          workers: 1,
          countWaitingWork: () =>
            withDatabase(file, (database) => Number((database.prepare(WAITING_WORK).get() as { count: number }).count)),
          open: () => openSqliteStore(file, { readOnly: true }),
        };
      }),
  );
});

describeOnPostgres("knock dev and knock worker under load", () => {
  it("lose and double nothing when they are restarted, and do not grow, on PostgreSQL", {
    timeout: getTestLimit("soak"),
  }, async () => {
    const server = await PostgresServer.start();
    const url = server.getUrl("postgres");
    try {
      await soak(async () => ({
        name: "postgres",
        location: url,
        workers: 2,
        countWaitingWork: () =>
          withClient(url, async (client) =>
            Number((await client.query<{ count: string }>(WAITING_WORK)).rows[0]?.count),
          ),
        open: () => openPostgresStore(url),
      }));
    } finally {
      await server.remove();
    }
  });
});
