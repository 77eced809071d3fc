import type { Delivery } from "../ports/provider.js";

/** Carries a delivery that did not come about up to where it is answered. */
export class Undeliverable extends Error {
  constructor(readonly delivery: Extract<Delivery, { reason: string }>) {
    super(delivery.reason);
  }
}

/** Not tried again: what was asked cannot be done. */
export function refused(reason: string): Undeliverable {
  return new Undeliverable({ status: "failed", retryable: false, reason });
}

/** The address is bad, and stays so (CH-044). */
export function bounced(reason: string, token?: string): Undeliverable {
  return new Undeliverable({ status: "bounced", reason, ...(token === undefined ? {} : { token }) });
}

/** Tried again (CH-042). */
export function passing(reason: string, retry_after_ms?: number): Undeliverable {
  return new Undeliverable({
    status: "failed",
    retryable: true,
    reason,
    ...(retry_after_ms === undefined ? {} : { retry_after_ms }),
  });
}
