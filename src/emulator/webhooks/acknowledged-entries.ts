import type { AcknowledgedEntry, OutboundLog } from "../../ports/outbound-log.js";

/** Kept in memory up to here: what every webhook takes at once is never written down as taken by one. */
const MAX_UNWRITTEN = 200;
/** As many as the log keeps. */
const MAX_KEPT_ENTRIES = 100_000;

/** Which webhooks have taken which entries of the log, until all have: then an entry goes. */
export class AcknowledgedEntries {
  private readonly webhooksByEntry = new Map<number, Set<string>>();
  private unwritten: AcknowledgedEntry[] = [];
  /** Entries that may have been taken by all: after a change of the webhooks any may. */
  private changedEntries = new Set<number>();
  private lastWebhooks = "";

  constructor(private readonly log: OutboundLog) {}

  /** What is written down: taken before this process began, or not to be told to a webhook that is new. */
  async load(): Promise<void> {
    for (const { entry, webhook } of await this.log.taken()) this.getWebhooks(entry).add(webhook);
  }

  has(entry: number, webhook: string): boolean {
    return this.webhooksByEntry.get(entry)?.has(webhook) === true;
  }

  add(entry: number, webhook: string): void {
    this.getWebhooks(entry).add(webhook);
    this.changedEntries.add(entry);
    this.unwritten.push({ entry, webhook });
  }

  reset(): void {
    this.webhooksByEntry.clear();
    this.changedEntries.clear();
    this.unwritten = [];
    this.lastWebhooks = "";
  }

  /**
   * Lets go of what all of these webhooks have taken. Many at once: a write of its own for each would hold up requests.
   * `whole`: writes down the rest, too, whoever reads next.
   */
  async removeCompleted(webhooks: readonly string[], writesAll = false): Promise<void> {
    const names = webhooks.join(" ");
    const candidates = names === this.lastWebhooks ? this.changedEntries : this.webhooksByEntry.keys();
    const completedEntries = [...candidates].filter((entry) => webhooks.every((webhook) => this.has(entry, webhook)));
    this.lastWebhooks = names;
    this.changedEntries = new Set();
    for (const entry of completedEntries) this.webhooksByEntry.delete(entry);
    this.unwritten = this.unwritten.filter(({ entry }) => this.webhooksByEntry.has(entry));
    if (completedEntries.length > 0) await this.log.deleteEntries(completedEntries);
    if (this.unwritten.length > 0 && (writesAll || this.unwritten.length >= MAX_UNWRITTEN)) {
      const { unwritten } = this;
      this.unwritten = [];
      await this.log.acknowledge(unwritten);
    }
    // The log has let go of the oldest.
    for (const entry of this.webhooksByEntry.keys()) {
      if (this.webhooksByEntry.size <= MAX_KEPT_ENTRIES) break;
      this.webhooksByEntry.delete(entry);
    }
  }

  private getWebhooks(entry: number): Set<string> {
    const known = this.webhooksByEntry.get(entry) ?? new Set();
    this.webhooksByEntry.set(entry, known);
    return known;
  }
}
