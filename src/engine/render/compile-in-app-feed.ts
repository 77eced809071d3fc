import type { JsonObject } from "../../util/json.js";
import { renderMarkdown } from "../liquid/filters/render-markdown.js";
import type { ChannelRenderer, TemplateReader } from "./channel-renderer.js";

/** Compiles an in-app feed step. Liquid is rendered before Markdown (A-479 to A-481, T-200 to T-205). */
export function compileInAppFeed(template: TemplateReader): ChannelRenderer {
  const body = template.compileText("markdown_body");
  const bodySource = template.getSource("markdown_body");
  const actionUrl = template.compileText("action_url");
  const actionSource = template.getSource("action_url");
  const buttons = template.getList("action_buttons").map((button, index) => ({
    name: index === 0 ? "primary" : "secondary",
    label: button.compileText("label"),
    action: button.compileText("action"),
  }));
  return {
    missingData: "nothing",
    resolveDestinations: () => [{ address: "feed", snapshot: null }],
    render({ scope }) {
      const blocks: JsonObject[] = [
        { type: "markdown", name: "body", content: bodySource, rendered: renderMarkdown(body?.(scope) ?? "") },
      ];
      if (buttons.length > 0) {
        blocks.push({
          type: "button_set",
          name: "actions",
          buttons: buttons.map(({ name, label, action }) => ({
            name,
            label: label?.(scope) ?? "",
            action: action?.(scope) ?? "",
          })),
        });
      } else if (actionSource !== "") {
        blocks.push({ type: "text", name: "action_url", content: actionSource, rendered: actionUrl?.(scope) ?? "" });
      }
      return { __typename: "MessageInAppFeedContent", blocks };
    },
  };
}
