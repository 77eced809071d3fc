import { findNearest } from "../../../util/find-nearest.js";
import { RenderError } from "../../liquid/render-error.js";

/** Elements that hold MJML and no HTML of their own: HTML between them is wrapped in `mj-raw` (T-128). */
const CONTAINER_ELEMENTS = new Set(["mj-body", "mj-wrapper", "mj-section", "mj-group", "mj-column", "mj-hero"]);

/** Elements whose content is HTML or text, kept to the letter (T-128). */
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
/** A comment, to the end if it is not closed, or a start or end tag of MJML's; the docs' spelling of `mj-raw` included. */
const MJML_TOKEN = new RegExp(`<!--[\\s\\S]*?(?:-->|$)|<(/?)(mjml-raw|mjml|mj-[\\w-]+)(${ATTRIBUTES})>`, "gi");

interface OpenElement {
  name: string;
  line: number;
}

interface PreparedMjml {
  mjml: string;
  /** Puts back what was kept from the MJML compiler. */
  restore(html: string): string;
  /** Rules of `<mj-style inline="inline">`. */
  inlineStyles: string;
}

function createUniqueWord(source: string): string {
  let word = "KEPT";
  while (source.includes(word)) word += "T";
  return word;
}

/** Makes an attribute of HTML's kind one of XML's: `nowrap` and bare ampersands. */
function escapeAmpersands(text: string): string {
  return text.replaceAll(/&(?![a-z0-9#]+;)/gi, "&amp;");
}

/**
 * Readies MJML for its compiler: HTML is taken out, so that it need not be XML, and put back into what comes of it.
 * Throws {@link RenderError} with the line for elements that do not exist, are not closed or close nothing.
 */
export function prepareMjml(source: string): PreparedMjml {
  const word = createUniqueWord(source);
  const keptHtml: string[] = [];
  const keep = (html: string): string => `${word}${keptHtml.push(html) - 1}END`;
  let [countedTo, lines] = [0, 1];
  /** The line of a place, asked for in ascending order. */
  const lineAt = (index: number): number => {
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

  /** Text and HTML up to a place, as the element around it takes it. */
  const takeHtml = (end: number): void => {
    const html = source.slice(at, end);
    at = end;
    const parent = open.at(-1)?.name;
    if (html.trim() === "") mjml += html;
    else if (parent !== undefined && CONTAINER_ELEMENTS.has(parent)) mjml += `<mj-raw>${keep(html)}</mj-raw>`;
    else if (html.replaceAll(/<!--[\s\S]*?(?:-->|$)/g, "").trim() !== "") {
      const container = parent === undefined ? "outside <mjml>" : `in <${parent}>`;
      if (parent !== undefined || !/^\s*<(!doctype|\?xml)[^>]*>\s*$/i.test(html))
        throw new RenderError(`MJML: line ${lineAt(end - html.trimStart().length)}: text is not allowed ${container}`);
    }
  };

  MJML_TOKEN.lastIndex = 0;
  const token = new RegExp(MJML_TOKEN);
  for (let found = token.exec(source); found !== null; found = token.exec(source)) {
    const [whole, slash = "", written, attributes = ""] = found;
    if (written === undefined) continue; // a comment goes with the HTML around it
    const name = written.toLowerCase() === "mjml-raw" ? "mj-raw" : written.toLowerCase();
    takeHtml(found.index);
    const line = lineAt(found.index);
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
          `MJML: line ${line}: </${name}> closes nothing${last ? `: <${last.name}> of line ${last.line} is open` : ""}`,
        );
      mjml += `</${name}>`;
      continue;
    }
    const isInline = name === "mj-style" && /\binline\s*=\s*["']inline["']/.test(attributes);
    const xmlAttributes = escapeAmpersands(
      isInline ? attributes.replace(/\binline\s*=\s*["']inline["']/, "") : attributes,
    );
    mjml += `<${name}${xmlAttributes}>`;
    if (whole.endsWith("/>")) continue;
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

/** The element of MJML that a place in a document stands in; null outside of all. */
export function findMjmlParent(source: string, index: number): string | null {
  const open: string[] = [];
  for (const [whole, slash = "", written] of source.slice(0, index).matchAll(new RegExp(MJML_TOKEN))) {
    if (written === undefined || whole.endsWith("/>")) continue;
    if (slash === "") open.push(written.toLowerCase());
    else open.splice(Math.max(open.lastIndexOf(written.toLowerCase()), 0));
  }
  return open.at(-1) ?? null;
}
