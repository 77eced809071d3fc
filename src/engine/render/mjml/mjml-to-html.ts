import type { Engine } from "mrml";
import { RenderError } from "../../liquid/render-error.js";
import { inlineCss } from "./inline-css.js";
import { loadMrml } from "./load-mrml.js";
import { prepareMjml } from "./prepare-mjml.js";

/**
 * Converts MJML to HTML. `css` is inlined together with the document's own inline styles. MJML's resets stay in the head,
 * because the MJML compiler already inlines the important ones. Throws {@link RenderError} with the line (T-128).
 */
type MjmlToHtml = (source: string, css: string) => string;

let engine: Engine | undefined;
/** Whether a call has not returned. Between two calls, this means that the last one was ended. */
let isConverting = false;

/** Discards the engine and the memory of a call that was ended. */
function recover(restart: () => void): void {
  try {
    engine?.free(); // otherwise the garbage collector would free it in the new memory
  } catch {
    // The old memory is in an undefined state.
  }
  engine = undefined;
  restart();
}

function convert(mjml: string, { Engine: MrmlEngine, restart }: Awaited<ReturnType<typeof loadMrml>>) {
  if (isConverting) recover(restart);
  engine ??= new MrmlEngine();
  isConverting = true;
  try {
    const result = engine.toHtml(mjml);
    isConverting = false;
    return result;
  } catch (error) {
    throw new RenderError("MJML: its elements are nested too deep", { cause: error });
  }
}

/** Loads the MJML compiler. */
export async function loadMjmlToHtml(): Promise<MjmlToHtml> {
  const mrml = await loadMrml();
  return (source, css) => {
    const { mjml, restore, inlineStyles } = prepareMjml(source);
    const result = convert(mjml, mrml);
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
  };
}
