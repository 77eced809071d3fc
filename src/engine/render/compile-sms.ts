import {
  type ChannelRenderer,
  getTextProperty,
  resolvePayloadOverrides,
  type TemplateReader,
} from "./channel-renderer.js";

/** Compiles an SMS step (A-475, T-210). */
export function compileSms(template: TemplateReader): ChannelRenderer {
  const body = template.compileText("text_body");
  const settings = template.getSection("settings");
  const toNumber = settings.compileText("to_number");
  const overrides = settings.compileText("payload_overrides");
  return {
    missingData: "no phone number",
    resolveDestinations({ scope, recipient }) {
      const address = toNumber?.(scope).trim() || getTextProperty(recipient, "phone_number");
      return address
        ? [{ address, snapshot: { phone_number: address, name: getTextProperty(recipient, "name") } }]
        : [];
    },
    render(context, { address }) {
      const payload = resolvePayloadOverrides(overrides, context, settings.getFieldPath("payload_overrides"));
      return {
        __typename: "MessageSmsContent",
        to: address,
        body: body?.(context.scope) ?? "",
        ...(payload ? { payload_overrides: payload } : {}),
      };
    },
  };
}
