import { isJsonObject, type JsonObject } from "../../util/json.js";
import { inLocale } from "../liquid/filters/render-services.js";
import {
  type ChannelRenderer,
  channelData,
  type Destination,
  payloadOverrides,
  type TemplateReader,
} from "./channel-renderer.js";

interface Device {
  token: string;
  locale: string | null;
}

/** Devices of a recipient's channel data, each token once (E-181, CH-240 to CH-242). */
function devicesOf(data: Record<string, unknown>): Device[] {
  const devices = (Array.isArray(data.devices) ? data.devices : []).filter(isJsonObject);
  const lists = [data.tokens, data.target_arns, data.player_ids].flatMap((list) => (Array.isArray(list) ? list : []));
  const found = new Map<string, Device>();
  for (const device of [...devices, ...lists.map((token): JsonObject => ({ token }))]) {
    const token = device.token ?? device.target_arn;
    if (typeof token !== "string" || token === "" || found.has(token)) continue;
    found.set(token, {
      token,
      locale: typeof device.locale === "string" && device.locale !== "" ? device.locale : null,
    });
  }
  return [...found.values()];
}

/** Push (A-476, T-211): one message per device token, translated for the device (T-191, E-184). */
export function compilePush(template: TemplateReader): ChannelRenderer {
  const title = template.text("title");
  const body = template.text("text_body");
  const settings = template.section("settings");
  const silent = settings.value("delivery_type") === "silent";
  const overrides = settings.text("payload_overrides");
  return {
    needs: "no device token for the channel",
    destinations({ recipient, channel }): Destination[] {
      return devicesOf(channelData(recipient, channel)).map(({ token, locale }) => ({
        address: token,
        snapshot: null,
        locale,
      }));
    },
    render(context, { address, locale = null }) {
      const scope = inLocale(context.scope, locale);
      const payload = payloadOverrides(overrides, { ...context, scope }, settings.placeOf("payload_overrides"));
      return {
        __typename: "MessagePushContent",
        token: address,
        title: silent ? "" : (title?.(scope) ?? ""),
        body: silent ? "" : (body?.(scope) ?? ""),
        data: isJsonObject(scope.data) ? scope.data : {},
        ...(payload ? { payload_overrides: payload } : {}),
      };
    },
  };
}
