import type { EmailLayout } from "../../../domain/template/email-layout.js";
import { isJsonObject, type Json, type JsonObject } from "../../../util/json.js";
import { renderMarkdown } from "../../liquid/filters/render-markdown.js";
import {
  type CompileText,
  openRendering,
  type Rendering,
  type RenderScope,
  renderPartialBlock,
} from "../../liquid/liquid.js";
import { RenderError } from "../../liquid/liquid-errors.js";
import type { Partials } from "../../liquid/partials.js";
import type { TemplateReader } from "../channel-renderer.js";
import {
  type CompiledLayout,
  compileLayout,
  createLayoutCompiler,
  getBuiltInLayout,
  renderInLayout,
} from "./compile-layout.js";
import { checkLength, insertIntoHead, insertPreheader, toHtmlForText } from "./email-html.js";
import { htmlToText } from "./html-to-text.js";

/** The shared templates that an email's template can use. */
export interface SharedEmailTemplates {
  compile: CompileText;
  partials: Partials;
  /** The layout that the template names, `missing` if the project does not have it, null if the template names none. */
  layout: EmailLayout | "missing" | null;
  /** Whether a partial that the template can reach contains a `<style>` element. */
  partialsHaveStyles: boolean;
}

interface RenderedEmail {
  html: string;
  text: string;
}

/** Renders an email in a run's scope. `preview` is the line that inboxes show beside the subject. Throws {@link RenderError}. */
type RenderEmailBody = (scope: RenderScope, tenantBranding: JsonObject | null, preview: string) => RenderedEmail;

type RenderContent = (rendering: Rendering) => string;

const getBranding = (rendering: Rendering): JsonObject => {
  const branding = rendering.getSync(["vars", "branding"]);
  return isJsonObject(branding) ? branding : {};
};

