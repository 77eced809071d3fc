import { applyPayloadOverrides } from "../../apply-payload-overrides.js";
import { parseSuccessBody, toPlainText } from "../../call-api.js";
import { createRetryableError } from "../../delivery-error.js";
import { createSend, type OpenVendor, readErrorFields } from "../../vendor-api.js";
import { buildCallbackUrl, getSender, parseSms } from "../parse-sms.js";
import { definition } from "./definition.js";

/** Opens Plivo's Message API. It supports no idempotency key; the callback's URL contains the message's ID (CH-115). */
export const openVendor: OpenVendor = (settings, services) => {
  const base = settings.url("base_url", "https://api.plivo.com");
  const account = settings.required("authentication_id");
  const credentials = Buffer.from(`${account}:${settings.required("authentication_token")}`).toString("base64");
  settings.addSecret(credentials);
  const url = `${base}/v1/Account/${encodeURIComponent(account)}/Message/`;
  const headers = { authorization: `Basic ${credentials}`, "content-type": "application/json" };
  const src = getSender(settings);
  const callback = settings.webhookUrl();
  return {
    send: createSend(definition, settings, services, {
      buildRequest(message) {
        const { digits, body, overrides } = parseSms(definition, message);
        const payload = {
          src,
          dst: digits,
          text: body,
          ...(callback === null ? {} : { url: buildCallbackUrl(callback, message.id), method: "POST" }),
        };
        return { url, headers, body: JSON.stringify(applyPayloadOverrides(payload, overrides)) };
      },
      readError: (response) => readErrorFields(response, "error"),
      readId(response) {
        const [id] = [parseSuccessBody(definition.title, response).message_uuid].flat();
        if (toPlainText(id) !== "") return toPlainText(id);
        throw createRetryableError(`${definition.title} responded without the message_uuid that its API gives`);
      },
    }),
  };
};
