import { useMemo, useState } from "preact/hooks";
import { isObject, type JsonObject, objectsIn } from "../lib/json.js";
import { Code, Facts, Tabs } from "../parts/basics.js";
import { OutLink, safeLink } from "./rich-text.js";

interface Outside {
  links: [address: string, text: string][];
  pictures: string[];
}

/** What the e-mail would load, and where its links lead: inside the frame neither happens. */
function outsideOf(html: string): Outside {
  const { body } = new DOMParser().parseFromString(html, "text/html");
  const links = new Map<string, string>();
  for (const link of body.querySelectorAll("a[href]")) {
    const address = link.getAttribute("href") ?? "";
    if (safeLink(address) !== null && !links.has(address)) links.set(address, link.textContent.trim());
  }
  const pictures = [...body.querySelectorAll("img[src]")].map((one) => one.getAttribute("src") ?? "");
  return { links: [...links], pictures: pictures.filter((source) => /^(https?:)?\/\//.test(source)) };
}

function sizeText(base64: unknown): string {
  const bytes = Math.floor((String(base64 ?? "").length * 3) / 4);
  return bytes < 1_024 ? `${bytes} B` : `${(bytes / 1_024).toFixed(1)} kB`;
}

function Rendered({ id, html }: { id: string; html: string }) {
  const [isNarrow, setNarrow] = useState(false);
  const { links, pictures } = useMemo(() => outsideOf(html), [html]);
  return (
    <>
      <fieldset class="widths">
        <legend class="unseen">Width of the e-mail</legend>
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
      </fieldset>
      <div class={isNarrow ? "frame narrow" : "frame"}>
        {/* An origin of its own, no scripts, no forms, no other windows; the answer's own policy says the same. */}
        <iframe
          sandbox=""
          title="The e-mail as its reader sees it"
          src={`/__knock/page/messages/${encodeURIComponent(id)}/html`}
        />
      </div>
      {pictures.length > 0 ? (
        <p class="hint">
          {pictures.length === 1 ? "1 picture" : `${pictures.length} pictures`} from outside not loaded:{" "}
          {pictures.slice(0, 3).join(", ")}
          {pictures.length > 3 ? " …" : ""}
        </p>
      ) : null}
      {links.length > 0 ? (
        <details>
          <summary>Links ({links.length})</summary>
          <ul class="plain-list">
            {links.map(([address, text]) => (
              <li key={address}>
                <OutLink to={address}>{address}</OutLink> <span class="muted">{text}</span>
              </li>
            ))}
          </ul>
        </details>
      ) : null}
    </>
  );
}

export function Email({ id, content }: { id: string; content: JsonObject }) {
  const { html_body: html, text_body: text } = content;
  const headers = isObject(content.headers) ? Object.entries(content.headers) : [];
  const attachments = objectsIn(content.attachments).map(
    ({ name, content: base64 }) => `${String(name)} (${sizeText(base64)})`,
  );
  const tabs = [
    ...(typeof html === "string" && html !== ""
      ? [{ name: "E-mail", show: () => <Rendered id={id} html={html} /> }]
      : []),
    ...(typeof text === "string" ? [{ name: "Text", show: () => <Code value={text} label="The text part" /> }] : []),
    ...(typeof html === "string" ? [{ name: "HTML", show: () => <Code value={html} label="The HTML part" /> }] : []),
  ];
  return (
    <div class="email">
      <Facts
        of={[
          ["From", String(content.from ?? "")],
          ["To", String(content.to ?? "")],
          ["Cc", content.cc ? String(content.cc) : ""],
          ["Bcc", content.bcc ? String(content.bcc) : ""],
          ["Reply to", content.reply_to ? String(content.reply_to) : ""],
          ...headers.map(([name, value]): [string, string] => [name, String(value)]),
          ["Attached", attachments.join(", ")],
        ]}
      />
      <Tabs label="Parts of the e-mail" tabs={tabs} />
    </div>
  );
}
