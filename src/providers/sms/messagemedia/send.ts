import { filterObjects } from "../../../util/json.js";
import { applyPayloadOverrides } from "../../apply-payload-overrides.js";
import { parseJsonObject, parseSuccessBody, toPlainText } from "../../call-api.js";
import { createRetryableError } from "../../delivery-error.js";
import { createSend, type OpenVendor } from "../../vendor-api.js";
import { parseSms } from "../parse-sms.js";
import { definition } from "./definition.js";

/** The API's names of the types of source numbers. */
const NUMBER_TYPES: Readonly<Record<string, string>> = {
  alpha: "ALPHANUMERIC",
  international: "INTERNATIONAL",
  short_code: "SHORTCODE",
};

/** Opens MessageMedia's Messages API. It supports no idempotency key; the metadata contains the message's ID (CH-117). */
export const openVendor: OpenVendor = (settings, services) => {
  const isEurope = settings.required("region") === "eu";
  const host = isEurope ? "https://eu.app.api.sinch.com" : "https://api.messagemedia.com";
  const url = `${settings.url("base_url", host)}/v1/messages`;
  const credentials = Buffer.from(`${settings.required("api_key")}:${settings.required("api_secret")}`);
  settings.addSecret(credentials.toString("base64"));
  const headers = { authorization: `Basic ${credentials.toString("base64")}`, "content-type": "application/json" };
  const source_number = settings.required("source_number");
  const type = NUMBER_TYPES[settings.text("source_number_type") ?? ""];
  const callback = settings.webhookUrl();
  return {
    send: createSend(definition, settings, services, {
      buildRequest({ id, ...message }) {
        const { to, body, overrides } = parseSms(definition, { id, ...message });
        const payload = {
          content: body,
          destination_number: to,
          format: "SMS",
          source_number,
          ...(type === undefined ? {} : { source_number_type: type }),
          metadata: { knock_message_id: id },
          ...(callback === null ? {} : { delivery_report: true, callback_url: callback }),
        };
        return { url, headers, body: JSON.stringify({ messages: [applyPayloadOverrides(payload, overrides)] }) };
      },
      readError({ text }) {
        const { message, details } = parseJsonObject(text) ?? {};
        const detail = [details].flat().map(toPlainText).filter(Boolean).join(", ");
        return { message: [toPlainText(message), detail].filter(Boolean).join(": ") };
      },
      readId(response) {
        const [accepted] = filterObjects(parseSuccessBody(definition.title, response).messages);
        const id = toPlainText(accepted?.message_id);
        if (id === "")
          throw createRetryableError(`${definition.title} responded without the message_id that its API gives`);
        return id;
      },
    }),
  };
};
