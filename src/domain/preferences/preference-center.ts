import { flag, list, object, oneOf, optional, type Shaped, text } from "../shape/shape.js";

/** What a row switches. */
const ROW_TYPES = ["workflow", "channel", "category", "channel_types", "commercial_subscribed"] as const;

const rowShape = object(
  {
    type: oneOf(ROW_TYPES),
    name: text,
    identifier: optional(text),
    description: optional(text),
    channel_types: optional(list(text)),
  },
  { closed: true },
);

/** `preference_center` in `environment.json`: what the service's dashboard holds of it. */
export const preferenceCenterShape = object(
  {
    enabled: optional(flag),
    config: optional(
      object(
        {
          title: optional(text),
          body: optional(text),
          rows: optional(list(rowShape)),
          show_account_name: optional(flag),
        },
        { closed: true },
      ),
    ),
  },
  { closed: true },
);

export interface PreferenceCenterRow {
  type: (typeof ROW_TYPES)[number];
  name: string;
  /** Of a workflow, a category or a channel. */
  identifier?: string;
  description?: string;
  /** Those in scope; absent or empty: all. */
  channel_types?: string[];
}

export interface PreferenceCenter {
  enabled: boolean;
  title: string;
  body: string;
  rows: PreferenceCenterRow[];
  show_account_name: boolean;
}

/** Switched off, as in an account where nobody has set it up. */
export const NO_PREFERENCE_CENTER: PreferenceCenter = {
  enabled: false,
  title: "",
  body: "",
  rows: [],
  show_account_name: false,
};

const NAMED: readonly string[] = ["workflow", "category", "channel"];

export function preferenceCenterOf(
  { enabled, config }: Shaped<typeof preferenceCenterShape>,
  complain: (path: PropertyKey[], message: string) => void,
): PreferenceCenter {
  const rows = (config?.rows ?? []).map((row, index): PreferenceCenterRow => {
    const { type, name, identifier, description, channel_types } = row;
    if (NAMED.includes(type) && !identifier)
      complain(["preference_center", "config", "rows", index, "identifier"], `is required for a row of type ${type}`);
    return {
      type,
      name,
      ...(identifier ? { identifier } : {}),
      ...(description ? { description } : {}),
      ...(channel_types ? { channel_types } : {}),
    };
  });
  return {
    enabled: enabled ?? true,
    title: config?.title ?? "",
    body: config?.body ?? "",
    rows,
    show_account_name: config?.show_account_name ?? false,
  };
}
