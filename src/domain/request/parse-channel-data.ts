import { isJsonObject, type Json, type JsonObject } from "../../util/json.js";
import { checkJsonShape } from "../findings/check-json-shape.js";
import { parseOrThrow } from "../findings/invalid-params-error.js";
import { reportBelow } from "../findings/report-finding.js";
import type { ChannelType } from "../message/channel-types.js";
import { checkClosedDocument } from "../schema/check-document.js";
import { channelDataBodySchema, checkChannelDataForm } from "./channel-data-schema.js";

/** The list of plain addresses of push devices, and the field of a device with the same address. */
const PUSH_LISTS = [
  { plain: "tokens", field: "token" },
  { plain: "target_arns", field: "target_arn" },
] as const;

/**
 * Parses the body of a channel data PUT. If the type of the channel is known, the data must match it. Throws
 * `invalid_params` with one pointer per finding.
 */
export function parseChannelData(body: unknown, type: ChannelType | null): JsonObject {
  checkJsonShape(body, "the channel data");
  return parseOrThrow("the channel data", (report) => {
    const value = checkClosedDocument(channelDataBodySchema(), body, report);
    if (value === null) return null;
    checkChannelDataForm(value.data, type, reportBelow(report, "data"));
    return value.data as JsonObject;
  });
}

/**
 * Returns channel data in its complete form: with both addresses and devices, if one of them is set, and with a chat
 * app's connections.
 */
export function expandChannelData(data: JsonObject): JsonObject {
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
