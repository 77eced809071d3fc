import type { SourceRequest } from "../../../../domain/trigger/source.js";
import type { SourceReceipt } from "../../../../domain/trigger/source-receipt.js";
import type { HandlerOptions } from "../emulator-options.js";
import { createNotFoundError } from "../http/api-error.js";
import type { RequestContext } from "../http/request-context.js";
import type { Router } from "../http/router.js";

/** Processes an event of a source, as the source sends it to the service's webhook URL (section 29 of the catalog). */
export async function receiveSourceEvent(
  key: string,
  request: SourceRequest,
  { sources, worker }: Pick<HandlerOptions, "sources" | "worker">,
): Promise<SourceReceipt> {
  if (sources === null) throw createNotFoundError();
  const receipt = await worker.runExclusively(() => sources.receive(key, request));
  worker.wake();
  return receipt;
}

/**
 * Serves the events of sources. Systems that cannot send a secret key sign their requests: then the source verifies them (E-419).
 */
export function serveSourceEvents(
  routes: Router,
  options: HandlerOptions,
  requireSecretKey: (context: RequestContext) => Promise<void>,
): void {
  routes.add("POST /v1/sources/{key}/events", async (context) => {
    const key = context.param("key") ?? "";
    if (!(await options.sources?.isVerified(key))) await requireSecretKey(context);
    const request = { body: await context.readBody(), headers: context.headers, raw_body: await context.readText() };
    const { id } = await receiveSourceEvent(key, request, options);
    context.send(200, { "content-type": "application/json" }, JSON.stringify({ id }));
  });
}
