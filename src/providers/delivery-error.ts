import type { Delivery } from "../ports/provider.js";

/** Carries a delivery that did not come about up to where it is answered. */
export class DeliveryError extends Error {
  constructor(readonly delivery: Extract<Delivery, { reason: string }>) {
    super(delivery.reason);
  }
}

/** Not tried again: what was asked cannot be done. */
export function createPermanentError(reason: string): DeliveryError {
  return new DeliveryError({ status: "failed", retryable: false, reason });
}

/** The address is bad, and stays so (CH-044). */
export function createBounceError(reason: string, token?: string): DeliveryError {
  return new DeliveryError({ status: "bounced", reason, ...(token === undefined ? {} : { token }) });
}

/** Tried again (CH-042). */
export function createRetryableError(reason: string, retry_after_ms?: number): DeliveryError {
  return new DeliveryError({
    status: "failed",
    retryable: true,
    reason,
    ...(retry_after_ms === undefined ? {} : { retry_after_ms }),
  });
}
