import type { BlockType } from "../../../domain/template/visual-blocks-schema.js";
import { isJsonObject, type Json } from "../../../util/json.js";
import type { CompiledText, Rendering } from "../../liquid/liquid.js";
import type { TemplateReader } from "../channel-renderer.js";

export interface BlockButton {
  label: string;
  action: string;
  variant: "solid" | "outline";
  size: "sm" | "md" | "lg";
  isFullWidth: boolean;
  /** Colors are hex values or CSS words, already resolved. Null if the layout's color applies. */
  background: string | null;
  color: string | null;
  borderColor: string | null;
  /** Pixels. */
  borderWidth: number | null;
  borderRadius: number | null;
}

/** A visual block with its Liquid rendered, from which HTML or MJML is built (section 9 of the templates catalog). */
export interface RenderedBlock {
  type: BlockType;
  /** Pixels: top, right, bottom, left. */
  padding: [number, number, number, number];
  align: "left" | "center" | "right";
  /** Pixels between buttons. */
  gap: number;
  /** The content of markdown, html and partial blocks. Empty for other blocks. */
  html: string;
  image: { url: string; alt: string; action: string; width: string } | null;
  buttons: BlockButton[];
  columns: RenderedBlock[][];
}

/** Functions that compile the parts of blocks. They are passed in, so that this file is loaded only if a template has blocks. */
interface BlockCompilers {
  compileMarkdown: (source: string, fieldPath: string) => CompiledText;
  renderPartial: (key: string, inputs: Record<string, unknown>, rendering: Rendering, fieldPath: string) => string;
  compileText: (source: string, fieldPath: string) => CompiledText;
}

type RenderBlocks = (rendering: Rendering) => RenderedBlock[];

const toNumberOr = (value: Json | undefined, fallback: number): number =>
  typeof value === "number" ? value : fallback;

/** Reads the layout attributes. The defaults are the paddings 8, 4, 8 and 4, left alignment and a gap of 8 pixels. */
function parseSpacing(block: TemplateReader): Pick<RenderedBlock, "padding" | "align" | "gap"> {
  const attrs = block.getSection("layout_attrs");
  const align = attrs.getSource("horizontal_align");
  return {
    padding: [
      toNumberOr(attrs.getValue("padding_top"), 8),
      toNumberOr(attrs.getValue("padding_right"), 4),
      toNumberOr(attrs.getValue("padding_bottom"), 8),
      toNumberOr(attrs.getValue("padding_left"), 4),
    ],
    align: align === "center" || align === "right" ? align : "left",
    gap: toNumberOr(attrs.getValue("column_gap"), 8),
  };
}

/** Returns the color of a branding token, or a literal color. Null for text that could end the `style` attribute. */
function resolveColor(text: string, rendering: Rendering): string | null {
  const branding = rendering.getSync(["vars", "branding"]);
  const name = text.trim();
  const value = isJsonObject(branding) && Object.hasOwn(branding, name) ? branding[name] : name;
  return typeof value === "string" && /^[#\w(),.% -]+$/.test(value) ? value : null;
}

function compileButton(button: TemplateReader): (rendering: Rendering) => BlockButton {
  const label = button.compileText("label");
  const action = button.compileText("action");
  const size = button.getSection("size_attrs");
  const style = button.getSection("style_attrs");
  const color = (name: string): ((rendering: Rendering) => string | null) => {
    const text = style.compileText(name);
    return (rendering) => (text === null ? null : resolveColor(text(rendering), rendering));
  };
  const [background, foreground, border] = [color("background_color"), color("text_color"), color("border_color")];
  const pixels = (name: string): number | null => {
    const value = style.getValue(name);
    return typeof value === "number" ? value : null;
  };
  return (rendering) => ({
    label: label?.(rendering) ?? "",
    action: action?.(rendering) ?? "",
    variant: button.getSource("variant") === "outline" ? "outline" : "solid",
    size: (size.getSource("size") || "md") as BlockButton["size"],
    isFullWidth: size.getValue("is_fullwidth") === true,
    background: background(rendering),
    color: foreground(rendering),
    borderColor: border(rendering),
    borderWidth: pixels("border_width"),
    borderRadius: pixels("border_radius"),
  });
}

/**
 * Compiles a value of a partial block's attrs, at any depth. Texts are Liquid. A text that consists of one output, such as
 * `{{ data.items }}`, passes the value itself (T-109).
 */
function compileInput(value: Json, fieldPath: string, tools: BlockCompilers): (rendering: Rendering) => unknown {
  if (typeof value === "string") {
    const text = tools.compileText(value, fieldPath);
    return (rendering) => (text.evaluate ? (text.evaluate(rendering) ?? "") : text(rendering));
  }
  if (Array.isArray(value)) {
    const items = value.map((item, index) => compileInput(item, `${fieldPath}[${index}]`, tools));
    return (rendering) => items.map((item) => item(rendering));
  }
  if (!isJsonObject(value)) return () => value;
  const fields = Object.entries(value).map(
    ([key, item]) => [key, compileInput(item, `${fieldPath}.${key}`, tools)] as const,
  );
  return (rendering) => Object.fromEntries(fields.map(([key, item]) => [key, item(rendering)]));
}

type RenderPart = (rendering: Rendering) => Partial<RenderedBlock>;

function compileBlockPart(block: TemplateReader, tools: BlockCompilers): RenderPart {
  switch (block.getSource("type") as BlockType) {
    case "markdown": {
      const content = tools.compileMarkdown(block.getSource("content"), block.getFieldPath("content"));
      return (rendering) => ({ html: content(rendering) });
    }
    case "html": {
      const content = block.compileText("content");
      return (rendering) => ({ html: content?.(rendering) ?? "" });
    }
    case "image": {
      const [url, alt, action] = [block.compileText("url"), block.compileText("alt"), block.compileText("action")];
      const style = block.getSection("style_attrs");
      const width = style.compileText("width");
      return (rendering) => ({
        image: {
          url: url?.(rendering) ?? "",
          alt: alt?.(rendering) ?? "",
          action: action?.(rendering).trim() ?? "",
          width: width?.(rendering).trim() ?? String(style.getValue("width") ?? ""),
        },
      });
    }
    case "button_set": {
      const buttons = block.getList("buttons").map(compileButton);
      return (rendering) => ({ buttons: buttons.map((button) => button(rendering)) });
    }
    case "partial": {
      const key = block.getSource("key");
      const inputs = compileInput(block.getValue("attrs") ?? {}, block.getFieldPath("attrs"), tools);
      const fieldPath = block.getFieldPath("key");
      return (rendering) => ({
        html: tools.renderPartial(key, inputs(rendering) as Record<string, unknown>, rendering, fieldPath),
      });
    }
    case "row": {
      const columns = block.getList("columns").map((column) => compileBlocks(column.getList("blocks"), tools));
      return (rendering) => ({ columns: columns.map((column) => column(rendering)) });
    }
    case "divider":
      return () => ({});
  }
}

export function compileBlocks(blocks: readonly TemplateReader[], tools: BlockCompilers): RenderBlocks {
  const compiled = blocks.map((block) => {
    const empty = { html: "", image: null, buttons: [], columns: [], ...parseSpacing(block) };
    const type = block.getSource("type") as BlockType;
    const part = compileBlockPart(block, tools);
    return (rendering: Rendering): RenderedBlock => ({ type, ...empty, ...part(rendering) });
  });
  return (rendering) => compiled.map((block) => block(rendering));
}
