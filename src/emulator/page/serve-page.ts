import { createHash } from "node:crypto";
import type { AppOptions } from "../emulator-options.js";
import type { Dispatcher } from "../http/dispatcher.js";
import { emailHtml } from "./page-support.js";

const NOWHERE = "default-src 'none'; base-uri 'none'; form-action 'none'";

/** For everything that a browser may show of the page: it says nothing to others and is in nobody's frame. */
const COMMON = {
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  "cache-control": "no-store",
};

function hashesOf(html: string, tag: "script" | "style"): string {
  const found = [...html.matchAll(new RegExp(`<${tag}[^>]*>([\\s\\S]*?)</${tag}>`, "g"))];
  return found.map(([, text = ""]) => `'sha256-${createHash("sha256").update(text).digest("base64")}'`).join(" ");
}

/** Headers of the page's HTML: only its own script and style count, and it speaks only to this server. */
function pageHeaders(html: string): Record<string, string> {
  const policy = [
    NOWHERE,
    `script-src ${hashesOf(html, "script")}`,
    `style-src ${hashesOf(html, "style")}`,
    "connect-src 'self'",
    "frame-src 'self'",
    "img-src data:",
    "frame-ancestors 'none'",
  ];
  return { ...COMMON, "content-type": "text/html; charset=utf-8", "content-security-policy": policy.join("; ") };
}

/**
 * Headers of an e-mail's HTML. `sandbox` gives it an origin of its own, without scripts, forms and other windows, even where
 * it is opened outside the page's frame; images and fonts come from within it or not at all.
 */
const EMAIL_HEADERS: Record<string, string> = {
  ...COMMON,
  "content-type": "text/html; charset=utf-8",
  "content-security-policy": `sandbox; ${NOWHERE}; style-src 'unsafe-inline'; img-src data:; font-src data:; frame-ancestors 'self'`,
};

/** A stream ends with its connection: nobody finds a used one to ask another thing of. */
const EVENT_HEADERS: Record<string, string> = {
  ...COMMON,
  "content-type": "text/event-stream",
  connection: "close",
};

const NO_PAGE = "The page was not built: npm run build makes it.\n";

/** The page, what only browsers read of it, and its live changes. */
export function servePage(routes: Dispatcher, { readPage, operations, live }: AppOptions): void {
  routes.add("GET /", async (exchange) => {
    const html = await readPage();
    if (html === null) exchange.sendText(404, NO_PAGE);
    else exchange.send(200, pageHeaders(html), html);
  });
  routes.add("GET /__knock/page/messages/{id}/html", async (exchange) =>
    exchange.send(200, { ...EMAIL_HEADERS }, await emailHtml(operations, exchange.param("id") ?? "")),
  );
  routes.add("GET /__knock/events", ({ incoming, outgoing, isHead }) => {
    outgoing.writeHead(200, EVENT_HEADERS);
    if (isHead) return void outgoing.end();
    // Who has ended its half of the connection would otherwise never be done.
    incoming.socket.once("end", live.follow(outgoing));
  });
}
