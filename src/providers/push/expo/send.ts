import type { Delivery, Provider } from "../../../ports/provider.js";
import { filterObjects, isJsonObject, type JsonObject } from "../../../util/json.js";
import { applyPayloadOverrides } from "../../apply-payload-overrides.js";
import {
  type ApiResponse,
  callApi,
  createStatusError,
  DEFAULT_TIMEOUT_MS,
  formatErrorDetail,
  isSuccess,
  type ProviderServices,
  parseJsonObject,
  parseSuccessBody,
} from "../../call-api.js";
import {
  createBounceError,
  createPermanentError,
  createRetryableError,
  type DeliveryError,
} from "../../delivery-error.js";
import type { SettingsReader } from "../../settings-reader.js";
import { buildNotification, type Push, parsePush } from "../parse-push.js";

const VENDOR = "Expo";
/** Errors of a ticket after which the same message may succeed. */
const RETRYABLE_CODES = new Set(["MessageRateExceeded", "ExpoError", "ProviderError"]);

function buildMessage(push: Push): JsonObject {
  const message = {
    to: push.token,
    ...(push.isSilent ? { _contentAvailable: true } : buildNotification(push)),
    data: push.data,
  };
  return applyPayloadOverrides(message, push.overrides);
}

/** Returns the error for a request that failed as a whole, with a status. */
function toDeliveryError(response: ApiResponse, now: number): DeliveryError {
  const errors = parseJsonObject(response.text)?.errors;
  const [first] = filterObjects(errors);
  return createStatusError(VENDOR, response, formatErrorDetail(first?.message, first?.code), now);
}

/** Returns the id of the message's ticket. Throws if the request was accepted but the ticket is an error. */
function getTicketId(response: ApiResponse, { token }: Push): string {
  const { data } = parseSuccessBody(VENDOR, response);
  const ticket = Array.isArray(data) ? data[0] : data;
  if (!isJsonObject(ticket)) throw createRetryableError(`${VENDOR} responded ${response.status}, but without a ticket`);
  if (ticket.status === "ok" && typeof ticket.id === "string") return ticket.id;
  const detailsError = isJsonObject(ticket.details) ? ticket.details.error : undefined;
  const code = typeof detailsError === "string" ? detailsError : "";
  const reason = `${VENDOR}: ${formatErrorDetail(ticket.message, code) ?? "the ticket is no success and gives no reason"}`;
  if (code === "DeviceNotRegistered") throw createBounceError(reason, token);
  throw RETRYABLE_CODES.has(code) ? createRetryableError(reason) : createPermanentError(reason);
}

/** Opens Expo's push service. It supports no idempotency key; the device gets the message id with the data (CH-142). */
export function openVendor(settings: SettingsReader, services: ProviderServices): Provider {
  const base = settings.url("base_url", "https://exp.host");
  const auth = settings.text("auth_token");
  const timeout_ms = settings.number("timeout_ms", DEFAULT_TIMEOUT_MS);
  return {
    async send(message): Promise<Delivery> {
      const push = parsePush(message);
      const response = await callApi(services, VENDOR, {
        method: "POST",
        url: `${base}/--/api/v2/push/send`,
        headers: {
          accept: "application/json",
          "content-type": "application/json",
          ...(auth === null ? {} : { authorization: `Bearer ${auth}` }),
        },
        body: JSON.stringify(buildMessage(push)),
        timeout_ms,
      });
      if (!isSuccess(response)) throw toDeliveryError(response, services.now());
      return { status: "sent", metadata: { external_id: getTicketId(response, push) } };
    },
  };
}
