import { type ComponentChildren, h } from "preact";
import { useMemo } from "preact/hooks";

/** The elements of rendered Markdown. Of any other element only the text is displayed. */
const ALLOWED_ELEMENTS = new Set([
  "p",
  "br",
  "strong",
  "b",
  "em",
  "i",
  "s",
  "del",
  "u",
  "code",
  "pre",
  "blockquote",
  "ul",
  "ol",
  "li",
  "hr",
  "h1",
  "h2",
  "h3",
  "h4",
  "h5",
  "h6",
  "table",
  "thead",
  "tbody",
  "tr",
  "th",
  "td",
  "span",
]);
const DROPPED_ELEMENTS = new Set(["script", "style", "template", "iframe", "object", "embed", "noscript", "title"]);

/**
 * Returns the address if it is a web, email or phone link, otherwise null. Other schemes such as `javascript:` are
 * unsafe.
 */
export function toSafeLink(address: string | null): string | null {
  if (address === null || !URL.canParse(address)) return null;
  return ["https:", "http:", "mailto:", "tel:"].includes(new URL(address).protocol) ? address : null;
}

export function OutLink({ to, children, kind }: { to: string; children: ComponentChildren; kind?: string }) {
  const link = toSafeLink(to);
  if (link === null) return <span class={kind}>{children}</span>;
  return (
    <a href={link} target="_blank" rel="noopener noreferrer" class={kind} title={link}>
      {children}
    </a>
  );
}

function renderNode(node: Node, key: number): ComponentChildren {
  if (node.nodeType === 3) return node.nodeValue;
  if (node.nodeType !== 1) return null;
  const element = node as Element;
  const name = element.localName;
  if (DROPPED_ELEMENTS.has(name)) return null;
  const childNodes = [...element.childNodes].map(renderNode);
  if (name === "a")
    return (
      <OutLink key={key} to={element.getAttribute("href") ?? ""}>
        {childNodes}
      </OutLink>
    );
  if (name === "img")
    return (
      <span key={key} class="blocked">
        picture: {element.getAttribute("alt") || element.getAttribute("src")}
      </span>
    );
  return ALLOWED_ELEMENTS.has(name) ? h(name, { key }, childNodes) : childNodes;
}

/**
 * Displays the HTML of a feed item. Its allowed elements are created again without their attributes, except for the
 * URLs of links.
 */
export function RichText({ html }: { html: string }) {
  const parts = useMemo(() => {
    const { body } = new DOMParser().parseFromString(html, "text/html"); // runs no scripts and loads no resources
    return [...body.childNodes].map(renderNode);
  }, [html]);
  return <div class="rich">{parts}</div>;
}
