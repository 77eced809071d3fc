import type { Tracer } from "../../../../ports/tracer.js";
import type { RequestContext } from "./request-context.js";

const TRIGGER_PATH = /^\/v1\/workflows\/[^/]+\/trigger$/;
const ROUTE = "/v1/workflows/{key}/trigger";

/** Serves a request. A trigger is recorded, and continues the trace of its client. */
export function traceTrigger(
  tracer: Tracer | undefined,
  context: RequestContext,
  serve: () => Promise<void>,
): Promise<void> {
  const { method, path } = context;
  if (tracer === undefined || method !== "POST" || !TRIGGER_PATH.test(path)) return serve();
  const { localAddress = "", localPort = 0 } = context.request.socket;
  const attributes = {
    "http.request.method": method,
    "http.route": ROUTE,
    "url.path": path,
    "url.scheme": "http",
    "server.address": localAddress,
    "server.port": localPort,
  };
  const start = { name: `${method} ${ROUTE}`, kind: "server", attributes, headers: context.headers } as const;
  return tracer.trace(start, async (span) => {
    await serve();
    const { statusCode } = context.response;
    span.set({ "http.response.status_code": statusCode });
    if (context.workflowRunId !== null) span.set({ "knock.workflow_run": context.workflowRunId });
    if (statusCode >= 500) span.fail(String(statusCode));
  });
}
