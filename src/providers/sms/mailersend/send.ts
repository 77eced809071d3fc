import { applyPayloadOverrides } from "../../apply-payload-overrides.js";
import { createSend, type OpenVendor, readErrorFields } from "../../vendor-api.js";
import { getSender, parseSms } from "../parse-sms.js";
import { definition } from "./definition.js";

/** Opens MailerSend's SMS API. It supports no idempotency key and no reference (CH-113). */
export const openVendor: OpenVendor = (settings, services) => {
  const url = `${settings.url("base_url", "https://api.mailersend.com")}/v1/sms`;
  const headers = { authorization: `Bearer ${settings.required("api_key")}`, "content-type": "application/json" };
  const from = getSender(settings);
  return {
    send: createSend(definition, settings, services, {
      buildRequest(message) {
        const { to, body, overrides } = parseSms(definition, message);
        return { url, headers, body: JSON.stringify(applyPayloadOverrides({ from, to: [to], text: body }, overrides)) };
      },
      readError: (response) => readErrorFields(response),
      readId: ({ headers: { "x-sms-message-id": id } }) => id,
    }),
  };
};
