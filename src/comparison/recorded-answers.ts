import type { Message } from "../domain/message/message.js";
import { type RecipientKey, toRecipientKey } from "../domain/recipient/recipient.js";
import type { RecordedResponse, RequestOrigin } from "../domain/run/recorded-response.js";
import type { Delivery } from "../ports/provider.js";
import { NearestRecords } from "./nearest-records.js";
import type { RecordedHistory } from "./recorded-history.js";

const UNDELIVERED = "the message was not delivered in the past";

/** Finds the results that a replay uses in place of sending: the responses and deliveries of the past, each once. */
export interface RecordedAnswers {
  findResponse(origin: RequestOrigin): RecordedResponse | undefined;
  findDelivery(message: Message): Delivery | undefined;
}

const toRequestKey = ({ workflow, step, recipient }: RequestOrigin): string =>
  JSON.stringify([workflow, step, recipient]);

const toMessageKey = (workflow: string, step: string, recipient: RecipientKey, channel: { key: string }): string =>
  JSON.stringify([workflow, step, recipient, channel.key]);

/** Returns what a provider returns for a delivery with a status, or undefined if the status is not known yet. */
function toDelivery(status: string): Delivery | undefined {
  if (status === "sent" || status === "delivered" || status === "not_sent") return { status };
  if (status === "bounced") return { status, reason: UNDELIVERED };
  return status === "undelivered" ? { status: "failed", retryable: false, reason: UNDELIVERED } : undefined;
}

export function createRecordedAnswers({ requests, messages }: RecordedHistory): RecordedAnswers {
  const responses = new NearestRecords(
    requests,
    ({ origin }) => toRequestKey(origin),
    ({ origin }) => origin.triggered_at,
  );
  const deliveries = new NearestRecords(
    messages ?? [],
    ({ workflow, step, recipient, channel }) => toMessageKey(workflow, step, toRecipientKey(recipient), channel),
    ({ at }) => at,
  );
  return {
    findResponse: (origin) => responses.take(toRequestKey(origin), origin.triggered_at)?.response,
    findDelivery({ workflow, step_ref, recipient, channel, inserted_at }) {
      const recorded = deliveries.take(toMessageKey(workflow, step_ref, recipient, channel), inserted_at);
      return recorded && toDelivery(recorded.status);
    },
  };
}
