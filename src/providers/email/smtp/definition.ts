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
  failures: [
    {
      message: /^4\d\d/,
      meaning: "The server is busy, or accepts the message later (a reply of 4xx).",
      result: "temporary",
    },
    {
      codes: ["RCPT TO"],
      message: /^5\d\d[ -](?!5\.7\.)/,
      meaning: "The server refuses the recipient, and not because of its policy (5xx without 5.7.x).",
      result: "bounced",
    },
    {
      message: /^5\d\d/,
      meaning: "The server refuses the login, the sender or the content (any other 5xx).",
      result: "permanent",
    },
  ],
} satisfies VendorDefinition;
