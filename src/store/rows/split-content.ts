import { isJsonObject, type JsonObject } from "../../util/json.js";

/** A rendered block of an in-app feed message. Its `content` is the template's source, which all messages of a step share. */
type RenderedBlock = JsonObject & { content: string; rendered: string };

function isRenderedBlock(block: unknown): block is RenderedBlock {
  return isJsonObject(block) && typeof block.content === "string" && typeof block.rendered === "string";
}

/** A message's content without the template's sources, and the sources in the order of their blocks. */
export interface SplitContent {
  content: JsonObject;
  sources: readonly string[];
}

/** Replaces the source of each rendered block by an empty text. The keys stay, so that their order does. */
export function splitContent(content: JsonObject): SplitContent {
  const { blocks } = content;
  const sources: string[] = [];
  if (!Array.isArray(blocks)) return { content, sources };
  const blocksWithoutSources = blocks.map((block) => {
    if (!isRenderedBlock(block)) return block;
    sources.push(block.content);
    return { ...block, content: "" };
  });
  return { content: { ...content, blocks: blocksWithoutSources }, sources };
}

/** Returns the sources of {@link splitContent} alone. */
export function listSources({ blocks }: JsonObject): string[] {
  return Array.isArray(blocks) ? blocks.filter(isRenderedBlock).map(({ content }) => content) : [];
}

/** Returns the content that {@link splitContent} split. */
export function joinContent({ content, sources }: SplitContent): JsonObject {
  const { blocks } = content;
  if (!Array.isArray(blocks)) return content;
  let next = 0;
  for (const block of blocks) if (isRenderedBlock(block)) block.content = sources[next++] ?? "";
  return content;
}
