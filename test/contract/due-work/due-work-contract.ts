import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { DueWork } from "../../../src/ports/due-work.js";
import { eventually } from "../../helpers/eventually.js";

/** Due work whose store contains nothing but times. */
export interface DueWorkSubject {
  /** Starts to run due work. */
  start(): Promise<DueWork>;
  /** Makes work due at a time of the store. Without an announcement, it is as if the hint was lost. */
  add(dueAt: number, options?: { isAnnounced: boolean }): Promise<void>;
  /** The times of the store at which the work ran, in order. */
  readonly ranAt: readonly number[];
  /** Makes work wait until `release` is called. Returns whether work has begun to wait. */
  block(): { hasBegun(): boolean; release(): void };
  /** Makes the next attempt to run work fail. */
  failOnce(): void;
  /** The errors that were reported. */
  readonly errors: readonly unknown[];
  close(): Promise<void>;
}

/** Describes what every implementation of `DueWork` does. */
export function describeDueWork(name: string, open: () => Promise<DueWorkSubject>): void {
  describe(name, () => {
    let subject: DueWorkSubject;
    let dueWork: DueWork | undefined;

    beforeEach(async () => {
      subject = await open();
      dueWork = await subject.start();
    });

    afterEach(async () => {
      await dueWork?.stop();
      await subject.close();
    });

    const hasRun = (count: number) => eventually(() => subject.ranAt.length >= count);

    it("runs work at its time and not before", async () => {
      const dueAt = Date.now() + 300;
      await subject.add(dueAt);
      await hasRun(1);
      expect(subject.ranAt[0]).toBeGreaterThanOrEqual(dueAt);
    });

    it("runs work that is due already", async () => {
      await subject.add(Date.now() - 1_000);
      await hasRun(1);
    });

    it("runs several works, each once", async () => {
      const now = Date.now();
      for (const delay of [200, 0, 100]) await subject.add(now + delay);
      await hasRun(3);
      expect(subject.ranAt.map((at) => at >= now)).toEqual([true, true, true]);
    });

    it("runs work once, however often it is announced", async () => {
      const dueAt = Date.now() + 200;
      await subject.add(dueAt);
      for (const at of [dueAt, dueAt, undefined, undefined]) dueWork?.wake(at);
      await hasRun(1);
      await subject.add(Date.now());
      await hasRun(2);
      expect(subject.ranAt).toHaveLength(2);
    });

    it("runs work whose announcement was lost", async () => {
      await subject.add(Date.now(), { isAnnounced: false });
      await hasRun(1);
    });

    it("runs work that became due while nothing ran", async () => {
      await dueWork?.stop();
      await subject.add(Date.now(), { isAnnounced: false });
      await subject.add(Date.now());
      dueWork = await subject.start();
      await hasRun(2);
    });

    it("runs work that failed again", async () => {
      subject.failOnce();
      await subject.add(Date.now());
      await hasRun(1);
      expect(subject.errors).toHaveLength(1);
    });

    it("finishes running work before it has stopped", async () => {
      const block = subject.block();
      await subject.add(Date.now());
      await eventually(() => block.hasBegun());
      let hasStopped = false;
      const stopped = dueWork?.stop().then(() => {
        hasStopped = true;
      });
      expect(hasStopped).toBe(false);
      block.release();
      await stopped;
      expect(subject.ranAt).toHaveLength(1);
      dueWork = undefined;
    });
  });
}
