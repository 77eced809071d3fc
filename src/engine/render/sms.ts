import { type ChannelRenderer, payloadOverrides, type TemplateReader, textProperty } from "./channel-renderer.js";

/** SMS (A-475, T-210). */
export function compileSms(template: TemplateReader): ChannelRenderer {
  const body = template.text("text_body");
  const settings = template.section("settings");
  const toNumber = settings.text("to_number");
  const overrides = settings.text("payload_overrides");
  return {
    needs: "no phone number",
    destinations({ scope, recipient }) {
      const address = toNumber?.(scope).trim() || textProperty(recipient, "phone_number");
      return address ? [{ address, snapshot: { phone_number: address, name: textProperty(recipient, "name") } }] : [];
    },
    render(context, { address }) {
      const payload = payloadOverrides(overrides, context, settings.placeOf("payload_overrides"));
      return {
        __typename: "MessageSmsContent",
        to: address,
        body: body?.(context.scope) ?? "",
        ...(payload ? { payload_overrides: payload } : {}),
      };
    },
  };
}
