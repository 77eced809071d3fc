import type { EmailLayout } from "../../../domain/template/email-layout.js";
import { findTextFile } from "../../../domain/template/text-files.js";
import type { JsonObject } from "../../../util/json.js";
import {
  type CompiledText,
  type CompileText,
  createTextCompiler,
  type Rendering,
  type RenderScope,
} from "../../liquid/liquid.js";
import type { Partials } from "../../liquid/partials.js";
import type { MjmlLevel } from "./render-blocks-mjml.js";

/** The layout for the layout key `default` if the project has no layout with that key (EQ-68). */
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
  /** Whether the text layout prints only the content, so that it need not be rendered. */
  hasContentOnlyText: boolean;
  footerLinks: { text: CompiledText; url: CompiledText }[];
  isMjml: boolean;
  /** The kind of element in which an MJML layout prints its content. */
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

/** Returns the built-in layout in MJML or HTML, as the template's body is. */
export function getBuiltInLayout(isMjml: boolean): EmailLayout {
  return isMjml
    ? { ...BUILT_IN_LAYOUT, key: "default", html_layout: BUILT_IN_MJML_LAYOUT, is_mjml: true }
    : { ...BUILT_IN_LAYOUT, key: "default" };
}

/** Creates a compiler for the texts of a layout. */
export function createLayoutCompiler(layout: EmailLayout, partials: Partials): CompileText {
  const owner = `layout "${layout.key}"`;
  return createTextCompiler("", { partials, owner, findFile: (pointer) => findTextFile(layout, pointer) });
}

/** Compiles a layout. Throws `template_invalid` for a Liquid syntax error. */
export async function compileLayout(
  layout: EmailLayout,
  compile: CompileText,
  isBuiltIn: boolean,
): Promise<CompiledLayout> {
  const html = compile(layout.html_layout, "html_layout");
  const text = compile(layout.text_layout, "text_layout");
  let level: MjmlLevel = "text";
  if (layout.is_mjml) {
    const { findMjmlParent } = await import("../mjml/prepare-mjml.js");
    const at = layout.html_layout.search(/\{\{-?\s*content\b/);
    level = LEVELS_BY_ELEMENT[findMjmlParent(layout.html_layout, at) ?? ""] ?? "text";
  }
  return {
    html,
    text,
    hasContentOnlyText: /^\{\{ *content *\}\}$/.test(layout.text_layout),
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

/** Variables that only layouts can use (T-027). */
interface LayoutVariables {
  footer_links: JsonObject[];
  preview_text: string;
}

/**
 * Renders a layout with its content. The content is rendered when the layout first prints it, so that the variables that it
 * assigns are visible only after it. `environment` is the scope that `rendering` was opened with. While the content is
 * rendered, the scope does not contain the layout's variables (T-123).
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
  // The properties are assigned and never deleted: V8 reads an object slowly once a property of it was deleted.
  const enter = (): void => {
    environment.footer_links = variables.footer_links;
    environment.preview_text = variables.preview_text;
    environment.content = print; // liquidjs calls a variable that is a function
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
