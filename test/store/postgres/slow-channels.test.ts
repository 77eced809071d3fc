import { afterEach, beforeEach, expect, it } from "vitest";
import type { RunDueTask } from "../../../src/ports/due-work.js";
import type { Connection } from "../../../src/store/postgres/connection/connection.js";
import { PostgresDueWork } from "../../../src/store/postgres/due-work/postgres-due-work.js";
import { openPostgresStore } from "../../../src/store/postgres/open-postgres-store.js";
import { eventually } from "../../helpers/eventually.js";
import { createDatabase, describeOnPostgres, dropDatabase } from "../../helpers/postgres-server.js";

const CONCURRENCY = 8;
const JOBS_PER_CHANNEL = 20;

describeOnPostgres("channels whose providers do not answer", () => {
  let location: string;
  let db: Connection;
  let dueWork: PostgresDueWork | undefined;
  /** The running jobs of each channel. */
  let running: Map<string, number>;
  let finished: string[];
  let advances: number;
  let answer: () => void;

  beforeEach(async () => {
    location = await createDatabase();
    ({ db } = (await openPostgresStore(location)) as unknown as { db: Connection });
    running = new Map();
    finished = [];
    advances = 0;
  });

  afterEach(async () => {
    answer();
    await dueWork?.stop();
    dueWork = undefined;
    await db.close();
    await dropDatabase(location);
  });

  async function start(): Promise<void> {
    const answered = new Promise<void>((resolve) => {
      answer = resolve;
    });
    const runTask: RunDueTask = async ({ kind, scope: { channel = "" } }) => {
      if (kind === "runs") advances++;
      if (kind === "messages") {
        running.set(channel, (running.get(channel) ?? 0) + 1);
        await answered;
        finished.push(channel);
      }
      return { runs: {}, refused: 0, deliveries: 0, failedDeliveries: 0 };
    };
    const ignore = () => {};
    dueWork = await PostgresDueWork.start(db, {
      concurrency: CONCURRENCY,
      runTask,
      observer: {
        onJobEnded: ignore,
        onRunFailed: ignore,
        onReconciled: ignore,
        onWorkersFreed: ignore,
        onRestarted: ignore,
        onTransactionRepeated: ignore,
        onError: ignore,
      },
    });
  }

  const addDeliveries = async (channel: string): Promise<void> => {
    for (let job = 0; job < JOBS_PER_CHANNEL; job++)
      await db.write(async (tx) => tx.wake({ kind: "messages", dueAt: 0, channel, size: 1 }));
  };

  it.each([[["mail"]], [["mail", "text"]], [["mail", "text", "push"]]])(
    "leave jobs to other work, although all of them wait when the worker starts: %s",
    async (channels) => {
      for (const channel of channels) await addDeliveries(channel);
      await db.write(async (tx) => tx.wake({ kind: "runs", dueAt: 0, rows: { from: 0, to: 1 }, size: 1 }));
      await start();
      await eventually(() => advances === 1);
      for (const count of running.values()) expect(count).toBeLessThanOrEqual(CONCURRENCY / 2);
      answer();
      await eventually(() => finished.length === channels.length * JOBS_PER_CHANNEL);
    },
  );
});
