import type { Delivery } from "../ports/provider.js";

/** Carries the result of a failed delivery to the code that returns it. */
export class DeliveryError extends Error {
  /** `status` is the HTTP status of the provider's response, if the error is about one. */
  constructor(
    readonly delivery: Extract<Delivery, { reason: string }>,
    readonly status?: number,
  ) {
    super(delivery.reason);
  }
}

/** Returns an error that is not retried, because the request cannot succeed. */
export function createPermanentError(reason: string): DeliveryError {
  return new DeliveryError({ status: "failed", retryable: false, reason });
}

/** Returns an error for an address that is permanently invalid (CH-044). */
export function createBounceError(reason: string, token?: string): DeliveryError {
  return new DeliveryError({ status: "bounced", reason, ...(token === undefined ? {} : { token }) });
}

/** Returns an error that is retried (CH-042). */
export function createRetryableError(reason: string, retry_after_ms?: number): DeliveryError {
  return new DeliveryError({
    status: "failed",
    retryable: true,
    reason,
    ...(retry_after_ms === undefined ? {} : { retry_after_ms }),
  });
}
