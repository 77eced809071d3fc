import type { EmailLayout } from "../../../domain/template/email-layout.js";
import { isJsonObject, type Json, type JsonObject } from "../../../util/json.js";
import { renderMarkdown } from "../../liquid/filters/markdown.js";
import {
  type CompileText,
  compilerFor,
  openRendering,
  type Rendering,
  type RenderScope,
  renderPartialBlock,
} from "../../liquid/liquid.js";
import type { Partials } from "../../liquid/partials.js";
import { RenderError } from "../../liquid/render-error.js";
import type { TemplateReader } from "../channel-renderer.js";
import { atTopOfHead, checkLength, mjmlAsHtml, withPreheader } from "./email-html.js";
import { builtInLayout, type CompiledLayout, compileLayout, renderInLayout } from "./email-layout.js";
import { htmlToText } from "./html-to-text.js";

/** What an e-mail's template refers to outside itself. */
export interface SharedForEmail {
  compile: CompileText;
  partials: Partials;
  /** The layout the template names; `missing` where the project has none of the name, null for no layout. */
  layout: EmailLayout | "missing" | null;
  /** Whether a partial that is reached has a style of its own. */
  partialsHaveStyles: boolean;
}

export interface EmailParts {
  html: string;
  text: string;
}

/** The scope is the run's; `preview` is the line shown beside the subject. Throws RenderError. */
export type EmailBody = (scope: RenderScope, tenantBranding: JsonObject | null, preview: string) => EmailParts;

type Content = (rendering: Rendering) => string;

const brandingOf = (rendering: Rendering): JsonObject => {
  const branding = rendering.getSync(["vars", "branding"]);
  return isJsonObject(branding) ? branding : {};
};

