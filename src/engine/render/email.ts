import type { JsonObject } from "../../util/json.js";
import { type ChannelRenderer, type RenderContext, type TemplateReader, textProperty } from "./channel-renderer.js";
import { htmlToText } from "./html-to-text.js";
import type { Text } from "./liquid.js";

/** What a layout key of `default` means where the project has no layout of that name (EQ-68). */
const PLAIN_LAYOUT = (content: string): string =>
  `<!doctype html>\n<html>\n<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"></head>\n<body>\n${content}\n</body>\n</html>`;

/** Strings of the step's overrides beat the channel's settings; blank ones fall through (E-178, EQ-28). */
function setting(overrides: TemplateReader, name: string): (context: RenderContext) => string | null {
  const text: Text | null = overrides.text(name);
  return ({ scope, channel }) => {
    const own = text?.(scope).trim();
    if (own) return own;
    const fallback = channel.settings[name];
    return typeof fallback === "string" && fallback !== "" ? fallback : null;
  };
}

/** E-mail (A-474, section 8 of the templates catalogue). */
export function compileEmail(template: TemplateReader, overrides: TemplateReader): ChannelRenderer {
  const subject = template.text("subject");
  const html = template.text("html_body");
  const plain = template.text("text_body");
  const settings = template.section("settings");
  const preContent = settings.text("pre_content");
  const hasLayout = settings.source("layout_key") === "default";
  const to = setting(overrides, "to_address");
  const fromAddress = setting(overrides, "from_address");
  const fromName = setting(overrides, "from_name");
  const cc = setting(overrides, "cc_address");
  const bcc = setting(overrides, "bcc_address");
  const replyTo = setting(overrides, "reply_to_address");

  return {
    needs: "no e-mail address",
    destinations(context) {
      // The override first; where it renders blank, the recipient's own address (EQ-29).
      const address = to(context) ?? textProperty(context.recipient, "email");
      if (address === null) return [];
      return [{ address, snapshot: { email: address, name: textProperty(context.recipient, "name") } }];
    },
    render(context, { address }): JsonObject {
      const { scope } = context;
      preContent?.(scope); // rendered for its errors; its variables reach layouts, which come later
      const body = html?.(scope) ?? "";
      const name = fromName(context);
      const from = fromAddress(context) ?? "";
      return {
        __typename: "MessageEmailContent",
        to: address,
        from: name === null ? from : `${name} <${from}>`,
        cc: cc(context),
        bcc: bcc(context),
        reply_to: replyTo(context),
        subject_line: subject?.(scope) ?? "",
        html_body: hasLayout ? PLAIN_LAYOUT(body) : body,
        text_body: plain?.(scope) ?? htmlToText(body),
      };
    },
  };
}
