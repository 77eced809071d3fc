import type { AcknowledgedEntry, OutboundLog } from "../../../../ports/outbound-log.js";

/**
 * The number of acknowledged entries kept in memory. Entries that all webhooks acknowledge soon are deleted and never
 * written per webhook.
 */
const MAX_UNWRITTEN = 200;
/** The number of entries that the log keeps. */
const MAX_KEPT_ENTRIES = 100_000;

/**
 * Records which webhooks have acknowledged which entries of the log. An entry is deleted when all webhooks have
 * acknowledged it.
 */
export class AcknowledgedEntries {
  private readonly webhooksByEntry = new Map<number, Set<string>>();
  private unwritten: AcknowledgedEntry[] = [];
  /** Entries that all webhooks may have acknowledged. After a change of the webhooks, every entry is a candidate. */
  private changedEntries = new Set<number>();
  private lastWebhooks = "";

  constructor(private readonly log: OutboundLog) {}

  /**
   * Loads the acknowledgments that are stored: from before this process started, or for a new webhook that skips older
   * entries.
   */
  async load(): Promise<void> {
    for (const { entry, webhook } of await this.log.listAcknowledged()) this.getWebhooks(entry).add(webhook);
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
   * Deletes the entries that all of these webhooks have acknowledged, many in one write, because a write per entry
   * would delay requests. `writesAll` also stores the remaining acknowledgments for the next reader.
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
    // The log has deleted its oldest entries.
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
