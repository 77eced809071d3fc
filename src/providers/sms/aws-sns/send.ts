import { deepMerge } from "../../../util/json.js";
import { getPayloadOverrides } from "../../apply-payload-overrides.js";
import { buildAttributes, openSnsPublish } from "../../aws/open-sns-publish.js";
import { createBounceError, createPermanentError } from "../../delivery-error.js";
import type { OpenVendor } from "../../vendor-api.js";
import { definition } from "./definition.js";

const TYPES: Readonly<Record<string, string>> = { promotional: "Promotional", transactional: "Transactional" };
/** The longest text that Amazon SNS accepts, which it sends as several messages. */
const MAX_CHARACTERS = 1_600;

/** Opens SMS messages of Amazon SNS, which reports no delivery status (CH-112). */
export const openVendor: OpenVendor = (settings, services) =>
  openSnsPublish(definition, settings, services, ({ content }) => {
    const [to, body] = [String(content.to ?? "").replace(/[\s().-]/g, ""), String(content.body ?? "")];
    if (to === "") throw createPermanentError("the SMS has no number to go to");
    if (!/^\+[1-9]\d{1,14}$/.test(to))
      throw createBounceError(`${JSON.stringify(to)} is not a number with a country code, such as "+12025550143"`);
    if (body.length > MAX_CHARACTERS)
      throw createPermanentError(
        `Amazon SNS accepts ${MAX_CHARACTERS} characters in an SMS, and this one has ${body.length}`,
      );
    const attributes = buildAttributes({
      "AWS.SNS.SMS.SMSType": TYPES[settings.text("message_type") ?? ""] ?? null,
      "AWS.SNS.SMS.SenderID": settings.text("sender_id"),
      "AWS.MM.SMS.OriginationNumber": settings.text("phone_number") ?? settings.text("short_code"),
    });
    return { fields: deepMerge({ PhoneNumber: to, Message: body, ...attributes }, getPayloadOverrides(content)) };
  });
