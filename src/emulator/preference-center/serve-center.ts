import { isUuid } from "../../util/ids.js";
import type { AppOptions } from "../emulator-options.js";
import type { Dispatcher } from "../http/dispatcher.js";
import type { Exchange } from "../http/exchange.js";
import { centerHeaders, centerHtml, noCenterHtml } from "./center-page.js";
import { userOfToken } from "./center-token.js";
import { changesOf, type SwitchRow, shownRows, switchRows } from "./switches.js";

type Options = Pick<AppOptions, "operations" | "environment">;

const SET = "default";

function answer(exchange: Exchange, html: string, status: 200 | 404 = 200): void {
  exchange.send(status, centerHeaders(html), html);
}

/** Whose center: of a signed link, or of the run whose message links to it (T-242). */
async function userOf(link: string, { operations }: Options): Promise<string | null> {
  if (!isUuid(link)) {
    const user = userOfToken(link, await operations.resources.readLinkKey());
    return user !== null && (await operations.resources.users.read(user)) !== null ? user : null;
  }
  const recipient = (await operations.readRecipientRun(link))?.recipient;
  // The run of one who was deleted may still be there (EQ-03).
  return typeof recipient === "string" && (await operations.resources.users.read(recipient)) !== null
    ? recipient
    : null;
}

/** A user's preference center: what `environment.json` says of it, over the user's own preferences (A-301, A-302, T-242). */
export function servePreferenceCenter(routes: Dispatcher, options: Options): void {
  const { operations, environment } = options;
  const { preferences, users } = operations.resources;

  async function opened(link: string): Promise<{ user: string; rows: SwitchRow[] } | string> {
    const user = await userOf(link, options);
    if (user === null) return "This link belongs to no user. Open the link of a newer message.";
    const known = await environment();
    const set = await preferences.read(user, SET);
    return { user, rows: switchRows(shownRows(known.preference_center), set, known) };
  }

  routes.add("GET /preferences/{link}", async (exchange) => {
    const found = await opened(exchange.param("link") ?? "");
    if (typeof found === "string") return answer(exchange, noCenterHtml(found), 404);
    const { preference_center: center, branding } = await environment();
    const user = await users.read(found.user);
    const who = typeof user?.email === "string" ? user.email : found.user;
    const saved = "saved" in exchange.query.asObject();
    return answer(exchange, centerHtml({ center, rows: found.rows, branding, who, saved }));
  });

  routes.add("POST /preferences/{link}", async (exchange) => {
    const found = await opened(exchange.param("link") ?? "");
    if (typeof found === "string") return answer(exchange, noCenterHtml(found), 404);
    const form = new URLSearchParams(await exchange.readText());
    const changes = changesOf(found.rows, (name) => form.has(name));
    if (changes !== null) {
      await preferences.set(found.user, SET, { __persistence_strategy__: "merge", ...changes });
    }
    exchange.send(303, { location: "?saved", "cache-control": "no-store" });
  });
}
