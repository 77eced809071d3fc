import * as z from "zod/mini";
import { once } from "../util/once.js";
import { DURATION_UNITS } from "./duration.js";
import { CHANNEL_TYPES } from "./message.js";

// Made at their first use: a start that runs one workflow needs few of them, and each costs a tenth of a millisecond.

/** Liquid text, or nothing. */
const text = z.nullish(z.string());
const pairs = once(() => z.nullish(z.array(z.looseObject({ key: z.string(), value: z.string() }))));

const durationSchema = once(() => z.object({ unit: z.enum(DURATION_UNITS), value: z.number() }));

export const delaySettings = once(() =>
  z.looseObject({ delay_for: z.nullish(durationSchema()), delay_until_field_path: text }),
);

const WEEKDAYS = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"] as const;

const sendWindow = once(() =>
  z.object({
    day: z.enum(WEEKDAYS),
    type: z.enum(["send", "do_not_send"]),
    from: z.nullish(z.union([z.string(), z.number()])),
    until: z.nullish(z.union([z.string(), z.number()])),
  }),
);

export const channelStep = once(() =>
  z.looseObject({
    channel_type: z.nullish(z.enum(CHANNEL_TYPES)),
    channel_key: z.nullish(z.string().check(z.minLength(1))),
    channel_group_key: z.nullish(z.string().check(z.minLength(1))),
    template: z.nullish(z.record(z.string(), z.unknown())),
    channel_overrides: z.nullish(z.record(z.string(), z.unknown())),
    send_windows: z.nullish(z.array(sendWindow())),
  }),
);

/** What each channel type's template holds (section 7 of the format). Other keys are kept and ignored (F-026). */
export const templateSchemas = {
  email: once(() =>
    z.looseObject({
      subject: z.string(),
      settings: z.nullish(
        z.looseObject({ layout_key: text, pre_content: text, attachment_key: text, preview_text: text }),
      ),
      html_body: text,
      text_body: text,
      preview_text: text,
      is_mjml: z.nullish(z.boolean()),
    }),
  ),
  sms: once(() =>
    z.looseObject({
      text_body: z.string(),
      settings: z.nullish(z.looseObject({ to_number: text, payload_overrides: text })),
    }),
  ),
  push: once(() =>
    z.looseObject({
      title: text,
      text_body: z.string(),
      settings: z.nullish(
        z.looseObject({ delivery_type: z.nullish(z.enum(["content", "silent"])), payload_overrides: text }),
      ),
    }),
  ),
  chat: once(() => z.looseObject({ markdown_body: text, json_body: text, summary: text })),
  in_app_feed: once(() =>
    z.looseObject({
      markdown_body: z.string(),
      action_url: text,
      action_buttons: z.nullish(z.array(z.looseObject({ label: z.string(), action: z.string() }))),
    }),
  ),
  http: once(() =>
    z.looseObject({
      method: z.enum(["get", "post", "put", "delete", "patch", "GET", "POST", "PUT", "DELETE", "PATCH"]),
      url: z.string(),
      headers: z.nullish(z.union([pairs(), z.string()])),
      query_params: z.nullish(z.union([pairs(), z.string()])),
      body: text,
    }),
  ),
} as const;

/** Strings and switches that a step may set over its channel's settings (E-178). */
export const overridesSchema = once(() =>
  z.looseObject({
    to_address: text,
    from_address: text,
    from_name: text,
    cc_address: text,
    bcc_address: text,
    reply_to_address: text,
    json_overrides: text,
    link_tracking: z.nullish(z.boolean()),
    open_tracking: z.nullish(z.boolean()),
  }),
);
