import { filterObjects, isJsonObject, type JsonObject } from "../../../util/json.js";
import { type ApiResponse, parseJsonObject, parseSuccessBody, toPlainText } from "../../call-api.js";
import { createSend, type OpenVendor } from "../../vendor-api.js";
import { encodeFields, parseSms } from "../parse-sms.js";
import { definition } from "./definition.js";

/** The codes of accepted messages: processed, sent and queued. */
const ACCEPTED = new Set(["100", "101", "102"]);

/** Returns the answer, and the result of the only recipient. The second is missing if the whole request was refused. */
function readResult(response: ApiResponse): { answer: JsonObject; recipient: JsonObject | undefined } {
  const data = parseJsonObject(response.text)?.SMSMessageData;
  const answer = isJsonObject(data) ? data : {};
  return { answer, recipient: filterObjects(answer.Recipients)[0] };
}

/** Opens the SMS API of Africa's Talking. It supports no idempotency key and no reference (CH-111). */
export const openVendor: OpenVendor = (settings, services) => {
  const username = settings.required("username");
  const host = username === "sandbox" ? "https://api.sandbox.africastalking.com" : "https://api.africastalking.com";
  const url = `${settings.url("base_url", host)}/version1/messaging`;
  const headers = {
    apikey: settings.required("api_key"),
    accept: "application/json",
    "content-type": "application/x-www-form-urlencoded",
  };
  const from = settings.text("short_code");
  return {
    send: createSend(definition, settings, services, {
      buildRequest(message) {
        const { to, body, overrides } = parseSms(definition, message);
        const sender: JsonObject = from === null ? {} : { from };
        return { url, headers, body: encodeFields({ username, to, message: body, ...sender, ...overrides }) };
      },
      readError: ({ text }) => ({ message: text }),
      findError(response) {
        parseSuccessBody(definition.title, response);
        const { answer, recipient } = readResult(response);
        if (recipient === undefined) return { message: answer.Message ?? "the response names no recipient" };
        const { status, statusCode: code } = recipient;
        return ACCEPTED.has(toPlainText(code)) ? null : { code, message: status };
      },
      readId: (response) => toPlainText(readResult(response).recipient?.messageId) || undefined,
    }),
  };
};
