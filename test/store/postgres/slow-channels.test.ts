import { afterEach, beforeEach, expect, it } from "vitest";
import type { RunDueTask } from "../../../src/ports/due-work.js";
import type { Connection } from "../../../src/store/postgres/connection/connection.js";
import { PostgresDueWork } from "../../../src/store/postgres/due-work/postgres-due-work.js";
import { openPostgresStore } from "../../../src/store/postgres/open-postgres-store.js";
import { SILENT_OBSERVER } from "../../helpers/due-work-samples.js";
import { eventually } from "../../helpers/eventually.js";
import { describeOnPostgres, dropDatabase } from "../../helpers/postgres-server.js";
import { createStoreDatabase } from "../../helpers/store-database.js";

const JOBS_PER_CHANNEL = 20;
/** The channel whose provider answers. */
const ANSWERING = "chat";

describeOnPostgres("channels whose providers do not answer", () => {
  let location: string;
  let db: Connection;
  let dueWork: PostgresDueWork | undefined;
  /** The running jobs of each channel, and their maximum. */
  let running: Map<string, number>;
  let longest: Map<string, number>;
  let finished: string[];
  let advances: number;
  let answer: () => void = () => {};

  beforeEach(async () => {
    location = await createStoreDatabase();
    ({ db } = (await openPostgresStore(location)) as unknown as { db: Connection });
    running = new Map();
    longest = new Map();
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

  async function start(concurrency: number): Promise<void> {
    const answered = new Promise<void>((resolve) => {
      answer = resolve;
    });
    const runTask: RunDueTask = async ({ kind, scope: { channel = "" } }) => {
      if (kind === "runs") advances++;
      if (kind === "messages") {
        const count = (running.get(channel) ?? 0) + 1;
        running.set(channel, count);
        longest.set(channel, Math.max(count, longest.get(channel) ?? 0));
        if (channel !== ANSWERING) await answered;
        running.set(channel, (running.get(channel) ?? 0) - 1);
        finished.push(channel);
      }
      return { runs: {}, refused: 0, deliveries: 0, failedDeliveries: 0 };
    };
    dueWork = await PostgresDueWork.start(db, {
      concurrency,
      runTask,
      observer: SILENT_OBSERVER,
    });
  }

  const addDeliveries = async (channel: string, size: number): Promise<void> => {
    for (let job = 0; job < JOBS_PER_CHANNEL; job++)
      await db.write(async (tx) => tx.wake({ kind: "messages", dueAt: 0, channel, size }));
  };

  const addAdvance = (from: number, size: number): Promise<void> =>
    db.write(async (tx) => tx.wake({ kind: "runs", dueAt: 0, rows: { from, to: from + size }, size }));

  it.each([
    { concurrency: 2, slow: ["mail"], size: 1 },
    { concurrency: 4, slow: ["mail"], size: 1 },
    { concurrency: 8, slow: ["mail"], size: 1 },
    { concurrency: 8, slow: ["mail", "text"], size: 1 },
    { concurrency: 8, slow: ["mail", "text"], size: 400 },
    { concurrency: 10, slow: ["mail", "text"], size: 1 },
  ])(
    "leave jobs to other work that waits when the worker starts: $slow, $concurrency jobs, size $size",
    async (one) => {
      for (const channel of one.slow) await addDeliveries(channel, one.size);
      await addDeliveries(ANSWERING, one.size);
      await addAdvance(1, 1);
      await addAdvance(1_000, 400);
      await start(one.concurrency);
      await eventually(() => advances === 2);
      await eventually(() => finished.length === JOBS_PER_CHANNEL);
      expect(new Set(finished)).toEqual(new Set([ANSWERING]));
      for (const count of longest.values()) expect(count).toBeLessThanOrEqual(one.concurrency / 2);
      answer();
      await eventually(() => finished.length === (one.slow.length + 1) * JOBS_PER_CHANNEL);
      // Work that comes after the answer finds all jobs again.
      await addAdvance(2_000, 400);
      await eventually(() => advances === 3);
    },
  );
});
