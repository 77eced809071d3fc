import type { HandlerOptions } from "../emulator-options.js";
import { WEBHOOK_BODY } from "../http/read-body.js";
import type { RequestContext } from "../http/request-context.js";
import type { Router } from "../http/router.js";

/** Seconds after which a vendor should repeat a webhook about a message that is still being sent. */
const RETRY_AFTER_S = 10;

/** Returns the URL as the vendor requested it, because some signatures cover it. */
function buildRequestedUrl({ request }: RequestContext, { webhookUrl }: HandlerOptions, path: string): string {
  const scheme = request.headers["x-forwarded-proto"] ?? "http";
  return `${webhookUrl ?? `${scheme}://${request.headers.host}`}${path}`;
}

/**
 * Serves the webhooks of vendors for the delivery status (CH-045). They need no key, because each is checked by the vendor's
 * signature.
 */
export function serveProviderEvents(routes: Router, options: HandlerOptions): void {
  const serve = async (context: RequestContext): Promise<void> => {
    context.bodyLimit = WEBHOOK_BODY;
    const url = buildRequestedUrl(context, options, context.request.url ?? "/");
    const webhook = { url, headers: context.headers, body: await context.readText() };
    const channel = context.param("channel") ?? "";
    const { answer, isEarly, changed } = await options.operations.receiveProviderWebhook(channel, webhook);
    if (answer !== undefined) return context.sendText(200, answer);
    if (isEarly) return context.sendText(503, "", { "retry-after": String(RETRY_AFTER_S) });
    context.send(200, { "content-type": "application/json" }, JSON.stringify({ changed }));
  };
  routes.add("POST /v1/providers/{channel}/events", serve);
  // Bird reports with a GET request, and Meta checks a URL with one.
  routes.add("GET /v1/providers/{channel}/events", serve);
}
