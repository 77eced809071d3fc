import { RenderError } from "../../liquid/render-error.js";

/**
 * What is wrong with MJML that no Liquid will change, told when it is read instead of by each run. `isWhole`: it is a
 * document, else a part that a layout surrounds. Null where nothing is, or it is known only once rendered.
 */
export async function describeInvalidMjml(source: string, isWholeDocument: boolean): Promise<string | null> {
  if (source.includes("{{") || source.includes("{%")) return null;
  const [{ prepareMjml }, { mjmlToHtml }] = await Promise.all([
    import("./prepare-mjml.js"),
    import("./mjml-to-html.js"),
  ]);
  try {
    if (isWholeDocument) mjmlToHtml(source, "");
    else prepareMjml(`<mjml><mj-body>${source}</mj-body></mjml>`);
    return null;
  } catch (error) {
    if (error instanceof RenderError) return error.message;
    throw error;
  }
}
