import { awsRules, awsSettings } from "../../aws/aws-settings.js";
import type { VendorDefinition } from "../../vendor-definition.js";

export const definition = {
  title: "Amazon SES",
  type: "email",
  names: ["email_aws_ses", "aws_ses", "ses"],
  settings: {
    ...awsSettings,
    topic_arn: {
      description:
        "The ARN of the Amazon SNS topic that reports the delivery status. Webhooks of other topics are refused.",
    },
  },
  ...awsRules,
  request:
    "Sends `POST https://email.<aws_region>.amazonaws.com/v2/email/outbound-emails`. The tag `knock_message_id` contains the message's ID. A subscription of the `topic_arn` is confirmed. The topic must get the events of a configuration set, because notifications of an identity have no tags.",
  documentation: "https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_SendEmail.html",
  capabilities: { delivery_status: ["webhook"], max_bytes: 40_000_000, rate_limit_header: "retry-after" },
  failures: [
    {
      codes: ["BadRequestException"],
      message: /local address|domain|invalid (email )?address|illegal address|missing final/i,
      meaning: "The recipient's address is invalid.",
      result: "bounced",
    },
    {
      codes: ["ThrottlingException", "TooManyRequestsException", "LimitExceededException"],
      meaning: "Too many emails for the account.",
      result: "temporary",
    },
    { codes: ["SendingPausedException"], meaning: "Sending is paused for the account.", result: "temporary" },
  ],
} satisfies VendorDefinition;
