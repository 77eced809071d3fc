/** A channel type: what code that is not about one type must know of it. */
interface ChannelTypeDefinition {
  /** The name that people read on pages. */
  title: string;
  /** The name of its steps in a terminal. Default: the type. */
  label?: string;
  /** Another name by which expectations may refer to its steps. */
  alias?: string;
  /** The provider of a channel that names none. */
  defaultProvider: string;
  /** What a step can set instead of its channel's settings (section 7 of the format). */
  overrides: readonly string[];
  /** Settings of a channel that no provider and no step has (E-182, A-105). */
  settings?: readonly string[];
  /** Messages are items of a feed: being there is their delivery, so they have no provider and no sandbox (E-205). */
  isFeed?: true;
  /** Steps show a guide, which has the content, and recipients have no preference (E-135). */
  isGuide?: true;
  /** Steps have a layout and visual blocks. */
  hasLayout?: true;
  /** Messages are delivered by connections and tokens, which are channel data of the recipient and the tenant. */
  hasConnections?: true;
  /** Messages may reply to the message of an earlier step (E-188). */
  hasReplies?: true;
  /** Steps have inputs, which their templates see as `inputs` (section 7.6 of the format). */
  hasInputs?: true;
  /** Channel data lists devices, whose invalid tokens are removed (E-215). */
  hasDevices?: true;
  /** Templates and settings may contain secrets, which are kept apart from the content. */
  hasSecrets?: true;
  /** A message whose link was clicked has been read (E-227, EQ-34). */
  isReadByClick?: true;
}

type Trait = {
  [K in keyof ChannelTypeDefinition]-?: true extends ChannelTypeDefinition[K] ? K : never;
}[keyof ChannelTypeDefinition];

const DEFINITIONS = {
  email: {
    title: "Email",
    defaultProvider: "email_sandbox",
    overrides: [
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
    hasLayout: true,
  },
  sms: {
    title: "SMS",
    defaultProvider: "sms_sandbox",
    overrides: ["link_tracking"],
    settings: ["payload_overrides"],
    isReadByClick: true,
  },
  push: {
    title: "Push",
    defaultProvider: "push_sandbox",
    overrides: ["token_deregistration"],
    settings: ["payload_overrides"],
    hasDevices: true,
  },
  chat: {
    title: "Chat",
    defaultProvider: "chat_sandbox",
    overrides: ["email_based_user_id_resolution", "link_tracking"],
    settings: ["slack_channels", "ms_teams_teams", "ms_teams_channels"],
    hasConnections: true,
    hasReplies: true,
    hasSecrets: true,
    isReadByClick: true,
  },
  in_app_feed: {
    title: "In-app",
    label: "in-app",
    alias: "in-app",
    defaultProvider: "in_app_feed_knock",
    overrides: ["link_tracking"],
    settings: ["response_filter"],
    isFeed: true,
  },
  http: {
    title: "Webhook",
    label: "webhook",
    defaultProvider: "http_knock_webhook",
    overrides: [],
    hasInputs: true,
    hasSecrets: true,
  },
  in_app_guide: {
    title: "Guide",
    label: "guide",
    defaultProvider: "in_app_guide_sandbox",
    overrides: [],
    isGuide: true,
  },
} as const satisfies Record<string, ChannelTypeDefinition>;

export type ChannelType = keyof typeof DEFINITIONS;

/** Every channel type: the only list of them. Renderers, templates and link tracking are records of all types. */
export const CHANNEL_TYPE_DEFINITIONS: Readonly<Record<ChannelType, ChannelTypeDefinition>> = DEFINITIONS;

export const CHANNEL_TYPES = Object.keys(DEFINITIONS) as readonly ChannelType[];

/** Returns the definition of a channel type by its name in a file or an outcome; undefined for an unknown name. */
export function findChannelType(type: unknown): ChannelTypeDefinition | undefined {
  return CHANNEL_TYPES.includes(type as ChannelType) ? CHANNEL_TYPE_DEFINITIONS[type as ChannelType] : undefined;
}

/** Returns whether a channel type has a trait; false for an unknown type and without one. */
export const hasTrait = (type: unknown, trait: Trait): boolean => findChannelType(type)?.[trait] === true;

/** Returns the channel types that do not have a trait. */
export function listChannelTypesWithout(trait: Trait): ChannelType[] {
  return CHANNEL_TYPES.filter((type) => !hasTrait(type, trait));
}
