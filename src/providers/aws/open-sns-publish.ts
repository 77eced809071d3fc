import type { Message } from "../../domain/message/message.js";
import type { Provider } from "../../ports/provider.js";
import { isJsonObject, type Json, type JsonObject } from "../../util/json.js";
import type { ProviderServices } from "../call-api.js";
import type { SettingsReader } from "../settings-reader.js";
import type { VendorDefinition } from "../vendor-definition.js";
import { createAwsSend } from "./create-aws-send.js";
import { readXmlText } from "./read-xml.js";

/** Returns the names of a form for values below a name, as the query API of AWS has them: `a.b` and, for lists, `a.1`. */
function flatten(name: string, value: Json): [name: string, value: string][] {
  if (value === null) return [];
  if (Array.isArray(value)) return value.flatMap((item, index) => flatten(`${name}.${index + 1}`, item));
  if (isJsonObject(value)) return Object.entries(value).flatMap(([key, inner]) => flatten(`${name}.${key}`, inner));
  return [[name, String(value)]];
}

/** Returns attributes of a message as Amazon SNS has them. */
export function buildAttributes(attributes: Readonly<Record<string, string | null>>): JsonObject {
  const set = Object.entries(attributes).filter(([, value]) => value !== null);
  const entry = set.map(([Name, StringValue]) => ({ Name, Value: { DataType: "String", StringValue } }));
  return entry.length === 0 ? {} : { MessageAttributes: { entry } };
}

/** Opens `Publish` of Amazon SNS. It supports no idempotency key for messages to numbers and devices. */
export function openSnsPublish(
  definition: VendorDefinition,
  settings: SettingsReader,
  services: ProviderServices,
  buildFields: (message: Message) => { fields: JsonObject; region?: string; token?: string },
): Provider {
  return {
    send: createAwsSend(definition, settings, services, {
      service: "sns",
      host: "sns",
      path: "/",
      content_type: "application/x-www-form-urlencoded",
      buildBody(message) {
        const { fields, ...others } = buildFields(message);
        const all = { Action: "Publish", Version: "2010-03-31", ...fields };
        const pairs = Object.entries(all).flatMap(([name, value]) => flatten(name, value));
        return { body: new URLSearchParams(pairs).toString(), ...others };
      },
      readError: ({ text }) => ({ code: readXmlText(text, "Code"), message: readXmlText(text, "Message") }),
      readId: ({ text }) => readXmlText(text, "MessageId"),
    }),
  };
}
