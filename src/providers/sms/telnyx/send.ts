import { filterObjects, isJsonObject, type JsonObject } from "../../../util/json.js";
import { applyPayloadOverrides } from "../../apply-payload-overrides.js";
import { parseJsonObject, parseSuccessBody, toPlainText } from "../../call-api.js";
import { createRetryableError } from "../../delivery-error.js";
import { createSend, type OpenVendor } from "../../vendor-api.js";
import { getSender, parseSms } from "../parse-sms.js";
import { definition } from "./definition.js";

/** Opens Telnyx's Messages API. It supports no idempotency key; a tag contains the message's ID (CH-118). */
export const openVendor: OpenVendor = (settings, services) => {
  const url = `${settings.url("base_url", "https://api.telnyx.com")}/v2/messages`;
  const headers = { authorization: `Bearer ${settings.required("api_key")}`, "content-type": "application/json" };
  const profile = settings.text("messaging_profile_id");
  const sender: JsonObject = profile === null ? { from: getSender(settings) } : { messaging_profile_id: profile };
  const webhook = settings.webhookUrl();
  return {
    send: createSend(definition, settings, services, {
      buildRequest(message) {
        const { to, body, overrides } = parseSms(definition, message);
        const payload = {
          ...sender,
          to,
          text: body,
          tags: [`knock_message_id=${message.id}`],
          ...(webhook === null ? {} : { webhook_url: webhook }),
        };
        return { url, headers, body: JSON.stringify(applyPayloadOverrides(payload, overrides)) };
      },
      readError({ text }) {
        const [error] = filterObjects(parseJsonObject(text)?.errors);
        return { code: error?.code, message: error?.detail ?? error?.title };
      },
      readId(response) {
        const { data } = parseSuccessBody(definition.title, response);
        const id = isJsonObject(data) ? toPlainText(data.id) : "";
        if (id === "") throw createRetryableError(`${definition.title} responded without the id that its API gives`);
        return id;
      },
    }),
  };
};
