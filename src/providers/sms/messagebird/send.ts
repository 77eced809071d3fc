import { filterObjects } from "../../../util/json.js";
import { applyPayloadOverrides } from "../../apply-payload-overrides.js";
import { getSuccessField, parseJsonObject } from "../../call-api.js";
import { createSend, type OpenVendor } from "../../vendor-api.js";
import { getSender, parseSms } from "../parse-sms.js";
import { definition } from "./definition.js";

/** Opens MessageBird's SMS API. It supports no idempotency key; `reference` contains the message's ID (CH-114). */
export const openVendor: OpenVendor = (settings, services) => {
  const url = `${settings.url("base_url", "https://rest.messagebird.com")}/messages`;
  const headers = {
    authorization: `AccessKey ${settings.required("api_key")}`,
    "content-type": "application/json",
  };
  const originator = getSender(settings);
  const reportUrl = settings.webhookUrl();
  return {
    send: createSend(definition, settings, services, {
      buildRequest(message) {
        const { digits, body, overrides } = parseSms(definition, message);
        const payload = {
          originator,
          body,
          recipients: [digits],
          reference: message.id,
          datacoding: "auto",
          ...(reportUrl === null ? {} : { reportUrl }),
        };
        return { url, headers, body: JSON.stringify(applyPayloadOverrides(payload, overrides)) };
      },
      readError({ text }) {
        const [error] = filterObjects(parseJsonObject(text)?.errors);
        return { code: error?.code, message: error?.description };
      },
      readId: (response) => getSuccessField(definition.title, response, "id"),
    }),
  };
};
