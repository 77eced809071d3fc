import type { RecipientReference } from "../../domain/recipient/recipient.js";
import type { TrackedLink } from "../../ports/tracked-links.js";
import { isJsonObject } from "../../util/json.js";
import type { AppOptions } from "../emulator-options.js";
import type { Dispatcher } from "../http/dispatcher.js";
import type { Exchange } from "../http/exchange.js";
import { centerHeaders, unsubscribedHtml, unsubscribeHtml } from "../preference-center/center-page.js";

type Options = Pick<AppOptions, "links" | "operations">;

const UNSTORED = { "cache-control": "no-store", "referrer-policy": "no-referrer" };

/** One transparent pixel. */
const PIXEL = Buffer.from(
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAAC0lEQVR4nGNgAAIAAAUAAXpeqz8AAAAASUVORK5CYII=",
  "base64",
);

async function follow(exchange: Exchange, link: TrackedLink | null, { operations }: Options): Promise<void> {
  if (link === null) return exchange.sendText(404, "There is no such link.\n", UNSTORED);
  const { message_id, url } = link;
  // Who looks at a link before it is shown asks for its head alone: that is nobody's click.
  if (!exchange.isHead) await operations.markMessages([message_id], "link_clicked", { url });
  // As ASCII: a header holds nothing else.
  exchange.send(302, { ...UNSTORED, location: new URL(url).href });
}

/** Only a message that carries the picture can tell that it was loaded. */
async function hasPixel(id: string, { operations }: Options): Promise<boolean> {
  const content = (await operations.readMessage(id))?.content;
  const html = isJsonObject(content) && isJsonObject(content.data) ? content.data.html_body : null;
  return typeof html === "string" && html.includes(`/o/${id}.png"`);
}

/** The run of one who was deleted may still be there (EQ-03): preferences set for them would bring them back. */
async function isThere(recipient: RecipientReference, { resources }: Options["operations"]): Promise<boolean> {
  const { users, objects } = resources;
  const found =
    typeof recipient === "string" ? users.read(recipient) : objects.read(recipient.collection, recipient.id);
  return (await found) !== null;
}

/**
 * Unsubscribes the recipient of a run from commercial messages (E-158), without a key. GET only shows a page that asks,
 * because scanners follow links; its form and the one-click requests of mail programs (RFC 8058) use POST.
 */
async function unsubscribe(exchange: Exchange, id: string, { operations }: Options): Promise<void> {
  const recipient = (await operations.readRecipientRun(id))?.recipient as RecipientReference | undefined;
  if (recipient === undefined || !(await isThere(recipient, operations)))
    return exchange.sendText(404, "There is no such link.\n", UNSTORED);
  const isConfirmed = exchange.method === "POST";
  if (isConfirmed)
    await operations.resources.preferences.set(recipient, "default", {
      __persistence_strategy__: "merge",
      commercial_subscribed: false,
    });
  const html = isConfirmed ? unsubscribedHtml() : unsubscribeHtml();
  exchange.send(200, centerHeaders(html), exchange.isHead ? undefined : html);
}

/**
 * What tracked links and pixels lead to, for anyone without a key (T-233 to T-235). A link only ever leads where the message
 * that has it says.
 */
export function serveTracking(routes: Dispatcher, options: Options): void {
  const { links, operations } = options;
  routes.add("GET /l/{message}/{place:[0-9]{1,6}}", async (exchange) => {
    const [message = "", place] = [exchange.param("message"), Number(exchange.param("place"))];
    await follow(exchange, (await links?.byNumber(message, place)) ?? null, options);
  });
  for (const method of ["GET", "POST"])
    routes.add(`${method} /unsubscribe/{run}`, (exchange) =>
      unsubscribe(exchange, exchange.param("run") ?? "", options),
    );
  routes.add("GET /l/*", (exchange) => follow(exchange, null, options));
  routes.add("GET /{key:[0-9A-Za-z]{10}}", async (exchange) =>
    follow(exchange, (await links?.byKey(exchange.param("key") ?? "")) ?? null, options),
  );
  routes.add("GET /o/{picture}", async (exchange) => {
    const id = /^([0-9A-Za-z]{27})\.png$/.exec(exchange.param("picture") ?? "")?.[1];
    if (id === undefined || !(await hasPixel(id, options)))
      return exchange.sendText(404, "There is no such picture.\n", UNSTORED);
    if (!exchange.isHead) await operations.markMessages([id], "read");
    exchange.send(200, { ...UNSTORED, "content-type": "image/png" }, PIXEL);
  });
}
