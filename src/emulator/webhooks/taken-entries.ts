import type { OutboundLog, TakenEntry } from "../../ports/outbound-log.js";

/** Kept in memory up to here: what every webhook takes at once is never written down as taken by one. */
const MOST_UNWRITTEN = 200;
/** As many as the log keeps. */
const MOST_HELD = 100_000;

/** Which webhooks have taken which entries of the log, until all have: then an entry goes. */
export class TakenEntries {
  private readonly by = new Map<number, Set<string>>();
  private unwritten: TakenEntry[] = [];
  /** Entries that may have been taken by all: after a change of the webhooks any may. */
  private touched = new Set<number>();
  private webhooks = "";

  constructor(private readonly log: OutboundLog) {}

  /** What is written down: taken before this process began, or not to be told to a webhook that is new. */
  async load(): Promise<void> {
    for (const { entry, webhook } of await this.log.taken()) this.of(entry).add(webhook);
  }

  has(entry: number, webhook: string): boolean {
    return this.by.get(entry)?.has(webhook) === true;
  }

  add(entry: number, webhook: string): void {
    this.of(entry).add(webhook);
    this.touched.add(entry);
    this.unwritten.push({ entry, webhook });
  }

  forget(): void {
    this.by.clear();
    this.touched.clear();
    this.unwritten = [];
    this.webhooks = "";
  }

  /**
   * Lets go of what all of these webhooks have taken. Many at once: a write of its own for each would hold up requests.
   * `whole`: writes down the rest, too, whoever reads next.
   */
  async settle(webhooks: readonly string[], whole = false): Promise<void> {
    const names = webhooks.join(" ");
    const asked = names === this.webhooks ? this.touched : this.by.keys();
    const done = [...asked].filter((entry) => webhooks.every((webhook) => this.has(entry, webhook)));
    this.webhooks = names;
    this.touched = new Set();
    for (const entry of done) this.by.delete(entry);
    this.unwritten = this.unwritten.filter(({ entry }) => this.by.has(entry));
    if (done.length > 0) await this.log.settle(done);
    if (this.unwritten.length > 0 && (whole || this.unwritten.length >= MOST_UNWRITTEN)) {
      const { unwritten } = this;
      this.unwritten = [];
      await this.log.take(unwritten);
    }
    // The log has let go of the oldest.
    for (const entry of this.by.keys()) {
      if (this.by.size <= MOST_HELD) break;
      this.by.delete(entry);
    }
  }

  private of(entry: number): Set<string> {
    const known = this.by.get(entry) ?? new Set();
    this.by.set(entry, known);
    return known;
  }
}
