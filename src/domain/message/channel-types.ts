import { getKeys } from "../../util/json.js";

/** A channel type, with everything that code for all types needs to know about it. */
interface ChannelTypeDefinition {
  /** The name on pages. */
  title: string;
  /** The name of its steps in a terminal. Default: the type. */
  label?: string;
  /** Another name for its steps in expectations. */
  alias?: string;
  /** The provider of a channel that does not name one. */
  defaultProvider: string;
  /** The channel settings that a step can override (section 7 of the format). */
  overrides: readonly string[];
  /** Settings of a channel that neither a provider nor a step has (E-182, A-105). */
  settings?: readonly string[];
  /**
   * Whether messages are items of a feed. They are delivered as soon as they exist, so they have no provider and no
   * sandbox (E-205).
   */
  isFeed?: true;
  /** A message needs no address, number, token or connection of the recipient. */
  needsNoRecipientData?: true;
  /** Whether steps show a guide. The guide has the content, and recipients have no preference (E-135). */
  isGuide?: true;
  /** Whether messages are emails, which can be delivered to another address than the recipient's. */
  isRedirectable?: true;
  /** The kind of address in the `to` of a message's content. */
  address?: "email" | "phone";
  /** Whether steps have a layout and visual blocks. */
  hasLayout?: true;
  /**
   * Whether messages are delivered by connections and tokens, which are channel data of the recipient and the tenant.
   */
  hasConnections?: true;
  /** Whether messages may reply to the message of an earlier step (E-188). */
  hasReplies?: true;
  /** Whether steps have inputs, which their templates read as `inputs` (section 7.6 of the format). */
  hasInputs?: true;
  /** Whether channel data lists devices, whose invalid tokens are removed (E-215). */
  hasDevices?: true;
  /** Whether templates and settings may contain secrets, which are stored separately from the content. */
  hasSecrets?: true;
  /** Whether messages are sent and priced in segments, and each has the country of its phone number. */
  hasSegments?: true;
  /** Whether a click on a link means that the message was read (E-227, EQ-34). */
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
    isRedirectable: true,
    address: "email",
    hasLayout: true,
  },
  sms: {
    title: "SMS",
    hasSegments: true,
    defaultProvider: "sms_sandbox",
    address: "phone",
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
    needsNoRecipientData: true,
  },
  http: {
    title: "Webhook",
    label: "webhook",
    defaultProvider: "http_knock_webhook",
    overrides: [],
    needsNoRecipientData: true,
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

/**
 * All channel types. There is no other list of them: renderers, templates and link tracking are records with a key for
 * each type.
 */
export const CHANNEL_TYPE_DEFINITIONS: Readonly<Record<ChannelType, ChannelTypeDefinition>> = DEFINITIONS;

export const CHANNEL_TYPES: readonly ChannelType[] = getKeys(DEFINITIONS);

const DEFINITIONS_BY_TYPE: ReadonlyMap<unknown, ChannelTypeDefinition> = new Map(Object.entries(DEFINITIONS));

/** Returns the definition of a channel type by its name in a file or an outcome, or undefined for an unknown name. */
export function findChannelType(type: unknown): ChannelTypeDefinition | undefined {
  return DEFINITIONS_BY_TYPE.get(type);
}

export const isChannelType = (type: unknown): type is ChannelType => DEFINITIONS_BY_TYPE.has(type);

/** Returns whether a channel type has a trait. Unknown types have none. */
export const hasTrait = (type: unknown, trait: Trait): boolean => findChannelType(type)?.[trait] === true;

/** Returns the channel types that do not have a trait. */
export function listChannelTypesWithout(trait: Trait): ChannelType[] {
  return CHANNEL_TYPES.filter((type) => !hasTrait(type, trait));
}
