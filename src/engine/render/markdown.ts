import { micromark, type Options } from "micromark";

/** CommonMark to HTML; HTML in the source stays HTML (T-007, T-204). */
export function renderMarkdown(
  source: string,
  extensions: Pick<Options, "extensions" | "htmlExtensions"> = {},
): string {
  return micromark(source, { allowDangerousHtml: true, ...extensions });
}
