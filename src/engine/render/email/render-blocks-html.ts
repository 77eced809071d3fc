import type { BlockButton, RenderedBlock } from "./compile-blocks.js";

/** Escapes only the characters that would end an attribute, because rendered text is not escaped automatically (T-007). */
export function escapeAttribute(text: string): string {
  return text.replaceAll('"', "&quot;").replaceAll("<", "&lt;");
}

export const BUTTON_PADDING = { sm: "4px 8px", md: "8px 12px", lg: "12px 16px" } as const;
export const BUTTON_FONT_SIZE = { sm: "14px", md: "16px", lg: "18px" } as const;
const BUTTON_LINE_HEIGHT = { sm: "20px", md: "24px", lg: "28px" } as const;

/** Builds the CSS of a button's own style attributes. */
function buildButtonStyle(button: BlockButton): string {
  const { background, color, borderColor, borderWidth, borderRadius } = button;
  return [
    ...(button.isFullWidth ? ["display:block", "width:100%", "box-sizing:border-box"] : []),
    ...(background === null ? [] : [`background-color:${background}`]),
    ...(color === null ? [] : [`color:${color}`]),
    ...(borderColor === null ? [] : [`border-color:${borderColor}`]),
    ...(borderWidth === null ? [] : [`border-width:${borderWidth}px`, "border-style:solid"]),
    ...(borderRadius === null ? [] : [`border-radius:${borderRadius}px`]),
  ].join(";");
}

export function renderButtonsHtml({ buttons, gap }: RenderedBlock): string {
  return buttons
    .map((button, index) => {
      // The margin below is needed if the next button wraps to a new line.
      const after = index < buttons.length - 1 && !button.isFullWidth ? `margin-right:${gap}px` : "";
      const between = index < buttons.length - 1 ? `margin-bottom:${gap}px` : "";
      const style = [buildButtonStyle(button), after, between].filter((part) => part !== "").join(";");
      return `<a class="block-button block-button--${button.variant} block-button--${button.size}" href="${escapeAttribute(button.action)}" target="_blank" style="${escapeAttribute(style)}">${button.label}</a>`;
    })
    .join("\n");
}

function renderImageHtml({ image, align }: RenderedBlock): string {
  if (image === null) return "";
  const width = /^\d+$/.test(image.width) ? `${image.width}px` : image.width;
  const margin = align === "center" ? "0 auto" : align === "right" ? "0 0 0 auto" : "0 auto 0 0";
  const picture = `<img src="${escapeAttribute(image.url)}" alt="${escapeAttribute(image.alt)}"${width === "" ? "" : ` width="${escapeAttribute(width.replace(/px$/, ""))}"`} style="display:block;max-width:100%;margin:${margin};${width === "" ? "" : `width:${escapeAttribute(width)};`}border:0">`;
  return image.action === ""
    ? picture
    : `<a href="${escapeAttribute(image.action)}" target="_blank" style="text-decoration:none">${picture}</a>`;
}

/** Renders the columns of a row side by side with equal widths (TQ-7). */
function renderRowHtml({ columns }: RenderedBlock): string {
  const width = columns.length === 0 ? 100 : Math.floor(10_000 / columns.length) / 100;
  const cells = columns.map(
    (blocks) => `<td width="${width}%" style="width:${width}%;vertical-align:top">${renderBlocksHtml(blocks)}</td>`,
  );
  return `<table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0" style="border-collapse:collapse"><tr>${cells.join("")}</tr></table>`;
}

function renderBlockContent(block: RenderedBlock): string {
  switch (block.type) {
    case "markdown":
      return `<div class="block-markdown">${block.html}</div>`;
    case "html":
    case "partial":
      return block.html;
    case "image":
      return renderImageHtml(block);
    case "divider":
      return '<div class="block-divider"></div>';
    case "button_set":
      return renderButtonsHtml(block);
    case "row":
      return renderRowHtml(block);
  }
}

/** Renders visual blocks as HTML. Layouts refer to the class names in their CSS (T-150 to T-157). */
export function renderBlocksHtml(blocks: readonly RenderedBlock[]): string {
  return blocks
    .map((block) => {
      const align = block.type === "button_set" || block.type === "image" ? `;text-align:${block.align}` : "";
      const padding = block.padding.map((side) => `${side}px`).join(" ");
      return `<div class="block-row block-row--${block.type}-v1" style="padding:${padding}${align}">${renderBlockContent(block)}</div>`;
    })
    .join("\n");
}

/**
 * Returns the CSS of blocks. It is inserted at the start of the head, so that a layout's own rules take precedence (T-126,
 * T-159, T-160).
 * @public Only a conditional import uses it, which the check for unused exports does not follow.
 */
export function buildBlockCss(primary: string, contrast: string): string {
  const sizes = (["sm", "md", "lg"] as const).map(
    (size) =>
      `.block-button--${size}{padding:${BUTTON_PADDING[size]};font-size:${BUTTON_FONT_SIZE[size]};line-height:${BUTTON_LINE_HEIGHT[size]}}`,
  );
  return [
    ".block-button{display:inline-block;min-width:32px;border:1px solid transparent;border-radius:4px;font-family:inherit;text-align:center;text-decoration:none}",
    ...sizes,
    `.block-button--solid{background-color:${primary};border-color:${primary};color:${contrast}}`,
    `.block-button--outline{background-color:transparent;border-color:${primary};color:${primary}}`,
    ".block-divider{border-bottom:1px solid #dddee1}",
    ".block-markdown{word-break:break-word}",
    ".block-markdown>:first-child{margin-top:0}",
    ".block-markdown>:last-child{margin-bottom:0}",
  ].join("\n");
}

/**
 * Returns the CSS of the default layout in dark mode, where the page around the buttons is also dark (T-160).
 * @public Only a conditional import uses it, which the check for unused exports does not follow.
 */
export function buildDarkBlockCss(primary: string, contrast: string): string {
  return `:root{color-scheme:light dark}\n@media (prefers-color-scheme: dark){.block-button--solid{background-color:${primary} !important;border-color:${primary} !important;color:${contrast} !important}.block-button--outline{background-color:transparent !important;border-color:${primary} !important;color:${primary} !important}}`;
}
