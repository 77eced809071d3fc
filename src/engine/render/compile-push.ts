import type { Channel } from "../../domain/environment/environment.js";
import { splitRecipientKey } from "../../domain/recipient/recipient.js";
import { isJsonObject, type JsonObject } from "../../util/json.js";
import { localizeScope } from "../liquid/filters/render-services.js";
import {
  type ChannelRenderer,
  type Destination,
  getChannelData,
  resolvePayloadOverrides,
  type TemplateReader,
} from "./channel-renderer.js";

interface Device {
  token: string;
  locale: string | null;
}

/** Returns the devices of a recipient's channel data, each token once (E-181, CH-240 to CH-242). */
function collectDevices(data: Record<string, unknown>): Device[] {
  const devices = (Array.isArray(data.devices) ? data.devices : []).filter(isJsonObject);
  const lists = [data.tokens, data.target_arns, data.player_ids].flatMap((list) => (Array.isArray(list) ? list : []));
  const devicesByToken = new Map<string, Device>();
  for (const device of [...devices, ...lists.map((token): JsonObject => ({ token }))]) {
    const token = device.token ?? device.target_arn;
    if (typeof token !== "string" || token === "" || devicesByToken.has(token)) continue;
    devicesByToken.set(token, {
      token,
      locale: typeof device.locale === "string" && device.locale !== "" ? device.locale : null,
    });
  }
  return [...devicesByToken.values()];
}

/** Returns whether the provider knows the devices of a recipient by the recipient's ID, as OneSignal does (CH-143). */
function hasRecipientId({ provider, settings }: Channel): boolean {
  return /one_?signal/.test(provider) && (settings.recipient_mode ?? settings.recipientMode) === "external_id";
}

/** Compiles a push step, which sends one message per device token in the device's locale (A-476, E-184, T-191, T-211). */
export function compilePush(template: TemplateReader): ChannelRenderer {
  const title = template.compileText("title");
  const body = template.compileText("text_body");
  const settings = template.getSection("settings");
  const silent = settings.getValue("delivery_type") === "silent";
  const overrides = settings.compileText("payload_overrides");
  return {
    missingData: "no device token for the channel",
    resolveDestinations({ recipient, channel }): Destination[] {
      if (hasRecipientId(channel))
        return [{ address: splitRecipientKey(recipient.key).id, snapshot: null, locale: null }];
      return collectDevices(getChannelData(recipient, channel)).map(({ token, locale }) => ({
        address: token,
        snapshot: null,
        locale,
      }));
    },
    render(context, { address, locale = null }) {
      const scope = localizeScope(context.scope, locale);
      const payload = resolvePayloadOverrides(
        overrides,
        { ...context, scope },
        settings.getFieldPath("payload_overrides"),
      );
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
