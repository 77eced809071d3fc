import { filterObjects, isJsonObject, type JsonObject } from "../../../util/json.js";
import { applyPayloadOverrides } from "../../apply-payload-overrides.js";
import { type ApiResponse, parseJsonObject, parseSuccessBody, toPlainText } from "../../call-api.js";
import { createRetryableError } from "../../delivery-error.js";
import { createSend, type OpenVendor, type VendorError } from "../../vendor-api.js";
import { toObject } from "../../vendor-events.js";
import { buildNotification, type Push, parsePush } from "../parse-push.js";
import { definition } from "./definition.js";

function buildMessage(push: Push): JsonObject {
  const message = {
    to: push.token,
    ...(push.isSilent ? { _contentAvailable: true } : buildNotification(push)),
    data: push.data,
  };
  return applyPayloadOverrides(message, push.overrides);
}

function getTicket(response: ApiResponse): JsonObject {
  const { data } = parseSuccessBody(definition.title, response);
  const ticket = Array.isArray(data) ? data[0] : data;
  if (isJsonObject(ticket)) return ticket;
  throw createRetryableError(`${definition.title} responded ${response.status}, but without a ticket`);
}

/** Returns the error of the message's ticket, or null. */
function findError(response: ApiResponse): VendorError | null {
  const { status, id, message, details } = getTicket(response);
  if (status === "ok" && typeof id === "string") return null;
  return {
    message: toPlainText(message) || "the ticket is no success and gives no reason",
    code: toObject(details).error,
  };
}

/** Opens Expo's push service. It supports no idempotency key; the device gets the message id with the data (CH-142). */
export const openVendor: OpenVendor = (settings, services) => {
  const url = `${settings.url("base_url", "https://exp.host")}/--/api/v2/push/send`;
  const auth = settings.text("auth_token");
  const headers = {
    accept: "application/json",
    "content-type": "application/json",
    ...(auth === null ? {} : { authorization: `Bearer ${auth}` }),
  };
  return {
    send: createSend(definition, settings, services, {
      buildRequest(message) {
        const push = parsePush(message);
        return { url, headers, body: JSON.stringify(buildMessage(push)), token: push.token };
      },
      readError({ text }) {
        const [error] = filterObjects(parseJsonObject(text)?.errors);
        return { code: error?.code, message: error?.message };
      },
      findError,
      readId: (response) => toPlainText(getTicket(response).id),
    }),
  };
};
