import type { EmailLayout } from "../../../domain/template/email-layout.js";
import type { JsonObject } from "../../../util/json.js";
import type { CompiledText, CompileText, Rendering, RenderScope } from "../../liquid/liquid.js";
import type { MjmlLevel } from "./render-blocks-mjml.js";

/** What a layout key of `default` means where the project has no layout of that name (EQ-68). */
const BUILT_IN_LAYOUT: Omit<EmailLayout, "key"> = {
  html_layout:
    '<!doctype html>\n<html>\n<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"></head>\n<body style="word-break:break-word">\n{{ content }}\n</body>\n</html>',
  text_layout: "{{ content }}",
  footer_links: [],
  is_mjml: false,
  branding_overrides: {},
};
const BUILT_IN_MJML_LAYOUT = "<mjml><mj-body>{{ content }}</mj-body></mjml>";

export interface CompiledLayout {
  html: CompiledText;
  text: CompiledText;
  /** What the text layout prints is the content and nothing else: it need not be rendered. */
  textIsContent: boolean;
  footerLinks: { text: CompiledText; url: CompiledText }[];
  isMjml: boolean;
  /** Where a layout of MJML prints its content. */
  contentLevel: MjmlLevel;
  /** Whether the layout prints the template's preview text itself (T-125). */
  showsPreview: boolean;
  brandingOverrides: JsonObject;
  isBuiltIn: boolean;
}

const LEVELS_BY_ELEMENT: Record<string, MjmlLevel> = {
  "mj-body": "body",
  "mj-wrapper": "body",
  "mj-section": "section",
  "mj-group": "section",
  "mj-column": "column",
  "mj-hero": "column",
};

/** The plain layout, in the language of the template it is for. */
export function getBuiltInLayout(isMjml: boolean): EmailLayout {
  return isMjml
    ? { ...BUILT_IN_LAYOUT, key: "default", html_layout: BUILT_IN_MJML_LAYOUT, is_mjml: true }
    : { ...BUILT_IN_LAYOUT, key: "default" };
}

/** Throws `template_invalid` for Liquid that does not parse. */
export async function compileLayout(
  layout: EmailLayout,
  compile: CompileText,
  isBuiltIn: boolean,
): Promise<CompiledLayout> {
  const html = compile(layout.html_layout, "html_layout");
  const text = compile(layout.text_layout, "text_layout");
  let level: MjmlLevel = "text";
  if (layout.is_mjml) {
    const { findMjmlParent: mjmlParentAt } = await import("../mjml/prepare-mjml.js");
    const at = layout.html_layout.search(/\{\{-?\s*content\b/);
    level = LEVELS_BY_ELEMENT[mjmlParentAt(layout.html_layout, at) ?? ""] ?? "text";
  }
  return {
    html,
    text,
    textIsContent: /^\{\{ *content *\}\}$/.test(layout.text_layout),
    footerLinks: layout.footer_links.map((link, index) => ({
      text: compile(link.text, `footer_links[${index}].text`),
      url: compile(link.url, `footer_links[${index}].url`),
    })),
    isMjml: layout.is_mjml,
    contentLevel: level,
    showsPreview: /\bpreview_text\b/.test(layout.html_layout),
    brandingOverrides: layout.branding_overrides,
    isBuiltIn,
  };
}

/** What only layouts see (T-027). */
interface LayoutVariables {
  footer_links: JsonObject[];
  preview_text: string;
}

/**
 * A layout with its content (T-123). The content is rendered when the layout first prints it, so that variables it
 * assigns are seen by what comes after, and none before. `environment` is what `rendering` was opened with; while the
 * content is rendered, it holds no variables of the layout's.
 */
export function renderInLayout(
  layout: CompiledText,
  environment: RenderScope,
  rendering: Rendering,
  variables: LayoutVariables,
  renderContent: () => string,
): string {
  const before = { content: environment.content, links: environment.footer_links, preview: environment.preview_text };
  let content: string | undefined;
  // Assigned, never deleted or defined: an object that V8 has given up on would be read slowly by all that follows.
  const enter = (): void => {
    environment.footer_links = variables.footer_links;
    environment.preview_text = variables.preview_text;
    environment.content = print; // liquidjs calls what it finds to be a function
  };
  const leave = (): void => {
    environment.content = before.content;
    environment.footer_links = before.links;
    environment.preview_text = before.preview;
  };
  const print = (): string => {
    if (content !== undefined) return content;
    leave();
    try {
      content = renderContent();
    } finally {
      enter();
    }
    return content;
  };
  enter();
  try {
    return layout(rendering);
  } finally {
    leave();
  }
}
