import type { HttpBindings } from "@hono/node-server";
import type { Context, Hono } from "hono";
import type { RecipientReference } from "../../domain/recipient.js";
import type { TrackedLink } from "../../ports/tracked-links.js";
import { isJsonObject } from "../../util/json.js";
import type { AppOptions } from "../emulator-options.js";

type Options = Pick<AppOptions, "links" | "operations">;

const UNSTORED = { "cache-control": "no-store", "referrer-policy": "no-referrer" };

/** One transparent pixel. */
const PIXEL = Buffer.from(
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAAC0lEQVR4nGNgAAIAAAUAAXpeqz8AAAAASUVORK5CYII=",
  "base64",
);

/** Those who look at a link before it is shown ask for its head alone: that is nobody's click. */
function isLookedAt(c: Context): boolean {
  return c.req.method === "HEAD";
}

async function follow(c: Context, link: TrackedLink | null, { operations }: Options): Promise<Response> {
  if (link === null) return c.text("There is no such link.\n", 404, UNSTORED);
  const { message_id, url } = link;
  if (!isLookedAt(c)) await operations.markMessages([message_id], "link_clicked", { url });
  // As ASCII: a header holds nothing else.
  return c.body(null, 302, { ...UNSTORED, location: new URL(url).href });
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

/** Whoever has the link says so for the recipient of its run (E-158), and needs no key: a mail program asks with POST. */
async function unsubscribe(c: Context, id: string, { operations }: Options): Promise<Response> {
  const recipient = (await operations.readRecipientRun(id))?.recipient as RecipientReference | undefined;
  if (recipient === undefined || !(await isThere(recipient, operations)))
    return c.text("There is no such link.\n", 404, UNSTORED);
  if (!isLookedAt(c))
    await operations.resources.preferences.set(recipient, "default", {
      __persistence_strategy__: "merge",
      commercial_subscribed: false,
    });
  return c.text("You will get no more messages of this kind.\n", 200, UNSTORED);
}

/**
 * What tracked links and pixels lead to, for anyone without a key (T-233 to T-235). A link only ever leads where the message
 * that has it says.
 */
export function serveTracking<B extends { Bindings: HttpBindings }>(app: Hono<B>, options: Options): void {
  const { links, operations } = options;
  app.get("/l/:message/:place{[0-9]{1,6}}", async (c) =>
    follow(c, (await links?.byNumber(c.req.param("message"), Number(c.req.param("place")))) ?? null, options),
  );
  app.on(["GET", "POST"], "/unsubscribe/:run", (c) => unsubscribe(c, c.req.param("run"), options));
  app.get("/l/*", (c) => follow(c, null, options));
  app.get("/:key{[0-9A-Za-z]{10}}", async (c) => follow(c, (await links?.byKey(c.req.param("key"))) ?? null, options));
  app.get("/o/:picture", async (c) => {
    const id = /^([0-9A-Za-z]{27})\.png$/.exec(c.req.param("picture"))?.[1];
    if (id === undefined || !(await hasPixel(id, options))) return c.text("There is no such picture.\n", 404, UNSTORED);
    if (!isLookedAt(c)) await operations.markMessages([id], "read");
    return c.body(PIXEL, 200, { ...UNSTORED, "content-type": "image/png" });
  });
}
