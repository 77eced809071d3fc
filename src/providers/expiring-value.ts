/** A value is not used in its last minute, because it must still be valid when the request arrives. */
const EXPIRY_MARGIN_MS = 60_000;

/** A token or key that a server issues, cached until shortly before it expires. Concurrent callers share one request for it. */
export class ExpiringValue<T> {
  private current: { value: T; until: number } | undefined;
  private pendingRequest: Promise<T> | undefined;

  /** `request` returns a new value and when it expires. Times are in milliseconds since 1970. */
  constructor(
    private readonly request: () => Promise<{ value: T; expires_at: number }>,
    private readonly now: () => number,
  ) {}

  async get(): Promise<T> {
    if (this.current && this.now() < this.current.until) return this.current.value;
    this.pendingRequest ??= this.requestValue().finally(() => {
      this.pendingRequest = undefined;
    });
    return this.pendingRequest;
  }

  /** Discards a value that the provider no longer accepts, unless a newer one has replaced it. */
  invalidate(value: T): void {
    if (this.current?.value === value) this.current = undefined;
  }

  private async requestValue(): Promise<T> {
    const { value, expires_at } = await this.request();
    this.current = { value, until: expires_at - EXPIRY_MARGIN_MS };
    return value;
  }
}
