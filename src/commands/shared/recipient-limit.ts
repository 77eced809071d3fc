import type { Trigger } from "../../domain/trigger/trigger.js";
import { KnockError } from "../../errors/knock-error.js";

/** Returns the number of recipients that triggers list. An object counts as one. */
export function countRecipients(triggers: readonly { trigger: Trigger }[]): number {
  return triggers.reduce((sum, { trigger }) => sum + trigger.recipients.length, 0);
}

/** Counts the recipients that triggers list, up to the number of `--max-recipients`. */
export class RecipientLimit {
  private count = 0;
  private readonly max: number | null;

  /** Throws `usage` if the value of the flag is not a number. */
  constructor(flag: string | undefined) {
    if (flag !== undefined && !/^\d{1,9}$/.test(flag))
      throw new KnockError("usage", `--max-recipients: ${JSON.stringify(flag)} is not a whole number`, {
        hint: "For example --max-recipients 100.",
      });
    this.max = flag === undefined ? null : Number(flag);
  }

  /** Counts the recipients of lines that an earlier run has triggered. */
  addEarlier(count: number): void {
    this.count += count;
  }

  /** Throws `too_many_recipients` if the triggers of a payload pass the limit. They must then not be sent. */
  add(triggers: readonly { trigger: Trigger }[]): void {
    const added = countRecipients(triggers);
    this.count += added;
    if (this.max === null || this.count <= this.max) return;
    const [count, max] = [this.count, this.max].map((number) => number.toLocaleString("en-US"));
    const found = this.count > added ? "the lines so far have" : "the trigger has";
    throw new KnockError(
      "too_many_recipients",
      `--max-recipients is ${max}, but ${found} ${count} recipient${this.count === 1 ? "" : "s"}`,
      {
        details: [{ pointer: "/recipients", message: `has ${added} recipient${added === 1 ? "" : "s"}` }],
      },
    );
  }
}
