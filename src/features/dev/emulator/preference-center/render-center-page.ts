import { createHash } from "node:crypto";
import type { Environment } from "../../../../domain/environment/environment.js";
import type { PreferenceCenter } from "../../../../domain/preferences/preference-center.js";
import type { Json, JsonObject } from "../../../../util/json.js";
import type { SwitchRow } from "./build-switch-rows.js";

const DEFAULT_ACCENT_COLOR = "#3b5bdb";

const renderStyle = (accent: string): string => `
:root { color-scheme: light dark; --accent: ${accent}; --line: #d9dce3; --soft: #5b6270; --ground: #f5f6f8; --card: #fff; }
@media (prefers-color-scheme: dark) {
  :root { --line: #363b45; --soft: #a7aebb; --ground: #14161a; --card: #1d2026; }
}
* { box-sizing: border-box; }
body { margin: 0; padding: 2rem 1rem; background: var(--ground); font: 16px/1.5 system-ui, sans-serif; }
main { max-width: 38rem; margin: 0 auto; }
h1 { margin: 0 0 .25rem; font-size: 1.5rem; overflow-wrap: anywhere; }
p { margin: 0 0 1rem; overflow-wrap: anywhere; }
.soft { color: var(--soft); font-size: .9rem; }
fieldset { margin: 0 0 .75rem; padding: .75rem 1rem; border: 1px solid var(--line); border-radius: .5rem; background: var(--card); min-width: 0; }
legend { padding: 0 .25rem; font-weight: 600; overflow-wrap: anywhere; }
label { display: flex; gap: .6rem; align-items: center; padding: .3rem 0; min-height: 2rem; overflow-wrap: anywhere; }
input { width: 1.15rem; height: 1.15rem; accent-color: var(--accent); flex: none; }
button { padding: .55rem 1.25rem; border: 0; border-radius: .4rem; background: var(--accent); color: #fff; font: inherit; font-weight: 600; cursor: pointer; }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
[role=status] { padding: .5rem 1rem; border-left: 4px solid var(--accent); background: var(--card); }
`;

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

/**
 * Returns the brand's primary color if it is a valid hex color. It is inserted into the style sheet, so other texts are
 * not safe.
 */
function getAccentColor({ primary_color: color }: JsonObject): string {
  return typeof color === "string" && /^#[0-9a-f]{3,8}$/i.test(color) ? color : DEFAULT_ACCENT_COLOR;
}

function renderRow({ row, switches }: SwitchRow): string {
  const description = row.description ? `<p class="soft">${escapeHtml(row.description)}</p>` : "";
  const boxes = switches.map(({ name, label, isOn, isConditional }) => {
    const note = isConditional ? ' <span class="soft">(under conditions)</span>' : "";
    const text = switches.length === 1 && label === row.name ? "Receive these" : escapeHtml(label);
    return `<label><input type="checkbox" name="${escapeHtml(name)}"${isOn ? " checked" : ""}${isConditional ? " disabled" : ""}><span>${text}${note}</span></label>`;
  });
  return `<fieldset><legend>${escapeHtml(row.name)}</legend>${description}${boxes.join("")}</fieldset>`;
}

interface CenterView {
  center: PreferenceCenter;
  rows: readonly SwitchRow[];
  branding: Record<string, Json>;
  /** The user's email address or ID. */
  userName: string;
  saved: boolean;
}

/** Renders the center as a form that works without a script. */
export function renderCenterPage({ center, rows, branding, userName, saved }: CenterView): string {
  const title = center.title || "Notification preferences";
  const content = `${rows.map(renderRow).join("\n")}\n<button>Save</button>`;
  return renderPage(
    title,
    `${center.body ? `<p>${escapeHtml(center.body)}</p>` : ""}
<p class="soft">Preferences of ${escapeHtml(userName)}</p>
${saved ? '<p role="status">Saved.</p>' : ""}
<form method="post">${content}</form>`,
    getAccentColor(branding),
  );
}

/** Renders a page with an error message instead of the center. */
export function renderErrorPage(message: string): string {
  return renderPage("Notification preferences", `<p>${escapeHtml(message)}</p>`, DEFAULT_ACCENT_COLOR);
}

/** Renders a page that asks for confirmation, because mail scanners and link previews follow links. */
export function renderUnsubscribePage({ branding }: Pick<Environment, "branding">): string {
  return renderPage(
    "Unsubscribe",
    `<p>Do you want to stop receiving messages of this kind?</p>
<form method="post"><button>Unsubscribe</button></form>`,
    getAccentColor(branding),
  );
}

/** Renders a page that confirms that the recipient is unsubscribed. */
export function renderUnsubscribedPage({
  branding,
  unsubscribe_page: { title, body },
}: Pick<Environment, "branding" | "unsubscribe_page">): string {
  const text = body ?? "You will not receive messages of this kind any more.";
  return renderPage(title ?? "Unsubscribed", `<p role="status">${escapeHtml(text)}</p>`, getAccentColor(branding));
}

function renderPage(title: string, content: string, accent: string): string {
  return `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>${escapeHtml(title)}</title>
<style>${renderStyle(accent)}</style></head>
<body><main><h1>${escapeHtml(title)}</h1>
${content}</main></body>
</html>
`;
}

/**
 * Returns the headers of a page. They allow only its own style and its form, which is submitted to the same server. The response to
 * the form may redirect only to `redirectUrl`. Scripts, other resources and frames are blocked.
 */
export function buildPageHeaders(html: string, redirectUrl: string | null = null): Record<string, string> {
  const css = /<style>([\s\S]*?)<\/style>/.exec(html)?.[1] ?? "";
  const hash = createHash("sha256").update(css).digest("base64");
  return {
    "content-type": "text/html; charset=utf-8",
    "content-security-policy": `default-src 'none'; style-src 'sha256-${hash}'; form-action 'self'${redirectUrl === null ? "" : ` ${new URL(redirectUrl).origin}`}; base-uri 'none'; frame-ancestors 'none'`,
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cache-control": "no-store",
  };
}
