import { createUuidV5 } from "../../../util/ids.js";
import { isJsonObject, type JsonObject } from "../../../util/json.js";
import { applyPayloadOverrides } from "../../apply-payload-overrides.js";
import { type ApiResponse, getSuccessField, parseJsonObject, parseSuccessBody, toPlainText } from "../../call-api.js";
import { createSend, type OpenVendor } from "../../vendor-api.js";
import { type Push, parsePush } from "../parse-push.js";
import { definition } from "./definition.js";

/** The namespace of the idempotency keys, which must be UUIDs. */
const NAMESPACE = "6f1c3b52-7a0e-5d0b-9d3c-0f6f2d1f4c55";

/** Returns the errors of a response, as text. They are a list of texts, or lists of invalid IDs by name. */
function formatErrors({ text }: ApiResponse): string {
  const errors = parseJsonObject(text)?.errors;
  if (isJsonObject(errors))
    return Object.entries(errors)
      .map(([name, ids]) => `${name}: ${JSON.stringify(ids)}`)
      .join(", ");
  return [errors].flat().map(toPlainText).filter(Boolean).join(", ");
}

/** Returns what the device shows. Without a title and a body, the app is woken only. */
function buildContent({ isSilent, title, body }: Push): JsonObject {
  if (isSilent) return { content_available: true };
  return { ...(title === "" ? {} : { headings: { en: title } }), contents: { en: body === "" ? title : body } };
}

/** Opens OneSignal's API. The idempotency key is derived from the message's ID (CH-143). */
export const openVendor: OpenVendor = (settings, services) => {
  const url = `${settings.url("base_url", "https://api.onesignal.com")}/notifications`;
  const app_id = settings.required("app_id");
  const headers = { authorization: `Key ${settings.required("api_key")}`, "content-type": "application/json" };
  const isPlayer = settings.text("recipient_mode") === "player_id";
  return {
    send: createSend(definition, settings, services, {
      buildRequest(message) {
        const push = parsePush(message);
        const target: JsonObject = isPlayer
          ? { include_subscription_ids: [push.token] }
          : { include_aliases: { external_id: [push.token] }, target_channel: "push" };
        const payload = {
          app_id,
          ...target,
          ...buildContent(push),
          data: push.data,
          idempotency_key: createUuidV5(NAMESPACE, message.id),
        };
        const body = JSON.stringify(applyPayloadOverrides(payload, push.overrides));
        return { url, headers, body, ...(isPlayer ? { token: push.token } : {}) };
      },
      readError: (response) => ({ message: formatErrors(response) }),
      findError(response) {
        // Without an ID, no notification was created.
        const { id } = parseSuccessBody(definition.title, response);
        return id === "" ? { message: formatErrors(response) } : null;
      },
      readId: (response) => getSuccessField(definition.title, response, "id"),
    }),
  };
};
