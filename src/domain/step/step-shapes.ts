import { CHANNEL_TYPES } from "../message/message.js";
import {
  anything,
  either,
  flag,
  list,
  number,
  object,
  oneOf,
  optional,
  record,
  type Shape,
  type Shaped,
  text,
} from "../shape/shape.js";
import { DURATION_UNITS } from "./duration.js";

/** Liquid text, or nothing. */
export const maybeText = optional(text);

/** Text that is not empty: a key, a path, a template that must say something. */
export const filledText: Shape<string> = (value, path, complain): value is string => {
  if (value === "") complain(path, "must not be empty");
  return value !== "" && text(value, path, complain);
};

/** Whether text has an output or a tag of Liquid in it. */
export function hasLiquid(value: string): boolean {
  return value.includes("{{") || value.includes("{%");
}

const unitAndValue = object({ unit: oneOf(DURATION_UNITS), value: number });

/** `"10m"` or 600 is what people write first: the whole form is shown. */
export const durationShape: typeof unitAndValue = (value, path, complain): value is Shaped<typeof unitAndValue> => {
  if (typeof value !== "string" && typeof value !== "number") return unitAndValue(value, path, complain);
  complain(path, `must be an object such as {"unit":"minutes","value":10}, found a ${typeof value}`);
  return false;
};

export const delaySettings = object({ delay_for: optional(durationShape), delay_until_field_path: maybeText });

const WEEKDAYS = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"] as const;

const timeOfDay = optional(either("a time such as 09:00", text, number));

export const sendWindow = object({
  day: oneOf(WEEKDAYS),
  type: oneOf(["send", "do_not_send"]),
  from: timeOfDay,
  until: timeOfDay,
});

export const channelStep = object({
  channel_type: optional(oneOf(CHANNEL_TYPES)),
  channel_key: optional(filledText),
  channel_group_key: optional(filledText),
  guide_key: optional(filledText),
  template: optional(record(anything)),
  channel_overrides: optional(record(anything)),
  send_windows: optional(list(sendWindow)),
});

export const pairs = optional(
  either("a list of key and value, or a template", list(object({ key: text, value: text })), text),
);

const METHODS = ["get", "post", "put", "delete", "patch", "GET", "POST", "PUT", "DELETE", "PATCH"] as const;

/** What each channel type's template holds (section 7 of the format). Other keys are kept and ignored (F-026). */
export const templateShapes = {
  email: object({
    subject: text,
    settings: optional(
      object({ layout_key: maybeText, pre_content: maybeText, attachment_key: maybeText, preview_text: maybeText }),
    ),
    html_body: maybeText,
    text_body: maybeText,
    preview_text: maybeText,
    is_mjml: optional(flag),
  }),
  sms: object({ text_body: text, settings: optional(object({ to_number: maybeText, payload_overrides: maybeText })) }),
  push: object({
    title: maybeText,
    text_body: text,
    settings: optional(object({ delivery_type: optional(oneOf(["content", "silent"])), payload_overrides: maybeText })),
  }),
  chat: object({ markdown_body: maybeText, json_body: maybeText, summary: maybeText }),
  in_app_feed: object({
    markdown_body: text,
    action_url: maybeText,
    action_buttons: optional(list(object({ label: text, action: text }))),
  }),
  http: object({
    method: oneOf(METHODS),
    url: text,
    headers: pairs,
    query_params: pairs,
    body: maybeText,
    inputs: optional(record(text)),
  }),
} as const;

/** Strings and switches that a step may set over its channel's settings (E-178). */
export const overridesShape = object({
  to_address: maybeText,
  from_address: maybeText,
  from_name: maybeText,
  cc_address: maybeText,
  bcc_address: maybeText,
  reply_to_address: maybeText,
  json_overrides: maybeText,
  link_tracking: optional(flag),
  open_tracking: optional(flag),
  token_deregistration: optional(flag),
  email_based_user_id_resolution: optional(flag),
});
