import { buildXmlError } from "../../aws/fake-aws.js";
import { buildFakeSns } from "../../aws/fake-sns-publish.js";
import { type FakeVendor, fail } from "../../fake-vendor.js";

const ATTRIBUTES = new Set(["AWS.SNS.SMS.SMSType", "AWS.SNS.SMS.SenderID", "AWS.MM.SMS.OriginationNumber"]);

/** SMS messages of Amazon SNS. */
export const fake: FakeVendor = buildFakeSns(
  (fields) => {
    const number = fields.get("PhoneNumber") ?? "";
    if (!/^\+[1-9]\d{1,14}$/.test(number)) return `PhoneNumber Reason: ${number} is not valid to publish to`;
    for (let index = 1; ; index++) {
      const entry = `MessageAttributes.entry.${index}`;
      const name = fields.get(`${entry}.Name`);
      if (name === null) return null;
      const value = fields.get(`${entry}.Value.StringValue`);
      if (fields.get(`${entry}.Value.DataType`) !== "String" || !value || !ATTRIBUTES.has(name))
        return `The message attribute '${name}' is invalid`;
      if (name === "AWS.SNS.SMS.SenderID" && !/^(?=.*[a-z])[a-z0-9-]{1,11}$/i.test(value))
        return `The sender ID '${value}' is invalid`;
    }
  },
  {
    invalid_recipient: fail(
      "bounced",
      buildXmlError(400, "InvalidParameter", "Invalid parameter: PhoneNumber Reason: +123 is not valid to publish to"),
    ),
    opted_out: fail("bounced", buildXmlError(400, "OptedOut", "The phone number +12025550143 is opted out")),
  },
);
