import juice from "juice/client.js";
import { messageOf } from "../../errors/knock-error.js";
import { RenderError } from "./render-error.js";

/**
 * Writes the rules of `<style>` elements to the elements they are about (T-126); media queries, states and fonts stay
 * where they are. With `extra`, only those rules are written and the document's own styles stay.
 */
export function inlineCss(html: string, extra: string | null = null): string {
  try {
    return extra === null
      ? juice(html)
      : juice(html, { applyStyleTags: false, removeStyleTags: false, extraCss: extra, insertPreservedExtraCss: true });
  } catch (error) {
    throw new RenderError(`the CSS of the e-mail could not be inlined: ${messageOf(error).split("\n")[0]}`, {
      cause: error,
    });
  }
}
