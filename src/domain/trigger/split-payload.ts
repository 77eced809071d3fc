import { type ErrorDetail, KnockError } from "../../errors/knock-error.js";
import { isJsonObject } from "../../util/json.js";
import { type ParsedPayload, parseTrigger } from "./parse-trigger.js";
import { MAX_RECIPIENTS } from "./trigger-schema.js";

/** Returns a payload for each 1,000 recipients (E-027). A payload with fewer, or with another error, stays whole. */
function splitPayload(payload: unknown): unknown[] {
  if (!isJsonObject(payload) || !Array.isArray(payload.recipients)) return [payload];
  const { recipients } = payload;
  if (recipients.length <= MAX_RECIPIENTS) return [payload];
  const parts: unknown[] = [];
  for (let start = 0; start < recipients.length; start += MAX_RECIPIENTS)
    parts.push({ ...payload, recipients: recipients.slice(start, start + MAX_RECIPIENTS) });
  return parts;
}

/** Returns a detail about a recipient with its index in the whole list. */
function shiftRecipientIndex(detail: ErrorDetail, offset: number): ErrorDetail {
  const pointer = detail.pointer.replace(/^\/recipients\/(\d+)/, (_, index) => `/recipients/${Number(index) + offset}`);
  return { ...detail, pointer };
}

/**
 * Parses a trigger payload with any number of recipients into triggers with up to 1,000 recipients each. The first one keeps
 * the idempotency key of the payload, and the others append their number to it. Throws like `parseTrigger`.
 */
export function parseTriggerParts(payload: unknown, workflow: string | null, documentName?: string): ParsedPayload[] {
  return splitPayload(payload).map((part, index) => {
    try {
      const parsed = parseTrigger(part, workflow, documentName);
      const { idempotency_key: key } = parsed;
      return index === 0 || key === null ? parsed : { ...parsed, idempotency_key: `${key}-${index + 1}` };
    } catch (error) {
      if (!(error instanceof KnockError) || index === 0) throw error;
      const offset = index * MAX_RECIPIENTS;
      throw error.copyWith({
        message: error.message.replace(/recipients\[(\d+)\]/g, (_, at) => `recipients[${Number(at) + offset}]`),
        details: error.details.map((detail) => shiftRecipientIndex(detail, offset)),
      });
    }
  });
}
