import { describe, expect, it } from "vitest";
import type { JsonObject } from "../../../src/util/json.js";
import { renderContent } from "../../helpers/render-step.js";

const feed = (template: JsonObject, data: JsonObject = { page: "Home" }) => ({
  type: "in_app_feed" as const,
  template: { markdown_body: "**{{ page }}**", ...template },
  properties: {},
  data,
});
const blocks = async (template: JsonObject, data?: JsonObject) => (await renderContent(feed(template, data))).blocks;

const BODY = { type: "markdown", name: "body", content: "**{{ page }}**", rendered: "<p><strong>Home</strong></p>" };

describe("the content of a feed message (A-479 to A-481, section 7.5)", () => {
  it("T-225 requires nothing of the recipient, and has the source next to the rendered text", async () => {
    expect(await renderContent(feed({}))).toEqual({ __typename: "MessageInAppFeedContent", blocks: [BODY] });
  });

  it("has an action if it is set, but not if it is empty or null", async () => {
    expect(await blocks({ action_url: "/p/{{ page }}" })).toEqual([
      BODY,
      { type: "text", name: "action_url", content: "/p/{{ page }}", rendered: "/p/Home" },
    ]);
    expect(await blocks({ action_url: "" })).toEqual([BODY]);
    expect(await blocks({ action_url: null })).toEqual([BODY]);
  });

  it("has buttons instead of an action, the primary button first", async () => {
    const action_buttons = [
      { label: "Open {{ page }}", action: "/{{ page }}" },
      { label: "Later", action: "/later" },
    ];
    expect(await blocks({ action_url: "/x", action_buttons })).toEqual([
      BODY,
      {
        type: "button_set",
        name: "actions",
        buttons: [
          { name: "primary", label: "Open Home", action: "/Home" },
          { name: "secondary", label: "Later", action: "/later" },
        ],
      },
    ]);
    expect(await blocks({ action_url: "/x", action_buttons: [] })).toHaveLength(2);
  });

  it("T-204 Liquid is rendered before Markdown, and HTML stays HTML", async () => {
    const [body] = (await blocks({ markdown_body: "{{ data.md }} <u>u</u>" }, { md: "*it*\n\n- a" })) as JsonObject[];
    expect(body?.rendered).toBe("<p><em>it</em></p>\n<ul>\n<li>a <u>u</u></li>\n</ul>");
    const [empty] = (await blocks({ markdown_body: "" })) as JsonObject[];
    expect(empty?.rendered).toBe("");
  });
});
