import { describe, expect, it } from "vitest";
import { parseEmailLayout } from "../../../src/domain/template/parse-email-layout.js";
import { parseTemplatePartial } from "../../../src/domain/template/parse-template-partial.js";
import { parseWorkflow } from "../../../src/domain/workflow/parse-workflow.js";
import { KnockError } from "../../../src/errors/knock-error.js";
import type { Json, JsonObject } from "../../../src/util/json.js";

/** Returns `pointer message` for each error; an empty list if the document is accepted. */
function collectFindings(parse: () => unknown): string[] {
  try {
    parse();
    return [];
  } catch (error) {
    if (!(error instanceof KnockError)) throw error;
    return error.details.map(({ pointer, message }) => `${pointer} ${message}`);
  }
}

function templateFaults(template: JsonObject): string[] {
  const step = { ref: "e", type: "channel", channel_type: "email", channel_key: "mail" };
  const completeTemplate = { subject: "S", settings: {}, ...template };
  return collectFindings(() => parseWorkflow("w", { steps: [{ ...step, template: completeTemplate }] })).map((fault) =>
    fault.replace("/steps/0/template", ""),
  );
}

const blockFaults = (...visual_blocks: Json[]): string[] =>
  templateFaults({ visual_blocks }).map((fault) => fault.replace("/visual_blocks", ""));

describe("an email template (F-042, T-120)", () => {
  it("has either a body or blocks", () => {
    expect(templateFaults({ html_body: "x" })).toEqual([]);
    expect(templateFaults({ visual_blocks: [] })).toEqual([]);
    expect(templateFaults({ visual_blocks: null, html_body: "" })).toEqual([]);
    expect(templateFaults({ visual_blocks: [], html_body: null })).toEqual([]);
    expect(templateFaults({})).toEqual(["/html_body is required (the email's HTML, or visual_blocks)"]);
    expect(templateFaults({ visual_blocks: [], html_body: "x" })).toEqual([
      "/html_body cannot be combined with visual_blocks",
    ]);
    expect(templateFaults({ visual_blocks: [], is_mjml: true })).toEqual([
      "/is_mjml is only supported with html_body: visual blocks use the format of their layout",
    ]);
  });
});

describe("visual blocks (F-043, section 8)", () => {
  const button = { label: "Go", action: "#", variant: "solid" };

  it("reports the layout of a block of an unknown type", () => {
    expect(blockFaults({ type: "button_sets", layout_attrs: { padding_top: "8px" } })).toEqual([
      expect.stringMatching(/^\/0\/type must be .*; did you mean "button_set"\?$/),
      "/0/layout_attrs/padding_top must be a whole number from 0 to 1000, found a string",
    ]);
  });

  it("accepts one block of every type, with all defaults written out", () => {
    const paddings = { padding_top: 8, padding_right: 4, padding_bottom: 8, padding_left: 4 };
    const common = { id: "b-1", version: 1, layout_attrs: paddings };
    const size = { size_attrs: { size: "lg", is_fullwidth: true } };
    const style = { style_attrs: { background_color: "primary_color", border_width: 1, border_radius: 4 } };
    expect(
      blockFaults(
        { type: "markdown", content: "x", variant: "default", ...common },
        { type: "html", content: "x", ...common },
        { type: "divider", ...common },
        { type: "image", url: "x", alt: null, style_attrs: { width: "50%" }, ...common },
        { type: "button_set", buttons: [{ ...button, ...size, ...style }], ...common },
        { type: "partial", key: "p", name: "P", attrs: { a: 1 }, ...common },
        { type: "row", columns: [{ blocks: [{ type: "divider" }] }] },
      ),
    ).toEqual([]);
  });

  it.each<[string, Json, string]>([
    ["no list", [5], "/0 must be an object"],
    ["no type", [{}], "/0/type is required:"],
    ["a type that there is not", [{ type: "markdwon", content: "x" }], 'did you mean "markdown"?'],
    ["markdown without content", [{ type: "markdown" }], "/0/content is required (a string)"],
    [
      "a button of no variant",
      [{ type: "button_set", buttons: [{ ...button, variant: "big" }] }],
      "/0/buttons/0/variant must be",
    ],
    [
      "a button without an action",
      [{ type: "button_set", buttons: [{ ...button, action: null }] }],
      "/0/buttons/0/action must be a string",
    ],
    ["an image without an address", [{ type: "image" }], "/0/url is required"],
    [
      "a padding that is text",
      [{ type: "divider", layout_attrs: { padding_top: "8" } }],
      "/0/layout_attrs/padding_top must be a whole number",
    ],
    [
      "an alignment that there is not",
      [{ type: "divider", layout_attrs: { horizontal_align: "middle" } }],
      "/0/layout_attrs/horizontal_align must be",
    ],
    ["a partial without a key", [{ type: "partial", attrs: {} }], "/0/key is required"],
    ["a row without columns", [{ type: "row" }], "/0/columns is required (a list)"],
    [
      "an error within a row",
      [{ type: "row", columns: [{ blocks: [{ type: "html" }] }] }],
      "/0/columns/0/blocks/0/content is required",
    ],
    [
      "a row within a row",
      [{ type: "row", columns: [{ blocks: [{ type: "row", columns: [] }] }] }],
      "/0/columns/0/blocks/0 cannot be inside another row",
    ],
  ])("rejects %s", (_what, blocks, expected) => {
    const faults = blockFaults(...(blocks as Json[]));
    expect(faults).toHaveLength(1);
    expect(faults[0]).toContain(expected);
  });

  it("rejects blocks that are not a list", () => {
    expect(templateFaults({ visual_blocks: "x" })).toEqual(["/visual_blocks must be a list of blocks"]);
  });
});

