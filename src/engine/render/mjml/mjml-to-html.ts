import { Engine } from "mrml";
import { RenderError } from "../../liquid/render-error.js";
import { inlineCss } from "./inline-css.js";
import { prepareMjml } from "./prepare-mjml.js";

let mjmlEngine: Engine | undefined;

/**
 * Converts MJML to HTML. `css` is inlined together with the document's own inline styles. MJML's resets stay in the head,
 * because the MJML compiler already inlines the important ones. Throws {@link RenderError} with the line (T-128).
 */
export function mjmlToHtml(source: string, css: string): string {
  const { mjml, restore, inlineStyles } = prepareMjml(source);
  mjmlEngine ??= new Engine();
  const result = mjmlEngine.toHtml(mjml);
  if (result.type === "error") {
    const errorText =
      "details" in result && "source" in result.details
        ? `${result.message}: ${result.details.source}`
        : result.message;
    throw new RenderError(`MJML: ${errorText}`);
  }
  const html = restore(result.content);
  const rules = `${css}\n${inlineStyles}`.trim();
  return rules === "" ? html : inlineCss(html, rules);
}
