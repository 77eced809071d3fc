import { SHORT_ID_TAIL_LENGTH } from "../../../../domain/message/link-token.js";
import type { RecipientReference } from "../../../../domain/recipient/recipient.js";
import type { TrackedLink } from "../../../../ports/tracked-links.js";
import { isJsonObject } from "../../../../util/json.js";
import type { HandlerOptions } from "../emulator-options.js";
import type { RequestContext } from "../http/request-context.js";
import type { Router } from "../http/router.js";
import { findLinkRecipient, isLinkAllowed, splitLinkId } from "../preference-center/check-link-token.js";
import {
  buildPageHeaders,
  renderUnsubscribedPage,
  renderUnsubscribePage,
} from "../preference-center/render-center-page.js";

type Options = Pick<HandlerOptions, "links" | "operations" | "environment">;

const NO_STORE_HEADERS = { "cache-control": "no-store", "referrer-policy": "no-referrer" };

/** The characters of a short link before its token: the end of the message's ID and the link's number. */
const SHORT_ID_LENGTH = SHORT_ID_TAIL_LENGTH + 1;

/** A transparent image of one pixel. */
const PIXEL = Buffer.from(
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAAC0lEQVR4nGNgAAIAAAUAAXpeqz8AAAAASUVORK5CYII=",
  "base64",
);

async function followLink(
  context: RequestContext,
  link: TrackedLink | null,
  token: string | null,
  { operations }: Options,
): Promise<void> {
  if (
    link === null ||
    !(await isLinkAllowed(
      { ...link, kind: "link", id: `${link.message_id}/${link.number}`, token },
      operations.resources,
    ))
  )
    return context.sendText(404, "There is no such link.\n", NO_STORE_HEADERS);
  const { message_id, url } = link;
  // Link previews send HEAD requests, which are not clicks of the recipient.
  if (!context.isHead) await operations.markMessages([message_id], "link_clicked", { url });
  // Headers must be ASCII, which `href` is.
  context.send(302, { ...NO_STORE_HEADERS, location: new URL(url).href });
}

/**
 * Returns the message whose tracking pixel has a name, `<message>.<token>`, or null. Messages that do not contain it cannot be
 * marked as read by it.
 */
async function findPixelMessage(name: string, { operations }: Options): Promise<string | null> {
  const { id, token } = splitLinkId(name);
  const message = await operations.readMessage(id);
  if (message === null) return null;
  const inserted_at = Date.parse(String(message.inserted_at));
  if (!(await isLinkAllowed({ kind: "open", id, token, inserted_at }, operations.resources))) return null;
  const { content } = message;
  const html = isJsonObject(content) && isJsonObject(content.data) ? content.data.html_body : null;
  return typeof html === "string" && html.includes(`/o/${name}.png"`) ? id : null;
}

/**
 * Returns whether a recipient exists. The run of a deleted recipient may still exist (EQ-03), and setting its
 * preferences would create the recipient again.
 */
async function doesRecipientExist(
  recipient: RecipientReference,
  { resources }: Options["operations"],
): Promise<boolean> {
  const { users, objects } = resources;
  const recipientRead =
    typeof recipient === "string" ? users.read(recipient) : objects.read(recipient.collection, recipient.id);
  return (await recipientRead) !== null;
}

/** The body of a one-click request of a mail program (RFC 8058), which shows no page. */
const ONE_CLICK = "List-Unsubscribe=One-Click";

/**
 * Unsubscribes the recipient of a run from commercial messages (E-158), without a key. GET only displays a form,
 * because scanners follow links. The form and the one-click requests of mail programs use POST. After the form, the recipient is
 * redirected, or sees a page (E-417).
 */
async function unsubscribe(
  context: RequestContext,
  link: string,
  { operations, environment: readEnvironment }: Options,
): Promise<void> {
  const recipient = await findLinkRecipient("unsubscribe", link, operations);
  if (recipient === null || !(await doesRecipientExist(recipient, operations)))
    return context.sendText(404, "There is no such link.\n", NO_STORE_HEADERS);
  const environment = await readEnvironment();
  const { redirect_url } = environment.unsubscribe_page;
  const isConfirmed = context.method === "POST";
  if (isConfirmed) {
    const body = { __persistence_strategy__: "merge", commercial_subscribed: false };
    await operations.resources.preferences.set(recipient, "default", body, "an unsubscribe link");
    if (redirect_url !== null && (await context.readText()) !== ONE_CLICK)
      return context.send(303, { ...NO_STORE_HEADERS, location: new URL(redirect_url).href });
  }
  const html = isConfirmed ? renderUnsubscribedPage(environment) : renderUnsubscribePage(environment);
  context.send(200, buildPageHeaders(html, redirect_url), context.isHead ? undefined : html);
}

/**
 * Serves tracked links, pixels and unsubscribe links, which need no key (T-233 to T-235). A link leads only to the URL
 * that its message contains.
 */
export function serveTracking(routes: Router, options: Options): void {
  const { links, operations } = options;
  routes.add("GET /l/{message}/{place:[0-9]{1,6}(?:[.][0-9A-Za-z]{22})?}", async (context) => {
    const { id, token } = splitLinkId(context.param("place") ?? "");
    const link = await links?.findByNumber(context.param("message") ?? "", Number(id));
    await followLink(context, link ?? null, token, options);
  });
  for (const method of ["GET", "POST"])
    routes.add(`${method} /unsubscribe/{run}`, (context) => unsubscribe(context, context.param("run") ?? "", options));
  routes.add("GET /l/*", (context) => followLink(context, null, null, options));
  routes.add("GET /{key:[0-9A-Za-z]{10}(?:[0-9A-Za-z]{22})?}", async (context) => {
    const key = context.param("key") ?? "";
    const link = await links?.findByKey(key.slice(0, SHORT_ID_LENGTH));
    await followLink(context, link ?? null, key.slice(SHORT_ID_LENGTH) || null, options);
  });
  routes.add("GET /o/{picture}", async (context) => {
    const name = /^([0-9A-Za-z]{27}(?:\.[0-9A-Za-z]{22})?)\.png$/.exec(context.param("picture") ?? "")?.[1];
    const id = name === undefined ? null : await findPixelMessage(name, options);
    if (id === null) return context.sendText(404, "There is no such picture.\n", NO_STORE_HEADERS);
    if (!context.isHead) await operations.markMessages([id], "read");
    context.send(200, { ...NO_STORE_HEADERS, "content-type": "image/png" }, PIXEL);
  });
}
