import { attribute, BUTTON_FONT, BUTTON_PADDING, blocksHtml, buttonsHtml } from "./block-html.js";
import type { BlockButton, RenderedBlock } from "./visual-blocks.js";

/** What stands around the content in a layout of MJML, and so what components it must be made of. */
export type MjmlLevel = "body" | "section" | "column" | "text";

function attributes(values: Record<string, string | null>): string {
  return Object.entries(values)
    .map(([name, value]) =>
      value === null || value === ""
        ? ""
        : ` ${name}="${attribute(value).replaceAll(/&(?!quot;|lt;|amp;)/g, "&amp;")}"`,
    )
    .join("");
}

interface Colors {
  primary: string;
  contrast: string;
}

function buttonMjml(button: BlockButton, { padding, align }: RenderedBlock, { primary, contrast }: Colors): string {
  const isSolid = button.variant === "solid";
  const border = button.borderColor ?? (isSolid ? (button.background ?? primary) : primary);
  return `<mj-button${attributes({
    href: button.action,
    align,
    padding: padding.map((side) => `${side}px`).join(" "),
    "inner-padding": BUTTON_PADDING[button.size],
    "font-size": BUTTON_FONT[button.size],
    "background-color": button.background ?? (isSolid ? primary : "transparent"),
    color: button.color ?? (isSolid ? contrast : primary),
    border: `${button.borderWidth ?? 1}px solid ${border}`,
    "border-radius": `${button.borderRadius ?? 4}px`,
    width: button.isFullWidth ? "100%" : null,
    // Of the cell around it: the button's own class would paint that.
    "css-class": "block-row block-row--button_set-v1",
  })}>${button.label}</mj-button>`;
}

function component(block: RenderedBlock, colors: Colors): string {
  const padding = block.padding.map((side) => `${side}px`).join(" ");
  const text = (html: string): string =>
    `<mj-text${attributes({ padding, align: block.align, "css-class": `block-row block-row--${block.type}-v1` })}>${html}</mj-text>`;
  switch (block.type) {
    case "divider":
      return `<mj-divider${attributes({ padding, "border-width": "1px", "border-color": "#dddee1" })} />`;
    case "image": {
      const { url = "", alt = "", action = "", width = "" } = block.image ?? {};
      // mj-image knows pixels only: a share is one of the e-mail's usual 600.
      const size = /^(\d+)(px|%)?$/.exec(width);
      const pixels = size === null ? null : `${Math.round(Number(size[1]) * (size[2] === "%" ? 6 : 1))}px`;
      return `<mj-image${attributes({ src: url, alt, href: action, width: pixels, align: block.align, padding })} />`;
    }
    case "button_set":
      return block.buttons.length === 1
        ? buttonMjml(block.buttons[0] as BlockButton, block, colors)
        : text(buttonsHtml(block));
    case "row":
      return text(blocksHtml([block]));
    case "markdown":
      return text(`<div class="block-markdown">${block.html}</div>`);
    default:
      return text(block.html);
  }
}

const inColumn = (components: string): string => `<mj-column>${components}</mj-column>`;

/** Visual blocks as MJML (T-158), for the place that the layout prints its content at. */
export function blocksMjml(blocks: readonly RenderedBlock[], level: MjmlLevel, colors: Colors): string {
  if (level === "text") return blocksHtml(blocks);
  if (level === "column") return blocks.map((block) => component(block, colors)).join("\n");
  if (level === "section") return inColumn(blocks.map((block) => component(block, colors)).join("\n"));
  return blocks
    .map((block) => {
      const columns = block.type === "row" ? block.columns : [[block]];
      const inner = columns.map((column) => inColumn(column.map((one) => component(one, colors)).join("\n")));
      return `<mj-section padding="0">${inner.join("")}</mj-section>`;
    })
    .join("\n");
}
