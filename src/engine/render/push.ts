import { isJsonObject } from "../../util/json.js";
import {
  type ChannelRenderer,
  channelData,
  type Destination,
  renderJson,
  type TemplateReader,
} from "./channel-renderer.js";

/** Device tokens of a recipient's channel data, each once (E-181, CH-240 to CH-242). */
function tokensOf(data: Record<string, unknown>): string[] {
  const devices = Array.isArray(data.devices)
    ? data.devices.map((device) => (isJsonObject(device) ? (device.token ?? device.target_arn) : null))
    : [];
  const lists = [data.tokens, data.target_arns, data.player_ids].flatMap((list) => (Array.isArray(list) ? list : []));
  return [
    ...new Set([...devices, ...lists].filter((token): token is string => typeof token === "string" && token !== "")),
  ];
}

/** Push (A-476, T-211): one message per device token. */
export function compilePush(template: TemplateReader): ChannelRenderer {
  const title = template.text("title");
  const body = template.text("text_body");
  const settings = template.section("settings");
  const silent = settings.value("delivery_type") === "silent";
  const overrides = settings.text("payload_overrides");
  return {
    needs: "no device token for the channel",
    destinations({ recipient, channel }): Destination[] {
      return tokensOf(channelData(recipient, channel)).map((token) => ({ address: token, snapshot: null }));
    },
    render({ scope }, { address }) {
      const payload = renderJson(overrides, scope, "settings.payload_overrides");
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
