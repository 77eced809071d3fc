import type { Delivery, Provider } from "../../ports/provider.js";
import { isJsonObject, type JsonObject } from "../../util/json.js";
import {
  type ApiAnswer,
  callApi,
  DEFAULT_TIMEOUT_MS,
  detailOf,
  failed,
  isSuccess,
  parsedObject,
  type Services,
  successBody,
} from "../api-call.js";
import { withOverrides } from "../payload-overrides.js";
import type { SettingsReader } from "../settings-reader.js";
import { bounced, passing, refused, type Undeliverable } from "../undeliverable.js";
import { type Push, pushOf, shownOf } from "./push-content.js";

const VENDOR = "Expo";
/** Errors of a ticket after which the same message may go through. */
const PASSING = new Set(["MessageRateExceeded", "ExpoError", "ProviderError"]);

function messageOf(push: Push): JsonObject {
  const message = {
    to: push.token,
    ...(push.silent ? { _contentAvailable: true } : shownOf(push)),
    data: push.data,
  };
  return withOverrides(message, push.overrides);
}

/** Errors of the whole request, which come with a status. */
function failureOf(answer: ApiAnswer, now: number): Undeliverable {
  const errors = parsedObject(answer.text)?.errors;
  const [first] = Array.isArray(errors) ? errors.filter(isJsonObject) : [];
  return failed(VENDOR, answer, detailOf(first?.message, first?.code), now);
}

/** Of a request that was taken, the message's own ticket: it may still be an error. */
function ticketId(answer: ApiAnswer, { token }: Push): string {
  const { data } = successBody(VENDOR, answer);
  const ticket = Array.isArray(data) ? data[0] : data;
  if (!isJsonObject(ticket)) throw passing(`${VENDOR} answered ${answer.status}, but without a ticket`);
  if (ticket.status === "ok" && typeof ticket.id === "string") return ticket.id;
  const own = isJsonObject(ticket.details) ? ticket.details.error : undefined;
  const code = typeof own === "string" ? own : "";
  const reason = `${VENDOR}: ${detailOf(ticket.message, code) ?? "the ticket is no success and gives no reason"}`;
  if (code === "DeviceNotRegistered") throw bounced(reason, token);
  throw PASSING.has(code) ? passing(reason) : refused(reason);
}

/** Expo's push service (CH-142). It takes no idempotency key; the device gets the message id with the data. */
export function openExpo(settings: SettingsReader, services: Services): Provider {
  const base = settings.url("base_url", "https://exp.host");
  const auth = settings.text("auth_token");
  const timeout_ms = settings.number("timeout_ms", DEFAULT_TIMEOUT_MS);
  return {
    async send(message): Promise<Delivery> {
      const push = pushOf(message);
      const answer = await callApi(services, VENDOR, {
        method: "POST",
        url: `${base}/--/api/v2/push/send`,
        headers: {
          accept: "application/json",
          "content-type": "application/json",
          ...(auth === null ? {} : { authorization: `Bearer ${auth}` }),
        },
        body: JSON.stringify(messageOf(push)),
        timeout_ms,
      });
      if (!isSuccess(answer)) throw failureOf(answer, services.now());
      return { status: "sent", metadata: { external_id: ticketId(answer, push) } };
    },
  };
}
