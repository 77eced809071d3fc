import { isJsonObject, type Json, type JsonObject } from "../../../util/json.js";
import { applyPayloadOverrides } from "../../apply-payload-overrides.js";
import { openSnsPublish } from "../../aws/open-sns-publish.js";
import { createBounceError } from "../../delivery-error.js";
import type { OpenVendor } from "../../vendor-api.js";
import { buildNotification, type Push, parsePush } from "../parse-push.js";
import { definition } from "./definition.js";

const toText = (value: Json): string => (typeof value === "string" ? value : JSON.stringify(value));

/** Returns the payload of each platform (CH-144). FCM accepts only texts as data. */
function buildPayloads(push: Push): JsonObject {
  const data = Object.fromEntries(Object.entries(push.data).map(([name, value]) => [name, toText(value)]));
  const notification = buildNotification(push);
  const aps: JsonObject = push.isSilent ? { "content-available": 1 } : { alert: notification };
  const apns = { aps, ...push.data };
  return {
    default: push.body || push.title || push.data.knock_message_id || "",
    GCM: { fcmV1Message: { message: { ...(push.isSilent ? {} : { notification }), data } } },
    APNS: apns,
    APNS_SANDBOX: apns,
  };
}

/** Returns the fields of a request. Overrides have the fields of `Publish`, with `Message` as an object. */
function buildFields(push: Push): JsonObject {
  const fields = applyPayloadOverrides(
    { TargetArn: push.token, MessageStructure: "json", Message: buildPayloads(push) },
    push.overrides,
  );
  const { Message: message = null } = fields;
  if (!isJsonObject(message)) return fields;
  // Each payload is JSON in a text, and so are all of them.
  const texts = Object.entries(message).map(([platform, payload]) => [platform, toText(payload)]);
  return { ...fields, Message: JSON.stringify(Object.fromEntries(texts)) };
}

/** Opens push messages of Amazon SNS. The device gets the message's ID with the data (CH-144). */
export const openVendor: OpenVendor = (settings, services) =>
  openSnsPublish(definition, settings, services, (message) => {
    const push = parsePush(message);
    const { token } = push;
    const [, region] = /^arn:[\w-]+:sns:([\w-]+):\d+:endpoint\//.exec(token) ?? [];
    if (region === undefined)
      throw createBounceError(`${definition.title}: ${token} is not the ARN of an endpoint`, token);
    return { fields: buildFields(push), region, token };
  });
