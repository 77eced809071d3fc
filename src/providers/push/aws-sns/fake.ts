import { buildXmlError } from "../../aws/fake-aws.js";
import { buildFakeSns } from "../../aws/fake-sns-publish.js";
import { parseJsonObject } from "../../call-api.js";
import { type FakeVendor, fail } from "../../fake-vendor.js";

/** Push messages of Amazon SNS. */
export const fake: FakeVendor = buildFakeSns(
  (fields) => {
    const target = fields.get("TargetArn") ?? "";
    if (!/^arn:aws:sns:[a-z0-9-]+:\d{12}:endpoint\/\w+\/[\w.-]+\/[\w-]+$/.test(target))
      return "TargetArn Reason: An ARN must have at least 6 elements, not 1";
    if (fields.get("MessageStructure") !== "json") return null;
    const message = parseJsonObject(fields.get("Message") ?? "");
    if (message === null) return "Message Structure - JSON message body failed to parse";
    if (typeof message.default !== "string") return "Message Structure - No default entry in JSON message body";
    const isWrong = ["GCM", "APNS", "APNS_SANDBOX"].some(
      (name) => message[name] !== undefined && parseJsonObject(String(message[name])) === null,
    );
    return isWrong ? "Message Structure - JSON message body failed to parse" : null;
  },
  {
    endpoint_disabled: fail("bounced", buildXmlError(400, "EndpointDisabled", "Endpoint is disabled")),
    invalid_target: fail(
      "bounced",
      buildXmlError(400, "InvalidParameter", "Invalid parameter: TargetArn Reason: No endpoint found"),
    ),
    application_disabled: fail(
      "permanent",
      buildXmlError(400, "PlatformApplicationDisabled", "Platform application is disabled"),
    ),
    not_found: fail("bounced", buildXmlError(404, "NotFound", "Endpoint does not exist")),
  },
);
