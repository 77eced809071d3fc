import { isJsonObject, type Json, type JsonObject } from "../../util/json.js";
import type { ChannelType } from "../message/message.js";
import { parseOrThrow } from "../shape/invalid-params.js";
import { checkJsonShape } from "../shape/json-limits.js";

/** Of push: which list of plain addresses goes with which list of devices, and the device's field. */
const PUSH_LISTS = [
  { plain: "tokens", field: "token" },
  { plain: "target_arns", field: "target_arn" },
] as const;

const FORMS: Partial<Record<ChannelType, readonly string[]>> = {
  push: ["tokens", "devices", "target_arns", "player_ids"],
  chat: ["connections", "token", "ms_teams_tenant_id"],
};

/** The body of a channel data PUT: one provider form that fits the channel's type, where that is known. */
export function parseChannelData(body: unknown, type: ChannelType | null): JsonObject {
  checkJsonShape(body, "the channel data");
  return parseOrThrow("the channel data", (complain) => {
    const data = isJsonObject(body) ? body.data : undefined;
    if (!isJsonObject(data)) {
      complain(["data"], data === undefined ? "is required (an object)" : "must be an object");
      return {};
    }
    const forms = type && FORMS[type];
    if (forms && !forms.some((name) => data[name] !== undefined && data[name] !== null))
      complain(["data"], `must have one of ${forms.join(", ")}: the channel is of type ${type}`);
    for (const name of ["tokens", "devices", "target_arns", "player_ids", "connections"])
      if (data[name] !== undefined && !Array.isArray(data[name])) complain(["data", name], "must be a list");
    return data;
  });
}

/** Push data with both its addresses and its devices, whichever was set. */
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
  return data;
}
