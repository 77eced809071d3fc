import { httpSettings, requiredSecret, type VendorDefinition } from "../../vendor-definition.js";

export const definition = {
  title: "Cloudflare Email",
  type: "email",
  names: ["email_cloudflare", "cloudflare_email", "cloudflare"],
  settings: {
    account_id: { required: true, description: "The ID of the account." },
    api_key: { ...requiredSecret, description: "An API token that may send emails." },
    ...httpSettings,
  },
  request:
    "Sends `POST https://api.cloudflare.com/client/v4/accounts/<account_id>/email/sending/send`. Only the first address for replies is sent.",
  documentation: "https://developers.cloudflare.com/email-service/api/send-emails/rest-api/",
  // 5 MiB, and up to 25 MiB to verified addresses.
  capabilities: { delivery_status: [], max_bytes: 25 * 1024 * 1024, rate_limit_header: "retry-after" },
  failures: [{ codes: ["permanent_bounces"], meaning: "The recipient's address is invalid.", result: "bounced" }],
} satisfies VendorDefinition;
