import type { Output } from "../../output/output.js";
import { formatDuration } from "../../util/duration.js";
import type { JsonObject } from "../../util/json.js";
import type { WebhookAttempt } from "./dev-schemas.js";

/** Prints a webhook delivery after an attempt: one line on standard error, or with `--json` a document. */
export function printWebhookDelivery({ body: _body, ...delivery }: JsonObject, output: Output): void {
  if (output.verbosity.json) return output.errorJson({ webhook: delivery });
  const attempts = delivery.attempts as unknown as WebhookAttempt[];
  const last = attempts.at(-1);
  const { type, url, state, next_attempt_at: next } = delivery;
  const result = last?.error ?? `responded ${last?.status ?? "nothing"} in ${last?.duration_ms ?? 0} ms`;
  const text = `webhook ${type} → ${url}: ${result}`;
  if (state === "delivered") return output.note(text);
  const nextStep =
    state === "dropped"
      ? `dropped after ${attempts.length === 1 ? "1 attempt" : `${attempts.length} attempts`}`
      : typeof next === "string"
        ? `again in ${formatDuration(Math.max(0, Math.round((Date.parse(next) - Date.now()) / 1_000) * 1_000))}`
        : "again at the next start";
  output.warn(`${text}; ${nextStep}`);
}
