import { flag, httpSettings, secret, type VendorDefinition } from "../../vendor-definition.js";

export const definition = {
  title: "Expo",
  type: "push",
  names: ["push_expo", "expo"],
  settings: { expo_project_name: {}, auth_token: secret, token_deregistration: flag, ...httpSettings },
  request: "Sends `POST https://exp.host/--/api/v2/push/send`, one request per device token.",
  documentation: "https://docs.expo.dev/push-notifications/sending-notifications/",
  capabilities: { delivery_status: [] },
  failures: [
    { codes: ["DeviceNotRegistered"], meaning: "The device no longer accepts the app's messages.", result: "bounced" },
    {
      codes: ["MessageRateExceeded", "ExpoError", "ProviderError"],
      meaning: "More messages than the device may get, or an error of Expo, Apple or Google.",
      result: "temporary",
    },
  ],
} satisfies VendorDefinition;
