import { flag, httpSettings, required, requiredSecret, type VendorDefinition } from "../../vendor-definition.js";

export const definition = {
  title: "OneSignal",
  type: "push",
  names: ["push_one_signal", "push_onesignal", "onesignal", "one_signal"],
  settings: {
    app_id: { ...required, description: "The ID of the app." },
    api_key: requiredSecret,
    recipient_mode: {
      required: true,
      values: ["external_id", "player_id"],
      description:
        "How devices are found: external_id (the ID of the recipient) or player_id (player_ids in the recipient's channel data).",
    },
    token_deregistration: flag,
    ...httpSettings,
  },
  request: "Sends `POST https://api.onesignal.com/notifications`, one request per recipient or player ID.",
  documentation: "https://documentation.onesignal.com/reference/push-notification",
  capabilities: {
    idempotency_key: "idempotency_key",
    delivery_status: [],
    rate_limit_header: "retry-after",
  },
  failures: [
    {
      message: /not subscribed|invalid_player_ids|invalid_aliases|invalid_external_user_ids/i,
      meaning: "The recipient or player ID is unknown or not subscribed.",
      result: "bounced",
    },
  ],
} satisfies VendorDefinition;
