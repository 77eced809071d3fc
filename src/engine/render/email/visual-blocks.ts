import type { BlockType } from "../../../domain/template/visual-blocks-schema.js";
import { isJsonObject, type Json } from "../../../util/json.js";
import type { Rendering, Text } from "../../liquid/liquid.js";
import type { TemplateReader } from "../channel-renderer.js";

export interface BlockButton {
  label: string;
  action: string;
  variant: "solid" | "outline";
  size: "sm" | "md" | "lg";
  isFullWidth: boolean;
  /** Colours are hex values or words of CSS by now, null where the layout's own apply. */
  background: string | null;
  color: string | null;
  borderColor: string | null;
  /** Pixels. */
  borderWidth: number | null;
  borderRadius: number | null;
}

/** A visual block with its Liquid rendered: what HTML or MJML is written of (section 9). */
export interface RenderedBlock {
  type: BlockType;
  /** Pixels: top, right, bottom, left. */
  padding: [number, number, number, number];
  align: "left" | "center" | "right";
  /** Pixels between buttons. */
  gap: number;
  /** Of markdown, html and partial blocks. */
  html: string;
  image: { url: string; alt: string; action: string; width: string } | null;
  buttons: BlockButton[];
  columns: RenderedBlock[][];
}

/** What blocks are compiled with; handed in, so that this file is read only where there are blocks. */
export interface BlockTools {
  compileMarkdown: (source: string, place: string) => Text;
  renderPartial: (key: string, inputs: Record<string, unknown>, rendering: Rendering, place: string) => string;
  compileText: (source: string, place: string) => Text;
}

export type Blocks = (rendering: Rendering) => RenderedBlock[];

const numberOr = (value: Json | undefined, fallback: number): number => (typeof value === "number" ? value : fallback);

/** Where nothing is said: paddings 8/4/8/4, left, gap 8 (section 8's decisions). */
function spacingOf(block: TemplateReader): Pick<RenderedBlock, "padding" | "align" | "gap"> {
  const attrs = block.section("layout_attrs");
  const align = attrs.source("horizontal_align");
  return {
    padding: [
      numberOr(attrs.value("padding_top"), 8),
      numberOr(attrs.value("padding_right"), 4),
      numberOr(attrs.value("padding_bottom"), 8),
      numberOr(attrs.value("padding_left"), 4),
    ],
    align: align === "center" || align === "right" ? align : "left",
    gap: numberOr(attrs.value("column_gap"), 8),
  };
}

/** A colour as written: a token of the branding gives its value, text that could leave the style gives none. */
function colorOf(text: string, rendering: Rendering): string | null {
  const branding = rendering.getSync(["vars", "branding"]);
  const name = text.trim();
  const value = isJsonObject(branding) && Object.hasOwn(branding, name) ? branding[name] : name;
  return typeof value === "string" && /^[#\w(),.% -]+$/.test(value) ? value : null;
}

function compileButton(button: TemplateReader): (rendering: Rendering) => BlockButton {
  const label = button.text("label");
  const action = button.text("action");
  const size = button.section("size_attrs");
  const style = button.section("style_attrs");
  const color = (name: string): ((rendering: Rendering) => string | null) => {
    const text = style.text(name);
    return (rendering) => (text === null ? null : colorOf(text(rendering), rendering));
  };
  const [background, foreground, border] = [color("background_color"), color("text_color"), color("border_color")];
  const pixels = (name: string): number | null => {
    const value = style.value(name);
    return typeof value === "number" ? value : null;
  };
  return (rendering) => ({
    label: label?.(rendering) ?? "",
    action: action?.(rendering) ?? "",
    variant: button.source("variant") === "outline" ? "outline" : "solid",
    size: (size.source("size") || "md") as BlockButton["size"],
    isFullWidth: size.value("is_fullwidth") === true,
    background: background(rendering),
    color: foreground(rendering),
    borderColor: border(rendering),
    borderWidth: pixels("border_width"),
    borderRadius: pixels("border_radius"),
  });
}

/**
 * Compiles a value of a partial block's attrs, at any depth. Text is Liquid, and passes the value itself if it is one output
 * alone, as in `{{ data.items }}` (T-109).
 */
function compileInput(value: Json, place: string, tools: BlockTools): (rendering: Rendering) => unknown {
  if (typeof value === "string") {
    const text = tools.compileText(value, place);
    return (rendering) => (text.value ? (text.value(rendering) ?? "") : text(rendering));
  }
  if (Array.isArray(value)) {
    const items = value.map((item, index) => compileInput(item, `${place}[${index}]`, tools));
    return (rendering) => items.map((item) => item(rendering));
  }
  if (!isJsonObject(value)) return () => value;
  const fields = Object.entries(value).map(
    ([key, item]) => [key, compileInput(item, `${place}.${key}`, tools)] as const,
  );
  return (rendering) => Object.fromEntries(fields.map(([key, item]) => [key, item(rendering)]));
}

type Part = (rendering: Rendering) => Partial<RenderedBlock>;

function compilePart(block: TemplateReader, tools: BlockTools): Part {
  switch (block.source("type") as BlockType) {
    case "markdown": {
      const content = tools.compileMarkdown(block.source("content"), block.placeOf("content"));
      return (rendering) => ({ html: content(rendering) });
    }
    case "html": {
      const content = block.text("content");
      return (rendering) => ({ html: content?.(rendering) ?? "" });
    }
    case "image": {
      const [url, alt, action] = [block.text("url"), block.text("alt"), block.text("action")];
      const style = block.section("style_attrs");
      const width = style.text("width");
      return (rendering) => ({
        image: {
          url: url?.(rendering) ?? "",
          alt: alt?.(rendering) ?? "",
          action: action?.(rendering).trim() ?? "",
          width: width?.(rendering).trim() ?? String(style.value("width") ?? ""),
        },
      });
    }
    case "button_set": {
      const buttons = block.list("buttons").map(compileButton);
      return (rendering) => ({ buttons: buttons.map((button) => button(rendering)) });
    }
    case "partial": {
      const key = block.source("key");
      const inputs = compileInput(block.value("attrs") ?? {}, block.placeOf("attrs"), tools);
      const place = block.placeOf("key");
      return (rendering) => ({
        html: tools.renderPartial(key, inputs(rendering) as Record<string, unknown>, rendering, place),
      });
    }
    case "row": {
      const columns = block.list("columns").map((column) => compileBlocks(column.list("blocks"), tools));
      return (rendering) => ({ columns: columns.map((column) => column(rendering)) });
    }
    case "divider":
      return () => ({});
  }
}

export function compileBlocks(blocks: readonly TemplateReader[], tools: BlockTools): Blocks {
  const compiled = blocks.map((block) => {
    const empty = { html: "", image: null, buttons: [], columns: [], ...spacingOf(block) };
    const type = block.source("type") as BlockType;
    const part = compilePart(block, tools);
    return (rendering: Rendering): RenderedBlock => ({ type, ...empty, ...part(rendering) });
  });
  return (rendering) => compiled.map((block) => block(rendering));
}
