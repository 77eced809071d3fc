import type { Trigger } from "../../domain/trigger/trigger.js";
import { KnockError } from "../../errors/knock-error.js";

/** Counts the recipients that triggers list, up to the number of `--max-recipients`. An object counts as one. */
export class RecipientLimit {
  private count = 0;
  private readonly max: number | null;

  /** Throws `usage` if the value of the flag is not a number. */
  constructor(flag: string | undefined) {
    if (flag !== undefined && !/^\d{1,9}$/.test(flag))
      throw new KnockError("usage", `--max-recipients: ${JSON.stringify(flag)} is not a number of recipients`, {
        hint: "For example --max-recipients 100.",
      });
    this.max = flag === undefined ? null : Number(flag);
  }

  /** Throws `too_many_recipients` if the trigger passes the limit. It must then not be sent. */
  add({ recipients }: Trigger): void {
    this.count += recipients.length;
    if (this.max === null || this.count <= this.max) return;
    const [count, max] = [this.count, this.max].map((number) => number.toLocaleString("en-US"));
    const others = this.count > recipients.length ? "with the lines before, " : "";
    throw new KnockError("too_many_recipients", `${others}${count} recipients are more than --max-recipients ${max}`, {
      details: [{ pointer: "/recipients", message: `has ${recipients.length} recipients` }],
    });
  }
}
