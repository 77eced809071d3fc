import { cpSync, rmSync } from "node:fs";
import { afterAll, describe, expect, it } from "vitest";
import { withDatabase } from "../../src/store/sqlite/connection/driver.js";
import { createInProcessSample } from "../helpers/run-in-process.js";
import type { Sample } from "../helpers/run-knock.js";
import { type SmtpReceiver, startSmtpReceiver } from "../helpers/smtp-receiver.js";
import { CASES, type CrashCase, type FinalState, finish, START, writeCrashProject } from "./crash-project.js";
import { canTrace, killAfter, killAtWrite, listWrites, type StoreWrite } from "./kill-command.js";
import { getLongRuns, reportFigures } from "./long-runs.js";

/** Kills of each case. `npm run test:crash` kills at every write, again and again, until it has this number. */
const KILLS_AT_WRITES = getLongRuns("crash", 1_400, 3);
const KILLS_AT_TIMES = getLongRuns("crash", 300, 2);

if (!canTrace) process.stderr.write("notice: strace cannot be used; commands are killed at random times only\n");

const figures = { kills_at_writes: 0, kills_at_times: 0, writes: 0, repeated_emails: 0 };

/** A project with a store before the killed command, and copies of it. */
class CrashSample {
  private constructor(
    readonly sample: Sample,
    private readonly smtp: SmtpReceiver,
  ) {}

  static async prepare({ before }: CrashCase): Promise<CrashSample> {
    const smtp = await startSmtpReceiver();
    const sample = createInProcessSample(null);
    writeCrashProject(sample, smtp.port);
    for (const args of [["clock", "freeze", START], ...before]) {
      const { exitCode, stderr } = await sample.knock(args);
      if (exitCode !== 0) throw new Error(stderr);
    }
    cpSync(sample.path(".knock-local"), sample.path("..", "before"), { recursive: true });
    return new CrashSample(sample, smtp);
  }

  /** Returns to the state before the killed command. */
  restore(): void {
    const { sample, smtp } = this;
    for (const name of [".knock-local", "triggers.jsonl.journal"])
      rmSync(sample.path(name), { recursive: true, force: true });
    cpSync(sample.path("..", "before"), sample.path(".knock-local"), { recursive: true });
    smtp.received.length = 0;
  }

  /** Runs the command again, then everything else, and returns the state at the end. */
  async recover(args: readonly string[]): Promise<FinalState> {
    const problems = withDatabase(this.sample.path(".knock-local/store.db"), (database) =>
      database.prepare("PRAGMA integrity_check").all(),
    );
    expect(problems).toEqual([{ integrity_check: "ok" }]);
    const { exitCode, stderr } = await this.sample.knock(args);
    expect(exitCode, stderr).toBe(0);
    return finish(this.sample);
  }

  /** Returns the emails that the server accepted: each once, although a crash can repeat a delivery with the same message ID. */
  listEmails(): { emails: string[]; repeated: number } {
    const { received } = this.smtp;
    const byId = new Map(received.map(({ to, mail }) => [mail.messageId, `${to[0]}: ${mail.subject} ${mail.html}`]));
    return { emails: [...byId.values()].sort(), repeated: received.length - byId.size };
  }

  async remove(): Promise<void> {
    this.sample.remove();
    await this.smtp.close();
  }
}

describe("a command that is killed", () => {
  afterAll(() => reportFigures("crash", figures));

  it.each(CASES)("loses and repeats nothing: $name", { timeout: 3_600_000 }, async (crashCase) => {
    const { killed } = crashCase;
    const crashed = await CrashSample.prepare(crashCase);
    try {
      const expected = await crashed.recover(killed);
      const { emails } = crashed.listEmails();
      expect(emails.length).toBeGreaterThan(0);
      const check = async (isKilled: boolean, place: "kills_at_writes" | "kills_at_times") => {
        if (isKilled) figures[place]++;
        expect(await crashed.recover(killed)).toEqual(expected);
        const found = crashed.listEmails();
        expect(found.emails).toEqual(emails);
        figures.repeated_emails += found.repeated;
      };

      crashed.restore();
      const startedAt = performance.now();
      await killAfter(crashed.sample, killed, 30_000);
      const duration = performance.now() - startedAt;
      for (let kills = 0; kills < KILLS_AT_TIMES; kills++) {
        crashed.restore();
        await check(await killAfter(crashed.sample, killed, Math.random() * duration), "kills_at_times");
      }

      if (!canTrace) return;
      crashed.restore();
      const writes = await listWrites(crashed.sample, killed);
      figures.writes += writes.length;
      const step = Math.max(1, Math.floor(writes.length / KILLS_AT_WRITES));
      for (let kills = 0; kills < KILLS_AT_WRITES; kills++) {
        crashed.restore();
        const write = writes[(kills * step) % writes.length] as StoreWrite;
        const isKilled = await killAtWrite(crashed.sample, killed, write);
        expect(isKilled, `killed at ${write.call} ${write.count}`).toBe(true);
        await check(isKilled, "kills_at_writes");
      }
    } finally {
      await crashed.remove();
    }
  });
});