const colorOf = (branding: JsonObject, name: string, fallback: string): string => {
  const color = branding[name];
  return typeof color === "string" && /^[#\w(),.% -]+$/.test(color) ? color : fallback;
};

/** The layout's branding lies over the account's and under the tenant's (T-133, TQ-10). */
function withBranding(scope: RenderScope, overrides: JsonObject, tenant: JsonObject | null): RenderScope {
  if (tenant === null && Object.keys(overrides).length === 0) return scope;
  const vars = isJsonObject(scope.vars) ? scope.vars : {};
  const base = isJsonObject(vars.branding) ? vars.branding : {};
  const branding: JsonObject = { ...base, ...overrides, ...tenant };
  for (const image of ["logo_url", "icon_url"]) {
    const dark = `dark_${image}`;
    // Dark pictures fall back to light ones (T-171), also to one that was just replaced.
    if (base[dark] === base[image] && !(dark in overrides) && !(tenant && dark in tenant))
      branding[dark] = branding[image] as Json;
  }
  return { ...scope, vars: { ...vars, branding } };
}

function blocksIn(template: TemplateReader): TemplateReader[] {
  return template.value("visual_blocks") === undefined ? [] : template.list("visual_blocks");
}

/** Blocks, or the body's HTML or MJML, as what is to be put into the layout. */
async function compileContent(
  template: TemplateReader,
  layout: CompiledLayout | null,
  { compile }: SharedForEmail,
): Promise<Content> {
  if (!Array.isArray(template.value("visual_blocks"))) return template.text("html_body") ?? (() => "");
  const [{ compileBlocks }, { blocksHtml }, { blocksMjml }, { markdownToLiquidHtml }] = await Promise.all([
    import("./visual-blocks.js"),
    import("./block-html.js"),
    import("./block-mjml.js"),
    import("./email-markdown.js"),
  ]);
  const blocks = compileBlocks(blocksIn(template), {
    compileText: compile,
    compileMarkdown: (source, place) => compile(markdownToLiquidHtml(source, renderMarkdown), place),
    renderPartial: renderPartialBlock,
  });
  if (!layout?.isMjml) return (rendering) => blocksHtml(blocks(rendering));
  const { level } = layout;
  return (rendering) => {
    const branding = brandingOf(rendering);
    return blocksMjml(blocks(rendering), level, {
      primary: colorOf(branding, "primary_color", "#000000"),
      contrast: colorOf(branding, "primary_color_contrast", "#FFFFFF"),
    });
  };
}

/** What is done to the whole document: styles to the head, MJML to HTML, rules to elements (T-107, T-126, T-128). */
type Finish = (document: string, styles: ReadonlySet<string>, rendering: Rendering) => string;

async function compileFinish(isMjml: boolean, usesCss: boolean, layout: CompiledLayout | null): Promise<Finish> {
  const css = usesCss ? await import("./block-html.js") : null;
  const inline = usesCss && !isMjml ? (await import("../mjml/inline-css.js")).inlineCss : null;
  const mjml = isMjml ? (await import("../mjml/mjml.js")).mjmlToHtml : null;
  return (document, styles, rendering) => {
    const branding = brandingOf(rendering);
    const hasBlocks = css !== null && document.includes("block-");
    const base = hasBlocks
      ? css.baseCss(
          colorOf(branding, "primary_color", "#000000"),
          colorOf(branding, "primary_color_contrast", "#FFFFFF"),
        )
      : "";
    const dark =
      hasBlocks && layout?.isBuiltIn
        ? css.darkCss(
            colorOf(branding, "dark_primary_color", "#FFFFFF"),
            colorOf(branding, "dark_primary_color_contrast", "#000000"),
          )
        : "";
    const moved = [...styles].join("\n");
    if (mjml !== null) {
      const rules = [base, ...[...styles].map((style) => style.replaceAll(/<\/?style\b[^<>]*>/gi, ""))].join("\n");
      return mjml(document, rules);
    }
    const added = `${base === "" ? "" : `<style>\n${base}\n${dark}\n</style>`}${moved}`;
    const whole = atTopOfHead(document, added);
    return inline !== null && /<style\b/i.test(whole) ? inline(whole) : whole;
  };
}

/** Whether CSS may come up: nothing that inlines it is loaded otherwise. */
function mayHaveCss(template: TemplateReader, { layout, partialsHaveStyles }: SharedForEmail): boolean {
  if (partialsHaveStyles || Array.isArray(template.value("visual_blocks"))) return true;
  const sources = [template.source("html_body"), layout !== null && layout !== "missing" ? layout.html_layout : ""];
  return sources.some((source) => /<style\b|block-/i.test(source));
}

export async function compileBody(template: TemplateReader, shared: SharedForEmail): Promise<EmailBody> {
  const bodyIsMjml = template.value("is_mjml") === true;
  const named = shared.layout === "missing" ? builtInLayout(bodyIsMjml) : shared.layout;
  const owner = `layout "${named?.key ?? ""}"`;
  const layout =
    named === null
      ? null
      : await compileLayout(named, compilerFor("", { partials: shared.partials, owner }), shared.layout === "missing");
  const isMjml = bodyIsMjml || layout?.isMjml === true;
  const content = await compileContent(template, layout, shared);
  const finish = await compileFinish(isMjml, mayHaveCss(template, shared), layout);
  const plain = template.text("text_body");
  const preContent = template.section("settings").text("pre_content");

  return (scope, tenantBranding, preview) => {
    const links = (layout?.footerLinks ?? []).map((link) => ({ text: link.text(scope), url: link.url(scope) }));
    const variables = {
      footer_links: links.map(({ text, url }) => ({ text, label: text, url })),
      preview_text: preview,
    };
    const branded = withBranding(scope, layout?.brandingOverrides ?? {}, tenantBranding);
    const styles = new Set<string>();
    // Layouts lay their variables over it, and take them away again.
    const environment = { ...branded };
    const open = (): Rendering => {
      const rendering = openRendering(environment, shared.partials, layout === null ? null : styles);
      preContent?.(rendering);
      return rendering;
    };

    const first = open();
    let inner = "";
    const renderContent = (): string => {
      inner = content(first);
      checkLength(inner, template.placeOf("html_body"));
      return inner;
    };
    const document =
      layout === null ? renderContent() : renderInLayout(layout.html, environment, first, variables, renderContent);
    checkLength(document, template.placeOf("html_body")); // before work is done on it
    const html = withPreheader(
      finishAt(template, () => finish(document, styles, first)),
      layout?.showsPreview ? "" : preview,
    );
    checkLength(html, template.placeOf("html_body"));

    const generated = (): string => htmlToText(isMjml ? mjmlAsHtml(inner) : inner);
    let text: string;
    if (layout === null) text = plain?.(first) ?? generated();
    // Only what comes before the content could give its name another meaning.
    else if (layout.textIsContent && preContent === null) text = plain?.(open()) ?? generated();
    else {
      const second = open();
      text = renderInLayout(layout.text, environment, second, variables, () => {
        if (plain !== null) return plain(second);
        // What the HTML's template assigned is seen below its text as well.
        Object.assign(second.bottom(), first.bottom());
        return generated();
      });
    }
    checkLength(text, template.placeOf("text_body"));
    return { html, text };
  };
}

/** Faults of the whole document are told with the template's place. */
function finishAt(template: TemplateReader, finish: () => string): string {
  try {
    return finish();
  } catch (error) {
    if (!(error instanceof RenderError)) throw error;
    const field = Array.isArray(template.value("visual_blocks")) ? "visual_blocks" : "html_body";
    throw new RenderError(`${template.placeOf(field)}: ${error.message}`, { cause: error });
  }
}
