import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, describe, expect, it } from "vitest";
import { CASES } from "./crash-project.js";
import { CrashSample } from "./crash-sample.js";
import { canTrace, killAfter, killAtWrite, killWhen, listWrites, type StoreWrite } from "./kill-command.js";
import { getLongRuns, getTestLimit, reportFigures, reportProgress } from "./long-runs.js";

/** Kills of each case. `npm run test:crash` kills at every write, again and again, until it has this number. */
const KILLS_AT_WRITES = getLongRuns("crash", 1_600, 3);
const KILLS_AT_TIMES = getLongRuns("crash", 300, 1);
/** Kills of each case while it delivers an email: after the server has it, around its reply. */
const KILLS_AT_EMAILS = getLongRuns("crash", 60, 1);
/** Kills of each case whose system clock differs. Afterwards the clock is right again. */
const KILLS_WITH_WRONG_CLOCK = getLongRuns("crash", 60, 1);
const DAY_MS = 86_400_000;
const CLOCK_SHIFTS = [3 * DAY_MS, -3 * DAY_MS];

if (!canTrace) process.stderr.write("notice: strace cannot be used; commands are killed at random times only\n");

const figures = {
  kills_at_writes: 0,
  kills_at_times: 0,
  kills_at_emails: 0,
  kills_with_wrong_clock: 0,
  writes: 0,
  repeated_emails: 0,
};
type Place = Extract<keyof typeof figures, `kills_${string}`>;

/** The time in which a command reads a reply and records it. */
const MAX_REPLY_MS = 5;

let checks = 0;

describe.concurrent("a command that is killed", () => {
  afterAll(() => reportFigures("crash", figures));

  it.each(CASES)("loses and repeats nothing: $name", { timeout: getTestLimit("crash") }, async (crashCase) => {
    const { killed } = crashCase;
    const crashed = await CrashSample.prepare(crashCase);
    try {
      const expected = await crashed.recover(killed);
      const { emails } = crashed.listEmails();
      expect(emails.length).toBeGreaterThan(0);
      const check = async (isKilled: boolean, place: Place) => {
        if (isKilled) figures[place]++;
        reportProgress("crash", ++checks, 500);
        expect(await crashed.recover(killed)).toEqual(expected);
        const found = crashed.listEmails();
        expect(found.emails).toEqual(emails);
        figures.repeated_emails += found.repeated;
      };

      crashed.restore();
      const startedAt = performance.now();
      await killAfter(crashed.sample, killed, 30_000);
      const duration = performance.now() - startedAt;
      const sendsEmails = crashed.emailCount > 0;
      for (let kills = 0; kills < KILLS_AT_TIMES; kills++) {
        crashed.restore();
        await check(await killAfter(crashed.sample, killed, Math.random() * duration), "kills_at_times");
      }

      for (let kills = 0; kills < KILLS_WITH_WRONG_CLOCK; kills++) {
        crashed.restore();
        const shift = CLOCK_SHIFTS[kills % CLOCK_SHIFTS.length];
        await check(await killAfter(crashed.sample, killed, Math.random() * duration, shift), "kills_with_wrong_clock");
      }
      for (let kills = 0; kills < KILLS_AT_EMAILS && sendsEmails; kills++) {
        crashed.restore();
        // The kill reaches the process before the reply or shortly after it.
        const reached = crashed.untilEmail().then(async () => {
          if (kills % 2 === 1) await sleep(Math.random() * MAX_REPLY_MS);
        });
        await check(await killWhen(crashed.sample, killed, reached), "kills_at_emails");
      }

      if (!canTrace) return;
      crashed.restore();
      const writes = await listWrites(crashed.sample, killed);
      figures.writes += writes.length;
      const step = Math.max(1, Math.floor(writes.length / KILLS_AT_WRITES));
      // How often the log is moved into the store depends on time, so a process can end before one of its last writes.
      const maxAttempts = KILLS_AT_WRITES * 1.1 + 3;
      let kills = 0;
      for (let attempts = 0; kills < KILLS_AT_WRITES; attempts++) {
        expect(attempts, "attempts to kill at a write").toBeLessThan(maxAttempts);
        crashed.restore();
        const write = writes[(attempts * step) % writes.length] as StoreWrite;
        const isKilled = await killAtWrite(crashed.sample, killed, write);
        await check(isKilled, "kills_at_writes");
        if (isKilled) kills++;
      }
    } finally {
      await crashed.remove();
    }
  });
});
