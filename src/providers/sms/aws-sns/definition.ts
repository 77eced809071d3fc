import { awsRules, awsSettings } from "../../aws/aws-settings.js";
import type { VendorDefinition } from "../../vendor-definition.js";

export const definition = {
  title: "Amazon SNS",
  type: "sms",
  names: ["sms_aws_sns", "aws_sns", "sns"],
  settings: {
    ...awsSettings,
    message_type: {
      values: ["promotional", "transactional"],
      description: "promotional or transactional (default: the account's setting).",
    },
    sender_id: { description: 'The sender that devices show, such as "LARK".' },
    phone_number: { alias: "originator_number" },
    short_code: {},
  },
  ...awsRules,
  request: "Sends `POST https://sns.<aws_region>.amazonaws.com/` with `Action=Publish` and `PhoneNumber` as a form.",
  documentation: "https://docs.aws.amazon.com/sns/latest/api/API_Publish.html",
  capabilities: { delivery_status: [] },
  failures: [
    { codes: ["OptedOut"], meaning: "The number has opted out of messages.", result: "bounced" },
    {
      codes: ["InvalidParameter"],
      message: /PhoneNumber/,
      meaning: "The number is invalid.",
      result: "bounced",
    },
    {
      codes: ["Throttling", "Throttled", "ThrottledException", "ThrottlingException"],
      meaning: "Too many messages for the account.",
      result: "temporary",
    },
  ],
} satisfies VendorDefinition;
