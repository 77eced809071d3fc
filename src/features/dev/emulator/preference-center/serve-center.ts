import { isUuid } from "../../../../util/ids.js";
import type { HandlerOptions } from "../emulator-options.js";
import type { RequestContext } from "../http/request-context.js";
import type { Router } from "../http/router.js";
import { buildSwitchRows, collectChanges, getVisibleRows, type SwitchRow } from "./build-switch-rows.js";
import { verifyCenterToken } from "./center-token.js";
import { findLinkRecipient, splitLinkId } from "./check-link-token.js";
import { buildPageHeaders, renderCenterPage, renderErrorPage } from "./render-center-page.js";

type Options = Pick<HandlerOptions, "operations" | "environment">;

const DEFAULT_SET_ID = "default";

function sendPage(context: RequestContext, html: string, status: 200 | 404 = 200): void {
  context.send(status, buildPageHeaders(html), html);
}

/**
 * Returns the user of a signed link, or of the run whose message contains the link (T-242). Returns null if
 * there is no such user.
 */
async function findUser(link: string, { operations }: Options): Promise<string | null> {
  if (!isUuid(splitLinkId(link).id)) {
    const user = verifyCenterToken(link, await operations.resources.readLinkKey());
    return user !== null && (await operations.resources.users.read(user)) !== null ? user : null;
  }
  const recipient = await findLinkRecipient("preferences", link, operations);
  // The run of a deleted user may still exist (EQ-03).
  return typeof recipient === "string" && (await operations.resources.users.read(recipient)) !== null
    ? recipient
    : null;
}

/**
 * Serves the preference centers of users. `environment.json` defines the rows; the values are the user's own
 * preferences (A-301, A-302, T-242).
 */
export function servePreferenceCenter(routes: Router, options: Options): void {
  const { operations, environment } = options;
  const { preferences, users } = operations.resources;

  async function openCenter(link: string): Promise<{ user: string; rows: SwitchRow[] } | string> {
    const user = await findUser(link, options);
    if (user === null) return "This link is no longer valid. Open the link of a newer message.";
    const currentEnvironment = await environment();
    const set = await preferences.read(user, DEFAULT_SET_ID);
    return {
      user,
      rows: buildSwitchRows(getVisibleRows(currentEnvironment.preference_center), set, currentEnvironment),
    };
  }

  routes.add("GET /preferences/{link}", async (context) => {
    const openedCenter = await openCenter(context.param("link") ?? "");
    if (typeof openedCenter === "string") return sendPage(context, renderErrorPage(openedCenter), 404);
    const { preference_center: center, branding } = await environment();
    const user = await users.read(openedCenter.user);
    const userName = typeof user?.email === "string" ? user.email : openedCenter.user;
    const saved = "saved" in context.query.toObject();
    return sendPage(context, renderCenterPage({ center, rows: openedCenter.rows, branding, userName, saved }));
  });

  routes.add("POST /preferences/{link}", async (context) => {
    const openedCenter = await openCenter(context.param("link") ?? "");
    if (typeof openedCenter === "string") return sendPage(context, renderErrorPage(openedCenter), 404);
    const form = new URLSearchParams(await context.readText());
    const changes = collectChanges(openedCenter.rows, (name) => form.has(name));
    if (changes !== null) {
      const body = { __persistence_strategy__: "merge", ...changes };
      await preferences.set(openedCenter.user, DEFAULT_SET_ID, body, "the preference center");
    }
    context.send(303, { location: "?saved", "cache-control": "no-store" });
  });
}
