import { hasLiquid } from "../../../domain/template/has-liquid.js";
import { RenderError } from "../../liquid/render-error.js";

/**
 * Returns an error text for invalid MJML, so that it is reported when the project is read and not by each run. Null for valid
 * MJML, and for MJML with Liquid, which can be checked only once rendered. If `isWholeDocument` is false, the source is
 * the content of a layout.
 */
export async function describeInvalidMjml(source: string, isWholeDocument: boolean): Promise<string | null> {
  if (hasLiquid(source)) return null;
  const [{ prepareMjml }, { loadMjmlToHtml }] = await Promise.all([
    import("./prepare-mjml.js"),
    import("./mjml-to-html.js"),
  ]);
  const mjmlToHtml = await loadMjmlToHtml();
  try {
    if (isWholeDocument) mjmlToHtml(source, "");
    else prepareMjml(`<mjml><mj-body>${source}</mj-body></mjml>`);
    return null;
  } catch (error) {
    if (error instanceof RenderError) return error.message;
    throw error;
  }
}
