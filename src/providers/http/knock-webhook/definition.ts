import { flag, secret, type VendorDefinition } from "../../vendor-definition.js";

export const definition = {
  title: "Webhook",
  type: "http",
  names: ["http_knock_webhook", "webhook"],
  settings: { signing_key: { ...secret, liquid: true }, allow_http: flag, timeout_ms: { kind: "number" } },
  request:
    "Sends the request of the step's template. A 2xx status means `delivered`. The message's ID is sent as `idempotency-key`. With a signing key, `x-webhook-signature` contains `t=<milliseconds>,s=<HMAC-SHA256 of \"<t>.<body>\" in Base64>`. A local URL, or one in a private network, needs an entry in `private_addresses` of `environment.json`.",
  documentation: "https://docs.knock.app/integrations/webhook/overview",
  capabilities: { idempotency_key: "idempotency-key", delivery_status: [], rate_limit_header: "retry-after" },
  failures: [],
} satisfies VendorDefinition;
