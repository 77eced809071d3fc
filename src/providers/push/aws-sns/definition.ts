import { awsRules, awsSettings, pushRegion } from "../../aws/aws-settings.js";
import { flag, type VendorDefinition } from "../../vendor-definition.js";

export const definition = {
  title: "Amazon SNS",
  type: "push",
  names: ["push_aws_sns", "aws_sns", "sns"],
  settings: { ...awsSettings, aws_region: pushRegion, token_deregistration: flag },
  ...awsRules,
  request:
    "Sends `POST https://sns.<region>.amazonaws.com/` with `Action=Publish` and `TargetArn` as a form, one request per `target_arn`, to the region in it. The message has a payload for each of `GCM`, `APNS` and `APNS_SANDBOX`. The device gets the message's ID with the data.",
  documentation: "https://docs.aws.amazon.com/sns/latest/api/API_Publish.html",
  capabilities: { delivery_status: [] },
  failures: [
    { codes: ["EndpointDisabled"], meaning: "The device's token is invalid, or was disabled.", result: "bounced" },
    { codes: ["NotFound"], meaning: "The endpoint was deleted.", result: "bounced" },
    {
      codes: ["InvalidParameter"],
      message: /TargetArn/,
      meaning: "There is no endpoint with this ARN.",
      result: "bounced",
    },
    {
      codes: ["Throttling", "Throttled", "ThrottledException", "ThrottlingException"],
      meaning: "Too many messages for the account.",
      result: "temporary",
    },
  ],
} satisfies VendorDefinition;
