import { useMemo, useRef, useState } from "preact/hooks";
import { filterObjects, isJsonObject, type JsonObject } from "../../util/json.js";
import { Code, type Tab } from "../parts/basics.js";
import { OutLink, toSafeLink } from "./rich-text.js";

/** Below this window width, in pixels, an email is first displayed as on a phone. */
const PHONE_WIDTH = 700;

const LINK_PATTERN = /<a\b[^<>]*?\shref\s*=\s*(?:"([^"]*)"|'([^']*)')/gi;
const PICTURE_PATTERN = /<img\b[^<>]*?\ssrc\s*=\s*(?:"([^"]*)"|'([^']*)')/gi;

/**
 * Returns the distinct URLs that a pattern finds. They are only listed, so a pattern suffices. A parser would report
 * each inline style as a violation of the page's policy.
 */
function collectAddresses(html: string, pattern: RegExp): string[] {
  const addresses = [...html.matchAll(pattern)].map(([, double, single]) =>
    (double ?? single ?? "").replaceAll("&amp;", "&"),
  );
  return [...new Set(addresses)];
}

function formatSize(base64: unknown): string {
  const bytes = Math.floor((String(base64 ?? "").length * 3) / 4);
  return bytes < 1_024 ? `${bytes} B` : `${(bytes / 1_024).toFixed(1)} kB`;
}

/** The address of the email's HTML, or the HTML itself in a page that no server serves. */
type EmailSource = { src: string } | { srcdoc: string };

/** Returns the source that also loads remote images. A page that no server serves has none: its policy forbids them. */
function findSourceWithImages(source: EmailSource): EmailSource | null {
  return "src" in source ? { src: `${source.src}?images=load` } : null;
}

interface FrameProps {
  source: EmailSource;
  isDark: boolean;
  onLeft(): void;
}

/**
 * Displays the email in an origin of its own, without scripts, forms and new windows. The policy of the response, or of
 * the page that contains the HTML, has the same limits.
 */
function Frame({ source, isDark, onLeft }: FrameProps) {
  const isLoaded = useRef(false);
  return (
    <iframe
      sandbox=""
      class={isDark ? "dark" : undefined}
      title="Preview of the email"
      {...source}
      onLoad={() => {
        if (isLoaded.current) onLeft();
        isLoaded.current = true;
      }}
    />
  );
}

function EmailPreview({ source, html }: { source: EmailSource; html: string }) {
  const [isDark, setDark] = useState(false);
  const [isNarrow, setNarrow] = useState(() => innerWidth < PHONE_WIDTH);
  // A click on a link leads the frame to a page that the policy blocks. A new key for each click renders the frame
  // again.
  const [leaveCount, setLeaveCount] = useState(0);
  const [loadsImages, setLoadsImages] = useState(false);
  const sourceWithImages = findSourceWithImages(source);
  const { links, pictures } = useMemo(
    () => ({
      links: collectAddresses(html, LINK_PATTERN).filter((address) => toSafeLink(address) !== null),
      pictures: collectAddresses(html, PICTURE_PATTERN).filter((source) => /^(https?:)?\/\//.test(source)),
    }),
    [html],
  );
  return (
    <>
      <fieldset class="widths">
        <legend class="unseen">Where the email is read</legend>
        {[false, true].map((narrow) => (
          <button
            key={String(narrow)}
            type="button"
            aria-pressed={isNarrow === narrow}
            onClick={() => setNarrow(narrow)}
          >
            {narrow ? "Phone" : "Desktop"}
          </button>
        ))}
        <button type="button" aria-pressed={isDark} onClick={() => setDark(!isDark)}>
          Dark
        </button>
        {pictures.length === 0 || sourceWithImages === null ? null : (
          <button type="button" aria-pressed={loadsImages} onClick={() => setLoadsImages(!loadsImages)}>
            Load images
          </button>
        )}
      </fieldset>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a scrollable area must be reachable by keyboard. */}
      <section class={isNarrow ? "frame narrow" : "frame"} tabIndex={0}>
        <Frame
          key={`${leaveCount} ${loadsImages}`}
          source={(loadsImages ? sourceWithImages : null) ?? source}
          isDark={isDark}
          onLeft={() => setLeaveCount(leaveCount + 1)}
        />
      </section>
      {leaveCount > 0 ? (
        <p class="hint" role="status">
          Links do not open within the email{links.length > 0 ? ": they are listed below" : ""}.
        </p>
      ) : null}
      {pictures.length > 0 && !loadsImages ? (
        <p class="hint">
          {pictures.length === 1 ? "1 remote image was" : `${pictures.length} remote images were`} not loaded:{" "}
          {pictures.slice(0, 3).join(", ")}
          {pictures.length > 3 ? " …" : ""}
        </p>
      ) : null}
      {links.length > 0 ? (
        <details>
          <summary>Links ({links.length})</summary>
          <ul class="plain-list">
            {links.map((address) => (
              <li key={address}>
                <OutLink to={address}>{address}</OutLink>
              </li>
            ))}
          </ul>
        </details>
      ) : null}
    </>
  );
}

/** Returns the sender, the recipients and the attachments. */
export function listEmailFacts(content: JsonObject): [name: string, value: string][] {
  const attachments = filterObjects(content.attachments).map(
    ({ name, content: base64 }) => `${String(name)} (${formatSize(base64)})`,
  );
  return [
    ["From", String(content.from ?? "")],
    ["To", String(content.to ?? "")],
    ["Cc", String(content.cc ?? "")],
    ["Bcc", String(content.bcc ?? "")],
    ["Reply to", String(content.reply_to ?? "")],
    ["Attached", attachments.join(", ")],
  ];
}

/** Returns a tab for each part of an email. */
export function buildEmailTabs(source: EmailSource, { html_body: html, text_body: text, headers }: JsonObject): Tab[] {
  const lines = isJsonObject(headers)
    ? Object.entries(headers).map(([name, value]) => `${name}: ${String(value)}`)
    : [];
  return [
    ...(typeof html === "string" && html !== ""
      ? [
          { name: "Email", show: () => <EmailPreview source={source} html={html} /> },
          { name: "HTML", show: () => <Code value={html} label="The HTML part" /> },
        ]
      : []),
    ...(typeof text === "string" && text !== ""
      ? [{ name: "Text", show: () => <Code value={text} label="The text part" /> }]
      : []),
    ...(lines.length > 0
      ? [{ name: "Headers", show: () => <Code value={lines.join("\n")} label="Additional headers" /> }]
      : []),
  ];
}
