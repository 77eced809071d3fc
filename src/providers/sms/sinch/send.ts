import { applyPayloadOverrides } from "../../apply-payload-overrides.js";
import { getSuccessField } from "../../call-api.js";
import { createSend, type OpenVendor, readErrorFields } from "../../vendor-api.js";
import { parseSms } from "../parse-sms.js";
import { definition } from "./definition.js";

/** Opens Sinch's SMS API. It supports no idempotency key; `client_reference` contains the message's ID (CH-116). */
export const openVendor: OpenVendor = (settings, services) => {
  const base = settings.url("base_url", `https://${settings.required("region")}.sms.api.sinch.com`);
  const url = `${base}/xms/v1/${encodeURIComponent(settings.required("service_plan_id"))}/batches`;
  const headers = { authorization: `Bearer ${settings.required("api_token")}`, "content-type": "application/json" };
  // Without a sender, Sinch selects the number.
  const from = settings.text("phone_number") ?? settings.text("short_code") ?? settings.text("sender_id");
  const callback = settings.webhookUrl();
  return {
    send: createSend(definition, settings, services, {
      buildRequest(message) {
        const { digits, body, overrides } = parseSms(definition, message);
        const payload = {
          ...(from === null ? {} : { from: from.replace(/^\+/, "") }),
          to: [digits],
          body,
          client_reference: message.id,
          ...(callback === null ? {} : { delivery_report: "per_recipient_final", callback_url: callback }),
        };
        return { url, headers, body: JSON.stringify(applyPayloadOverrides(payload, overrides)) };
      },
      readError: (response) => readErrorFields(response, "text"),
      readId: (response) => getSuccessField(definition.title, response, "id"),
    }),
  };
};
