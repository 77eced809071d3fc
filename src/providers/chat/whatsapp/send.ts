import { filterObjects, isJsonObject } from "../../../util/json.js";
import { parseJsonObject, parseSuccessBody, toPlainText } from "../../call-api.js";
import { createPermanentError, createRetryableError } from "../../delivery-error.js";
import { parsePhoneNumber } from "../../parse-phone-number.js";
import { createSend, type OpenVendor } from "../../vendor-api.js";
import { definition } from "./definition.js";

const VERSION = "v23.0";

/** Opens WhatsApp's Cloud API. It supports no idempotency key, and sends only templates (CH-186, CHQ-10). */
export const openVendor: OpenVendor = (settings, services) => {
  const number = encodeURIComponent(settings.required("phone_number_id"));
  const url = `${settings.url("base_url", "https://graph.facebook.com")}/${VERSION}/${number}/messages`;
  const headers = {
    authorization: `Bearer ${settings.required("authentication_token")}`,
    "content-type": "application/json",
  };
  return {
    send: createSend(definition, settings, services, {
      buildRequest({ id, content }) {
        const { phone_number } = isJsonObject(content.connection) ? content.connection : {};
        const to = parsePhoneNumber(definition.title, phone_number).slice(1);
        const json = isJsonObject(content.template) ? content.template.json_content : null;
        if (!isJsonObject(json) || !isJsonObject(json.template))
          throw createPermanentError(
            `${definition.title} sends templates only: give the step a JSON body with a "template"`,
          );
        const target = { messaging_product: "whatsapp", recipient_type: "individual", to };
        const body = { type: "template", biz_opaque_callback_data: id, ...json, ...target };
        return { url, headers, body: JSON.stringify(body) };
      },
      readError({ text }) {
        const error = parseJsonObject(text)?.error;
        return isJsonObject(error) ? { code: error.code, message: error.message } : {};
      },
      readId(response) {
        const [sent] = filterObjects(parseSuccessBody(definition.title, response).messages);
        const id = toPlainText(sent?.id);
        if (id === "") throw createRetryableError(`${definition.title} responded without the id that its API gives`);
        return id;
      },
    }),
  };
};
