import { httpSettings, required, requiredSecret, secret, type VendorDefinition } from "../../vendor-definition.js";

export const definition = {
  title: "WhatsApp",
  type: "chat",
  names: ["chat_whatsapp", "whatsapp"],
  settings: {
    authentication_token: { ...requiredSecret, description: "The access token of the app." },
    phone_number_id: { ...required, description: "The ID of the number that sends." },
    webhook_signing_key: { ...secret, description: "The app's secret, which checks the signature of webhooks." },
    webhook_verify_token: {
      ...secret,
      description: "A text of your own, which you also enter at Meta with the URL of the webhook.",
    },
    ...httpSettings,
  },
  request:
    "Sends `POST https://graph.facebook.com/v23.0/<phone_number_id>/messages` to the recipient's `phone_number`. The step needs a JSON body with a `template`. `biz_opaque_callback_data` contains the message's ID.",
  documentation: "https://developers.facebook.com/docs/whatsapp/cloud-api/reference/messages",
  capabilities: { delivery_status: ["webhook"] },
  failures: [
    {
      codes: ["131026", "131050"],
      meaning: "The number has no WhatsApp, or does not accept these messages.",
      result: "bounced",
    },
    {
      codes: ["4", "80007", "130429", "131048", "131056"],
      meaning: "More messages than the app, the number or the pair of numbers may send.",
      result: "temporary",
    },
    { codes: ["131000", "131016"], meaning: "An error of the API.", result: "temporary" },
    { codes: ["131042"], meaning: "The account has a problem with its payment.", result: "permanent" },
  ],
} satisfies VendorDefinition;
