import { cpSync, rmSync } from "node:fs";
import { expect } from "vitest";
import { withDatabase } from "../../src/store/sqlite/connection/driver.js";
import { createInProcessSample } from "../helpers/run-in-process.js";
import type { Sample } from "../helpers/run-knock.js";
import { type SmtpReceiver, startSmtpReceiver } from "../helpers/smtp-receiver.js";
import { type CrashCase, type FinalState, finish, START, writeCrashProject } from "./crash-project.js";

/** A project with a store before the killed command, and copies of it. */
export class CrashSample {
  private notifyEmail = (): void => {};

  private constructor(
    readonly sample: Sample,
    private readonly smtp: SmtpReceiver,
  ) {}

  static async prepare({ before }: CrashCase): Promise<CrashSample> {
    let prepared: CrashSample | undefined;
    const smtp = await startSmtpReceiver({
      refuseData: () => {
        prepared?.notifyEmail();
        return undefined;
      },
    });
    const sample = createInProcessSample(null);
    writeCrashProject(sample, smtp.port);
    for (const args of [["clock", "freeze", START], ...before]) {
      const { exitCode, stderr } = await sample.knock(args);
      if (exitCode !== 0) throw new Error(stderr);
    }
    cpSync(sample.path(".knock-local"), sample.path("..", "before"), { recursive: true });
    prepared = new CrashSample(sample, smtp);
    return prepared;
  }

  /** Resolves when the server has the content of an email, before it replies. */
  untilEmail(): Promise<void> {
    return new Promise((resolve) => {
      this.notifyEmail = resolve;
    });
  }

  /** The number of emails that the server has accepted. */
  get emailCount(): number {
    return this.smtp.received.length;
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
