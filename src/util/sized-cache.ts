/** The size of an entry in bytes, without its key and value. */
const ENTRY_BYTES = 100;

/**
 * A cache whose entries have a limited size together. It is emptied when an entry exceeds the limit. An entry that alone
 * exceeds it is not cached.
 */
export class SizedCache<V> {
  private readonly entries = new Map<string, V>();
  private bytes = 0;

  constructor(private readonly maxBytes: number) {}

  get(key: string): V | undefined {
    return this.entries.get(key);
  }

  /** Adds a value of about so many bytes. A key must not be set again before it is deleted. */
  set(key: string, value: V, valueBytes: number): void {
    const bytes = ENTRY_BYTES + 2 * key.length + valueBytes;
    if (bytes > this.maxBytes) return;
    if (this.bytes + bytes > this.maxBytes) {
      this.entries.clear();
      this.bytes = 0;
    }
    this.bytes += bytes;
    this.entries.set(key, value);
  }

  /** Deletes an entry. Its size still counts, as few entries are deleted. */
  delete(key: string): void {
    this.entries.delete(key);
  }
}