describe("layout.json (section 10, T-122, T-127)", () => {
  const layout = (more: JsonObject): string[] =>
    collectFindings(() =>
      parseEmailLayout(
        "l",
        { html_layout: "<html><body>{{content}}</body></html>", text_layout: "{{- content -}}", ...more },
        "layouts/l/layout.json",
      ),
    );

  it("is accepted with its defaults", () => {
    expect(layout({})).toEqual([]);
    expect(
      layout({ name: "L", footer_links: [{ label: "a", url: "b" }], branding_overrides: { primary_color: "#fff" } }),
    ).toEqual([]);
  });

  it.each<[string, JsonObject, string]>([
    ["HTML without content", { html_layout: "<html></html>" }, "/html_layout must print {{ content }}"],
    ["text without content", { text_layout: "x" }, "/text_layout must print {{ content }}"],
    ["no text", { text_layout: null }, "/text_layout must be a string, found null"],
    [
      "a part of a document",
      { html_layout: "<p>{{ content }}</p>" },
      "/html_layout must be a complete HTML document with <html> or <body>",
    ],
    [
      "MJML that is not called so",
      { html_layout: "<mjml>{{ content }}</mjml>" },
      "/is_mjml must be true for an MJML layout",
    ],
    [
      "HTML that is called MJML",
      { is_mjml: true },
      "/html_layout must have the root element <mjml>, because is_mjml is true",
    ],
    [
      "@import",
      { html_layout: "<html><style>@import 'x'</style>{{ content }}</html>" },
      "/html_layout must not use @import, which email clients do not follow",
    ],
    [
      "an invalid color",
      { branding_overrides: { primary_color: "red" } },
      '/branding_overrides/primary_color must be a color such as #1A2B3C, found "red"',
    ],
    ["a link without an address", { footer_links: [{ text: "a" }] }, "/footer_links/0/url is required (a string)"],
  ])("rejects %s", (_what, more, expected) => {
    expect(layout(more)).toEqual([expected]);
  });
});

describe("partial.json (section 11, T-100, T-108)", () => {
  const partial = (raw: JsonObject): string[] =>
    collectFindings(() => parseTemplatePartial("p", { type: "html", content: "x", ...raw }, "partials/p/partial.json"));

  it.each<[string, JsonObject, string]>([
    [
      "a type that there is not",
      { type: "htm" },
      '/type must be "html", "markdown", "text" or "json", found "htm"; did you mean "html"?',
    ],
    ["no content", { content: null }, "/content must be a string, found null"],
    ["MJML in HTML", { content: "<mj-text>x</mj-text>" }, "/content must not contain MJML: the partial's type is html"],
    [
      "a block that is no HTML",
      { type: "text", visual_block_enabled: true },
      "/visual_block_enabled is only supported in partials of type html",
    ],
    ["an input of an unknown type", { input_schema: [{ key: "a", type: "texts" }] }, "/input_schema/0/type must be"],
    ["an input without a key", { input_schema: [{ type: "text" }] }, "/input_schema/0/key is required (a string)"],
  ])("rejects %s", (_what, raw, expected) => {
    const [fault = ""] = partial(raw);
    expect(fault).toContain(expected);
  });
});
