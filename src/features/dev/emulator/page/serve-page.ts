import { createHash } from "node:crypto";
import type { HandlerOptions } from "../emulator-options.js";
import type { Router } from "../http/router.js";
import { readEmailHtml } from "./page-routes.js";

const BASE_POLICY = "default-src 'none'; base-uri 'none'; form-action 'none'";

/**
 * Headers of everything that the page displays. They send no referrer to other sites and isolate the page from other
 * origins.
 */
const COMMON_HEADERS = {
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  "cache-control": "no-store",
};

function hashElements(html: string, tag: "script" | "style"): string {
  const elements = [...html.matchAll(new RegExp(`<${tag}[^>]*>([\\s\\S]*?)</${tag}>`, "g"))];
  return elements.map(([, text = ""]) => `'sha256-${createHash("sha256").update(text).digest("base64")}'`).join(" ");
}

/** Returns the headers of the page's HTML. Only its own script and style run, and it connects only to this server. */
function buildPageHeaders(html: string): Record<string, string> {
  const policy = [
    BASE_POLICY,
    `script-src ${hashElements(html, "script")}`,
    `style-src ${hashElements(html, "style")}`,
    "connect-src 'self'",
    "frame-src 'self'",
    "img-src data:",
    "frame-ancestors 'none'",
  ];
  return {
    ...COMMON_HEADERS,
    "content-type": "text/html; charset=utf-8",
    "content-security-policy": policy.join("; "),
  };
}

/**
 * Returns the headers of an email's HTML. `sandbox` gives the document an origin of its own without scripts, forms and new windows,
 * even if it is opened outside the page's frame. Images and fonts load only if they are embedded in the email,
 * and remote images also once the reader of the page asked for them.
 */
function buildEmailHeaders(loadsImages: boolean): Record<string, string> {
  const images = loadsImages ? "data: https: http:" : "data:";
  return {
    ...COMMON_HEADERS,
    "content-type": "text/html; charset=utf-8",
    "content-security-policy": `sandbox; ${BASE_POLICY}; style-src 'unsafe-inline'; img-src ${images}; font-src data:; frame-ancestors 'self'`,
  };
}

/** A stream ends with its connection, so the connection cannot be reused for another request. */
const EVENT_HEADERS: Record<string, string> = {
  ...COMMON_HEADERS,
  "content-type": "text/event-stream",
  connection: "close",
};

const PAGE_NOT_BUILT = "The page is not built. Run `npm run build`.\n";

/** Serves the page, the HTML of emails, and the stream of changes. */
export function servePage(routes: Router, { readPage, operations, changeStream: live }: HandlerOptions): void {
  routes.add("GET /", async (context) => {
    const html = await readPage();
    if (html === null) context.sendText(404, PAGE_NOT_BUILT);
    else context.send(200, buildPageHeaders(html), html);
  });
  routes.add("GET /__knock/page/messages/{id}/html", async (context) =>
    context.send(
      200,
      buildEmailHeaders(context.query.text("images") === "load"),
      await readEmailHtml(operations, context.param("id") ?? ""),
    ),
  );
  routes.add("GET /__knock/events", ({ request: incoming, response: outgoing, isHead }) => {
    outgoing.writeHead(200, EVENT_HEADERS);
    if (isHead) return void outgoing.end();
    // A client that closes only its sending half would otherwise keep the stream open forever.
    incoming.socket.once("end", live.subscribe(outgoing));
  });
}
