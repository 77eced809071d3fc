import { createUniqueWord } from "../../../util/create-unique-word.js";
import { findNearest } from "../../../util/find-nearest.js";
import { RenderError } from "../../liquid/liquid-errors.js";

/** Elements that contain MJML and no HTML. HTML in them is wrapped in `mj-raw` (T-128). */
const CONTAINER_ELEMENTS = new Set(["mj-body", "mj-wrapper", "mj-section", "mj-group", "mj-column", "mj-hero"]);

/** Elements whose content is HTML or text, which is kept unchanged (T-128). */
const TEXT_ELEMENTS = new Set([
  "mj-accordion-text",
  "mj-accordion-title",
  "mj-button",
  "mj-navbar-link",
  "mj-preview",
  "mj-raw",
  "mj-social-element",
  "mj-style",
  "mj-table",
  "mj-text",
  "mj-title",
]);

const OTHER_ELEMENTS = [
  ...["mjml", "mj-head", "mj-attributes", "mj-all", "mj-class", "mj-breakpoint", "mj-font", "mj-divider", "mj-image"],
  ...[
    "mj-spacer",
    "mj-social",
    "mj-navbar",
    "mj-accordion",
    "mj-accordion-element",
    "mj-carousel",
    "mj-carousel-image",
  ],
];
const KNOWN_ELEMENTS: ReadonlySet<string> = new Set([...CONTAINER_ELEMENTS, ...TEXT_ELEMENTS, ...OTHER_ELEMENTS]);

const ATTRIBUTES = `(?:[^<>"']|"[^"]*"|'[^']*')*`;
/** Matches an MJML tag or a comment (an unclosed one up to the end). `mjml-raw` is how the service's docs spell `mj-raw`. */
const MJML_TOKEN = new RegExp(
  `<!--[\\s\\S]*?(?:-->|$)|<(/?)(mjml-raw|mjml|mj-[\\w-]+)(?![\\w-])(${ATTRIBUTES})>`,
  "gi",
);

interface OpenElement {
  name: string;
  line: number;
}

interface PreparedMjml {
  mjml: string;
  /** Replaces the placeholders in the compiler's output with the HTML that they stand for. */
  restore(html: string): string;
  /** Rules of `<mj-style inline="inline">`. */
  inlineStyles: string;
}

/** Escapes bare ampersands, which HTML attributes can contain and XML attributes cannot. */
function escapeAmpersands(text: string): string {
  return text.replaceAll(/&(?![a-z0-9#]+;)/gi, "&amp;");
}

/**
 * Prepares MJML for its compiler. HTML is replaced with placeholders, because the compiler would require it to be XML.
 * Throws {@link RenderError} with the line for unknown, unclosed and unopened elements (T-128).
 */
export function prepareMjml(source: string): PreparedMjml {
  const word = createUniqueWord("KEPT", source);
  const keptHtml: string[] = [];
  const keep = (html: string): string => `${word}${keptHtml.push(html) - 1}END`;
  let [countedTo, lines] = [0, 1];
  /** Returns the line of an index. Calls must have ascending indexes, because lines are counted only once. */
  const findLine = (index: number): number => {
    for (
      let next = source.indexOf("\n", countedTo);
      next !== -1 && next < index;
      next = source.indexOf("\n", countedTo)
    ) {
      lines++;
      countedTo = next + 1;
    }
    return lines;
  };
  const open: OpenElement[] = [];
  const styles: string[] = [];
  let mjml = "";
  let at = 0;

  /** Adds the text and HTML up to an index in the form that the parent element allows. Throws if it allows neither. */
  const takeHtml = (end: number): void => {
    const html = source.slice(at, end);
    at = end;
    const parent = open.at(-1)?.name;
    if (html.trim() === "") mjml += html;
    else if (parent !== undefined && CONTAINER_ELEMENTS.has(parent)) mjml += `<mj-raw>${keep(html)}</mj-raw>`;
    else if (html.replaceAll(/<!--[\s\S]*?(?:-->|$)/g, "").trim() !== "") {
      const container = parent === undefined ? "outside <mjml>" : `in <${parent}>`;
      if (parent !== undefined || !/^\s*<(!doctype|\?xml)[^>]*>\s*$/i.test(html))
        throw new RenderError(
          `MJML: line ${findLine(end - html.trimStart().length)}: text is not allowed ${container}`,
        );
    }
  };

  MJML_TOKEN.lastIndex = 0;
  const token = new RegExp(MJML_TOKEN);
  for (let found = token.exec(source); found !== null; found = token.exec(source)) {
    const [tag, slash = "", written, attributes = ""] = found;
    if (written === undefined) continue; // a comment is part of the HTML around it
    const name = written.toLowerCase() === "mjml-raw" ? "mj-raw" : written.toLowerCase();
    takeHtml(found.index);
    const line = findLine(found.index);
    at = token.lastIndex;
    if (!KNOWN_ELEMENTS.has(name)) {
      const near = findNearest(name, [...KNOWN_ELEMENTS]);
      throw new RenderError(
        `MJML: line ${line}: there is no element <${name}>${near === undefined ? "" : `; did you mean <${near}>?`}`,
      );
    }
    if (slash !== "") {
      const last = open.pop();
      if (last?.name !== name)
        throw new RenderError(
          `MJML: line ${line}: </${name}> has no opening tag${last ? `: <${last.name}> of line ${last.line} is open` : ""}`,
        );
      mjml += `</${name}>`;
      continue;
    }
    const isInline = name === "mj-style" && /\binline\s*=\s*["']inline["']/.test(attributes);
    const xmlAttributes = escapeAmpersands(
      isInline ? attributes.replace(/\binline\s*=\s*["']inline["']/, "") : attributes,
    );
    mjml += `<${name}${xmlAttributes}>`;
    if (tag.endsWith("/>")) continue;
    if (!TEXT_ELEMENTS.has(name)) {
      open.push({ name, line });
      continue;
    }
    const ending = new RegExp(`</${written}\\s*>`, "gi");
    ending.lastIndex = at;
    const end = ending.exec(source);
    if (end === null) throw new RenderError(`MJML: line ${line}: <${name}> is not closed`);
    const content = source.slice(at, end.index);
    if (isInline) styles.push(content);
    mjml += `${keep(content)}</${name}>`;
    at = ending.lastIndex;
    token.lastIndex = at;
  }
  const last = open.at(-1);
  if (last) throw new RenderError(`MJML: line ${last.line}: <${last.name}> is not closed`);
  takeHtml(source.length);
  if (!/<mjml[\s>]/.test(mjml)) throw new RenderError("MJML: the root element must be <mjml>");
  return {
    mjml,
    restore: (html) =>
      html.replaceAll(new RegExp(`${word}(\\d+)END`, "g"), (_all, index: string) => keptHtml[Number(index)] as string),
    inlineStyles: styles.join("\n"),
  };
}

/** Returns the MJML element that contains an index of the source. Null outside all elements. */
export function findMjmlParent(source: string, index: number): string | null {
  const open: string[] = [];
  for (const [tag, slash = "", written] of source.slice(0, index).matchAll(new RegExp(MJML_TOKEN))) {
    if (written === undefined || tag.endsWith("/>")) continue;
    if (slash === "") open.push(written.toLowerCase());
    else open.splice(Math.max(open.lastIndexOf(written.toLowerCase()), 0));
  }
  return open.at(-1) ?? null;
}
