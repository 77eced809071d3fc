import { required, secret, type VendorDefinition } from "../../vendor-definition.js";

export const definition = {
  title: "SMTP",
  type: "email",
  names: ["smtp", "email_smtp"],
  settings: {
    host: required,
    port: { kind: "number" },
    username: {},
    password: secret,
    tls: { values: ["implicit", "starttls", "none"] },
    ca: {},
    max_connections: { kind: "number" },
    timeout_ms: { kind: "number" },
  },
  login: { host: "host", settings: ["username", "password"] },
  request:
    "Sends a MIME message in an SMTP session. The last status is `sent`. The `Message-ID` contains the message's ID.",
  documentation: "https://www.rfc-editor.org/rfc/rfc5321",
  capabilities: { delivery_status: [] },
  failures: [],
} satisfies VendorDefinition;
