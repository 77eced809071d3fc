import type { BlockButton, RenderedBlock } from "./compile-blocks.js";
import {
  BUTTON_FONT_SIZE,
  BUTTON_PADDING,
  escapeAttribute,
  renderBlocksHtml,
  renderButtonsHtml,
} from "./render-blocks-html.js";

/** The kind of element that contains the content in an MJML layout. It decides which components the content can consist of. */
export type MjmlLevel = "body" | "section" | "column" | "text";

function formatAttributes(values: Record<string, string | null>): string {
  return Object.entries(values)
    .map(([name, value]) =>
      value === null || value === ""
        ? ""
        : ` ${name}="${escapeAttribute(value).replaceAll(/&(?!quot;|lt;|amp;)/g, "&amp;")}"`,
    )
    .join("");
}

interface ButtonColors {
  primary: string;
  contrast: string;
}

function renderButtonMjml(
  button: BlockButton,
  { padding, align }: RenderedBlock,
  { primary, contrast }: ButtonColors,
): string {
  const isSolid = button.variant === "solid";
  const border = button.borderColor ?? (isSolid ? (button.background ?? primary) : primary);
  return `<mj-button${formatAttributes({
    href: button.action,
    align,
    padding: padding.map((side) => `${side}px`).join(" "),
    "inner-padding": BUTTON_PADDING[button.size],
    "font-size": BUTTON_FONT_SIZE[button.size],
    "background-color": button.background ?? (isSolid ? primary : "transparent"),
    color: button.color ?? (isSolid ? contrast : primary),
    border: `${button.borderWidth ?? 1}px solid ${border}`,
    "border-radius": `${button.borderRadius ?? 4}px`,
    width: button.isFullWidth ? "100%" : null,
    // The class is set on the cell around the button, so it must not be `block-button`, whose style would apply to the cell.
    "css-class": "block-row block-row--button_set-v1",
  })}>${button.label}</mj-button>`;
}

function renderBlockMjml(block: RenderedBlock, colors: ButtonColors): string {
  const padding = block.padding.map((side) => `${side}px`).join(" ");
  const text = (html: string): string =>
    `<mj-text${formatAttributes({ padding, align: block.align, "css-class": `block-row block-row--${block.type}-v1` })}>${html}</mj-text>`;
  switch (block.type) {
    case "divider":
      return `<mj-divider${formatAttributes({ padding, "border-width": "1px", "border-color": "#dddee1" })} />`;
    case "image": {
      const { url = "", alt = "", action = "", width = "" } = block.image ?? {};
      // mj-image supports pixels only, so a percentage is calculated from 600 pixels, the usual width of an email.
      const size = /^(\d+)(px|%)?$/.exec(width);
      const pixels = size === null ? null : `${Math.round(Number(size[1]) * (size[2] === "%" ? 6 : 1))}px`;
      return `<mj-image${formatAttributes({ src: url, alt, href: action, width: pixels, align: block.align, padding })} />`;
    }
    case "button_set":
      return block.buttons.length === 1
        ? renderButtonMjml(block.buttons[0] as BlockButton, block, colors)
        : text(renderButtonsHtml(block));
    case "row":
      return text(renderBlocksHtml([block]));
    case "markdown":
      return text(`<div class="block-markdown">${block.html}</div>`);
    default:
      return text(block.html);
  }
}

const wrapInColumn = (components: string): string => `<mj-column>${components}</mj-column>`;

/** Renders visual blocks as MJML for the element in which the layout prints its content (T-158). */
export function renderBlocksMjml(blocks: readonly RenderedBlock[], level: MjmlLevel, colors: ButtonColors): string {
  if (level === "text") return renderBlocksHtml(blocks);
  if (level === "column") return blocks.map((block) => renderBlockMjml(block, colors)).join("\n");
  if (level === "section") return wrapInColumn(blocks.map((block) => renderBlockMjml(block, colors)).join("\n"));
  return blocks
    .map((block) => {
      const columns = block.type === "row" ? block.columns : [[block]];
      const inner = columns.map((column) =>
        wrapInColumn(column.map((block) => renderBlockMjml(block, colors)).join("\n")),
      );
      return `<mj-section padding="0">${inner.join("")}</mj-section>`;
    })
    .join("\n");
}