const getColor = (branding: JsonObject, name: string, fallback: string): string => {
  const color = branding[name];
  return typeof color === "string" && /^[#\w(),.% -]+$/.test(color) ? color : fallback;
};

/** Merges brandings into the scope. The layout's overrides the account's, and the tenant's overrides both (T-133, TQ-10). */
function mergeBranding(scope: RenderScope, overrides: JsonObject, tenant: JsonObject | null): RenderScope {
  if (tenant === null && Object.keys(overrides).length === 0) return scope;
  const vars = isJsonObject(scope.vars) ? scope.vars : {};
  const base = isJsonObject(vars.branding) ? vars.branding : {};
  const branding: JsonObject = { ...base, ...overrides, ...tenant };
  for (const image of ["logo_url", "icon_url"]) {
    const dark = `dark_${image}`;
    // A dark image falls back to the light one (T-171), also if the light one was just overridden.
    if (base[dark] === base[image] && !(dark in overrides) && !(tenant && dark in tenant))
      branding[dark] = branding[image] as Json;
  }
  return { ...scope, vars: { ...vars, branding } };
}

function getVisualBlocks(template: TemplateReader): TemplateReader[] {
  return template.getValue("visual_blocks") === undefined ? [] : template.getList("visual_blocks");
}

/** Compiles the visual blocks, or the HTML or MJML body, that the layout prints as its content. */
async function compileContent(
  template: TemplateReader,
  layout: CompiledLayout | null,
  { compile }: SharedEmailTemplates,
): Promise<RenderContent> {
  if (!Array.isArray(template.getValue("visual_blocks"))) return template.compileText("html_body") ?? (() => "");
  const [
    { compileBlocks },
    { renderBlocksHtml: blocksHtml },
    { renderBlocksMjml: blocksMjml },
    { markdownToLiquidHtml },
  ] = await Promise.all([
    import("./compile-blocks.js"),
    import("./render-blocks-html.js"),
    import("./render-blocks-mjml.js"),
    import("./markdown-to-liquid-html.js"),
  ]);
  const blocks = compileBlocks(getVisualBlocks(template), {
    compileText: compile,
    compileMarkdown: (source, fieldPath) => compile(markdownToLiquidHtml(source, renderMarkdown), fieldPath),
    renderPartial: renderPartialBlock,
  });
  if (!layout?.isMjml) return (rendering) => blocksHtml(blocks(rendering));
  const { contentLevel: level } = layout;
  return (rendering) => {
    const branding = getBranding(rendering);
    return blocksMjml(blocks(rendering), level, {
      primary: getColor(branding, "primary_color", "#000000"),
      contrast: getColor(branding, "primary_color_contrast", "#FFFFFF"),
    });
  };
}

/** Moves styles to the head, converts MJML to HTML and inlines CSS in a complete document (T-107, T-126, T-128). */
type FinishDocument = (document: string, styles: ReadonlySet<string>, rendering: Rendering) => string;

async function compileFinishDocument(
  isMjml: boolean,
  usesCss: boolean,
  layout: CompiledLayout | null,
): Promise<FinishDocument> {
  const css = usesCss ? await import("./render-blocks-html.js") : null;
  const inline = usesCss && !isMjml ? (await import("../mjml/inline-css.js")).inlineCss : null;
  const mjml = isMjml ? await (await import("../mjml/mjml-to-html.js")).loadMjmlToHtml() : null;
  return (document, styles, rendering) => {
    const branding = getBranding(rendering);
    const hasBlocks = css !== null && document.includes("block-");
    const base = hasBlocks
      ? css.buildBlockCss(
          getColor(branding, "primary_color", "#000000"),
          getColor(branding, "primary_color_contrast", "#FFFFFF"),
        )
      : "";
    const dark =
      hasBlocks && layout?.isBuiltIn
        ? css.buildDarkBlockCss(
            getColor(branding, "dark_primary_color", "#FFFFFF"),
            getColor(branding, "dark_primary_color_contrast", "#000000"),
          )
        : "";
    const partialStyles = [...styles].join("\n");
    if (mjml !== null) {
      const rules = [base, ...[...styles].map((style) => style.replaceAll(/<\/?style\b[^<>]*>/gi, ""))].join("\n");
      return mjml(document, rules);
    }
    const added = `${base === "" ? "" : `<style>\n${base}\n${dark}\n</style>`}${partialStyles}`;
    const documentWithStyles = insertIntoHead(document, added);
    return inline !== null && /<style\b/i.test(documentWithStyles) ? inline(documentWithStyles) : documentWithStyles;
  };
}

/** Returns whether the document can contain CSS. The packages that inline it are not loaded otherwise. */
function mayHaveCss(template: TemplateReader, { layout, partialsHaveStyles }: SharedEmailTemplates): boolean {
  if (partialsHaveStyles || Array.isArray(template.getValue("visual_blocks"))) return true;
  const sources = [template.getSource("html_body"), layout !== null && layout !== "missing" ? layout.html_layout : ""];
  return sources.some((source) => /<style\b|block-/i.test(source));
}

export async function compileEmailBody(
  template: TemplateReader,
  shared: SharedEmailTemplates,
): Promise<RenderEmailBody> {
  const bodyIsMjml = template.getValue("is_mjml") === true;
  const sourceLayout = shared.layout === "missing" ? getBuiltInLayout(bodyIsMjml) : shared.layout;
  const layout =
    sourceLayout === null
      ? null
      : await compileLayout(
          sourceLayout,
          createLayoutCompiler(sourceLayout, shared.partials),
          shared.layout === "missing",
        );
  const isMjml = bodyIsMjml || layout?.isMjml === true;
  const content = await compileContent(template, layout, shared);
  const finish = await compileFinishDocument(isMjml, mayHaveCss(template, shared), layout);
  const plain = template.compileText("text_body");
  const preContent = template.getSection("settings").compileText("pre_content");

  return (scope, tenantBranding, preview) => {
    const links = (layout?.footerLinks ?? []).map((link) => ({ text: link.text(scope), url: link.url(scope) }));
    const variables = {
      footer_links: links.map(({ text, url }) => ({ text, label: text, url })),
      preview_text: preview,
    };
    const branded = mergeBranding(scope, layout?.brandingOverrides ?? {}, tenantBranding);
    const styles = new Set<string>();
    // A copy, because rendering in a layout changes the variables of this object and restores them.
    // With the layout's variables from the start, because V8 adds properties to an object of this size slowly.
    const { content: dataContent, footer_links, preview_text } = branded;
    const environment: RenderScope = { ...branded, content: dataContent, footer_links, preview_text };
    const openBranded = (): Rendering => {
      const rendering = openRendering(environment, shared.partials, layout === null ? null : styles);
      preContent?.(rendering);
      return rendering;
    };

    const first = openBranded();
    let innerHtml = "";
    const renderContent = (): string => {
      innerHtml = content(first);
      checkLength(innerHtml, template.getFieldPath("html_body"));
      return innerHtml;
    };
    const document =
      layout === null ? renderContent() : renderInLayout(layout.html, environment, first, variables, renderContent);
    checkLength(document, template.getFieldPath("html_body")); // before CSS and MJML are processed, which takes time
    const html = insertPreheader(
      finishWithFieldPath(template, () => finish(document, styles, first)),
      layout?.showsPreview ? "" : preview,
    );
    checkLength(html, template.getFieldPath("html_body"));

    const generated = (): string => htmlToText(isMjml ? toHtmlForText(innerHtml) : innerHtml);
    let text: string;
    if (layout === null) text = plain?.(first) ?? generated();
    // Only `pre_content` is rendered before the content, so only it could assign another value to `content`.
    else if (layout.hasContentOnlyText && preContent === null) text = plain?.(openBranded()) ?? generated();
    else {
      const second = openBranded();
      text = renderInLayout(layout.text, environment, second, variables, () => {
        if (plain !== null) return plain(second);
        // Variables that the HTML content assigned are also visible in the rest of the text layout.
        Object.assign(second.bottom(), first.bottom());
        return generated();
      });
    }
    checkLength(text, template.getFieldPath("text_body"));
    return { html, text };
  };
}

/** Calls `finish`. Adds the field path of the template to a {@link RenderError} about the whole document. */
function finishWithFieldPath(template: TemplateReader, finish: () => string): string {
  try {
    return finish();
  } catch (error) {
    if (!(error instanceof RenderError)) throw error;
    const field = Array.isArray(template.getValue("visual_blocks")) ? "visual_blocks" : "html_body";
    throw new RenderError(`${template.getFieldPath(field)}: ${error.message}`, { cause: error });
  }
}
