import { isJsonObject, type Json, type JsonObject } from "../../util/json.js";
import type { ChannelType } from "../message/message.js";
import type { Complain } from "../shape/complain.js";
import { parseOrThrow } from "../shape/invalid-params.js";
import { checkJsonShape } from "../shape/json-limits.js";
import { list, object, optional, type Shape, text } from "../shape/shape.js";

/** Of push: which list of plain addresses goes with which list of devices, and the device's field. */
const PUSH_LISTS = [
  { plain: "tokens", field: "token" },
  { plain: "target_arns", field: "target_arn" },
] as const;

const FORMS: Partial<Record<ChannelType, readonly string[]>> = {
  push: ["tokens", "devices", "target_arns", "player_ids"],
  chat: ["connections", "token", "ms_teams_tenant_id"],
};

/** A key that may be absent, but not null: the API's lists are not nullable. */
function unlessAbsent<T>(shape: Shape<T>): Shape<T | undefined> {
  return (value, path, complain): value is T | undefined => value === undefined || shape(value, path, complain);
}

const address = object({
  token: optional(text),
  target_arn: optional(text),
  locale: optional(text),
  timezone: optional(text),
});

const device: Shape<unknown> = (value, path, complain): value is unknown => {
  if (!address(value, path, complain)) return false;
  if (typeof value.token === "string" || typeof value.target_arn === "string") return true;
  complain(path, "must have a token or a target_arn");
  return false;
};

/** Every provider's form at once; which one a channel takes is checked where its type is known. */
const providerData = object({
  tokens: unlessAbsent(list(text)),
  target_arns: unlessAbsent(list(text)),
  player_ids: unlessAbsent(list(text)),
  devices: unlessAbsent(list(device)),
  connections: unlessAbsent(
    list(
      object({
        access_token: optional(text),
        channel_id: optional(text),
        channel_name: optional(text),
        user_id: optional(text),
        ms_teams_channel_id: optional(text),
        ms_teams_team_id: optional(text),
        ms_teams_tenant_id: optional(text),
        ms_teams_user_id: optional(text),
        incoming_webhook: optional(object({ url: text })),
      }),
    ),
  ),
  token: optional(object({ access_token: optional(text) })),
  ms_teams_tenant_id: optional(text),
});

/** Complains about a channel's data that breaks the API description; a channel of a known type has only its forms. */
export function checkChannelData(
  data: JsonObject,
  path: PropertyKey[],
  complain: Complain,
  type: ChannelType | null = null,
): void {
  const forms = (type && FORMS[type]) ?? Object.values(FORMS).flat();
  if (!forms.some((name) => data[name] !== undefined && data[name] !== null)) {
    const reason = type && FORMS[type] ? `: the channel is of type ${type}` : "";
    complain(path, `must have one of ${forms.join(", ")}${reason}`);
  }
  providerData(data, path, complain);
}

/** The body of a channel data PUT: one provider form that fits the channel's type, where that is known. */
export function parseChannelData(body: unknown, type: ChannelType | null): JsonObject {
  checkJsonShape(body, "the channel data");
  return parseOrThrow("the channel data", (complain) => {
    const data = isJsonObject(body) ? body.data : undefined;
    if (!isJsonObject(data)) {
      complain(["data"], data === undefined ? "is required (an object)" : "must be an object");
      return {};
    }
    checkChannelData(data, ["data"], complain, type);
    return data;
  });
}

/** Returns channel data in its full form: addresses and devices, whichever was set, and a chat app's connections. */
export function fullChannelData(data: JsonObject): JsonObject {
  for (const { plain, field } of PUSH_LISTS) {
    const addresses = data[plain];
    const devices = Array.isArray(data.devices) ? data.devices.filter(isJsonObject) : undefined;
    if (devices?.some((device) => device[field] !== undefined)) {
      return {
        ...data,
        devices: devices.map((device): Json => ({ locale: null, timezone: null, ...device })),
        [plain]: devices.map((device) => device[field] ?? null),
      };
    }
    if (Array.isArray(addresses)) {
      return {
        ...data,
        devices: addresses.map((address): Json => ({ [field]: address, locale: null, timezone: null })),
      };
    }
  }
  const isChat = isJsonObject(data.token) || data.ms_teams_tenant_id !== undefined;
  return isChat ? { connections: [], ...data } : data;
}
