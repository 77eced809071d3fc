import { filterObjects, type JsonObject } from "../../../util/json.js";
import { type ApiResponse, parseJsonObject, parseSuccessBody, toPlainText } from "../../call-api.js";
import { createRetryableError } from "../../delivery-error.js";
import { createSend, type OpenVendor } from "../../vendor-api.js";
import { encodeFields, getSender, parseSms } from "../parse-sms.js";
import { definition } from "./definition.js";

/** The characters of GSM 03.38. A text with others must be sent as Unicode, or Vonage replaces them. */
const GSM = /^[@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !"#¤%&'()*+,\-./0-9:;<=>?¡A-ZÄÖÑÜ§¿a-zäöñüà^{}\\[~\]|€]*$/;

/** Returns the result of the only message of a request. */
function getResult(response: ApiResponse): JsonObject | undefined {
  return filterObjects(parseJsonObject(response.text)?.messages)[0];
}

/** Opens Vonage's SMS API. It supports no idempotency key; `client-ref` contains the message's ID (CH-119). */
export const openVendor: OpenVendor = (settings, services) => {
  const url = `${settings.url("base_url", "https://rest.nexmo.com")}/sms/json`;
  const account = { api_key: settings.required("api_key"), api_secret: settings.required("api_secret") };
  const from = getSender(settings).replace(/^\+/, "");
  const callback = settings.webhookUrl();
  const readError = (response: ApiResponse) => {
    const result = getResult(response);
    return { code: result?.status, message: result?.["error-text"] };
  };
  return {
    send: createSend(definition, settings, services, {
      buildRequest(message) {
        const { digits, body, overrides } = parseSms(definition, message);
        const fields = {
          from,
          to: digits,
          text: body,
          ...account,
          "client-ref": message.id,
          ...(GSM.test(body) ? {} : { type: "unicode" }),
          ...(callback === null ? {} : { callback }),
          ...overrides,
        };
        return {
          url,
          headers: { "content-type": "application/x-www-form-urlencoded" },
          body: encodeFields(fields),
        };
      },
      readError,
      /** Each message has its own status in a response with the status 200. */
      findError: (response) => (toPlainText(getResult(response)?.status || "0") === "0" ? null : readError(response)),
      readId(response) {
        parseSuccessBody(definition.title, response);
        const id = toPlainText(getResult(response)?.["message-id"]);
        if (id === "")
          throw createRetryableError(`${definition.title} responded without the message-id that its API gives`);
        return id;
      },
    }),
  };
};
