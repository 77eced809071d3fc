import type { EngineContext } from "../engine/context/engine-context.js";
import type { WorkScope } from "../ports/due-store.js";
import type { DueTask } from "../ports/due-work.js";
import type { HttpClient } from "../ports/http-client.js";
import type { LocalOperations } from "../ports/operations.js";
import type { Provider } from "../ports/provider.js";
import type { SpanAttributes, Tracer } from "../ports/tracer.js";

/** Returns the scope of a job, without the IDs of recipients. */
function describeScope({ channel, rows, shards, workflowRunIds }: WorkScope): SpanAttributes {
  return {
    ...(channel === undefined ? {} : { "knock.scope.channel": channel }),
    ...(rows === undefined ? {} : { "knock.scope.rows": `${rows.from}-${rows.to}` }),
    ...(shards === undefined ? {} : { "knock.scope.shards": `${shards.from}-${shards.to}` }),
    ...(workflowRunIds === undefined ? {} : { "knock.scope.workflow_runs": workflowRunIds.join(",") }),
  };
}

/** Returns the start of the span of a job. The conventions are those of messaging: a job is a message to workers. */
function startJob(task: string, scope: WorkScope, worker: string) {
  const attributes: SpanAttributes = {
    "messaging.system": "knock",
    "messaging.operation.name": "process",
    "messaging.operation.type": "process",
    "messaging.destination.name": task,
    "messaging.client.id": worker,
    ...describeScope(scope),
  };
  return { name: `process ${task}`, kind: "consumer", attributes } as const;
}

/** Returns operations with a span for each job. Looks for due work that find nothing have none. */
export function traceOperations(tracer: Tracer, operations: LocalOperations, worker: string): LocalOperations {
  const traced: Pick<LocalOperations, "runDueTask" | "runDue"> = {
    runDueTask: (task: DueTask, signal) =>
      tracer.trace(startJob(task.kind, task.scope, worker), async (span) => {
        const result = await operations.runDueTask(task, signal);
        let runs = 0;
        for (const count of Object.values(result.runs)) runs += count;
        span.set({
          "messaging.batch.message_count": runs + result.deliveries,
          "knock.runs": runs,
          "knock.refused_saves": result.refused,
          "knock.deliveries": result.deliveries,
          "knock.failed_deliveries": result.failedDeliveries,
        });
        if (result.error !== undefined) span.fail(result.error instanceof Error ? result.error.name : "error");
        return result;
      }),
    async runDue(options) {
      if ((await operations.readTimeUntilDue()) !== 0) return operations.runDue(options);
      return tracer.trace(startJob("due", options.scope ?? {}, worker), async (span) => {
        const ran = await operations.runDue(options);
        span.set({ "messaging.batch.message_count": ran.length, "knock.runs": ran.length });
        return ran;
      });
    },
  };
  return { ...operations, ...traced };
}

type FindProvider = EngineContext["findProvider"];

/** Returns providers with a span for each delivery. */
export function traceProviders(tracer: Tracer, findProvider: FindProvider): FindProvider {
  return (channel) => {
    const provider = findProvider(channel);
    if (provider === null) return null;
    const attributes = {
      "knock.channel": channel.key,
      "knock.channel.type": channel.type,
      "knock.provider": channel.provider,
    };
    const start = { name: `deliver ${channel.key}`, kind: "internal", attributes } as const;
    const send: Provider["send"] = (message, own, stored, record) =>
      tracer.trace(start, async (span) => {
        const delivery = await provider.send(message, own, stored, (exchange) => {
          const { request, response } = exchange;
          // SMTP has a status as well, but no method.
          if (request.method !== undefined && typeof response.status === "number")
            span.set({ "http.response.status_code": response.status });
          record?.(exchange);
        });
        span.set({ "knock.delivery.outcome": delivery.status });
        if (delivery.status === "failed" || delivery.status === "bounced") span.fail(delivery.status);
        return delivery;
      });
    // The other methods of the provider stay available.
    return Object.assign(Object.create(provider) as Provider, { send });
  };
}

/** Returns a client with a span for each request. A request's own headers take precedence over those of the trace. */
export function traceClient(tracer: Tracer, client: HttpClient): HttpClient {
  return {
    fetch: (request) =>
      tracer.traceRequest(request, (headers) =>
        client.fetch({ ...request, headers: { ...headers, ...request.headers } }),
      ),
  };
}
