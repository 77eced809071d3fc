import type { ChannelType } from "../message/message.js";
import type { StepContext } from "../step/step-context.js";
import type { ChannelStep } from "./workflow.js";

/** What a step may set over its channel's settings, by channel type (section 7 of the format). */
export const CHANNEL_OVERRIDES: Readonly<Record<ChannelType, readonly string[]>> = {
  email: [
    "to_address",
    "from_address",
    "from_name",
    "cc_address",
    "bcc_address",
    "reply_to_address",
    "json_overrides",
    "link_tracking",
    "open_tracking",
  ],
  sms: ["link_tracking"],
  push: ["token_deregistration"],
  chat: ["email_based_user_id_resolution", "link_tracking"],
  in_app_feed: ["link_tracking"],
  http: [],
  in_app_guide: [],
};

function isSet(value: unknown): boolean {
  return value !== null && value !== undefined && value !== "";
}

/** Overrides that another channel type has would do nothing here; names that no type has are a warning's (F-026). */
function checkOverrides(step: ChannelStep, type: ChannelType, path: PropertyKey[], { complain }: Complaining): void {
  const names = Object.entries(step.channel_overrides ?? {}).flatMap(([name, value]) => (isSet(value) ? [name] : []));
  const own = CHANNEL_OVERRIDES[type];
  for (const name of names) {
    if (own.includes(name)) continue;
    const others = Object.entries(CHANNEL_OVERRIDES).flatMap(([other, known]) => (known.includes(name) ? [other] : []));
    if (others.length > 0 || own.length === 0)
      complain([...path, "channel_overrides", name], `has no effect on a step of type ${type}`);
  }
}

type Complaining = Pick<StepContext, "complain">;

/** What only the step's channel type makes wrong: it would be passed over in silence. */
export function checkChannelStep(step: ChannelStep, path: PropertyKey[], context: Complaining): void {
  const { channel_type: type } = step;
  if (type === null || type === "in_app_guide") return;
  checkOverrides(step, type, path, context);
}
