import { createServer } from "node:http";
import { getErrorMessage, KnockError } from "../../errors/knock-error.js";
import type { SharedDueWork } from "../../ports/due-work.js";
import { withTimeLimit } from "../../util/time-limit.js";
import type { WorkerMetrics } from "./worker-metrics.js";

/** The database has to answer within this time. */
const MAX_READ_MS = 2_000;

export interface MetricsServer {
  port: number;
  close(): Promise<void>;
}

/** Serves `/health` and `/metrics` of a worker. */
export async function startMetricsServer(
  { host, port }: { host: string; port: number },
  dueWork: SharedDueWork,
  metrics: WorkerMetrics,
): Promise<MetricsServer> {
  const answer = async (path: string): Promise<{ status: number; type: string; body: string }> => {
    if (path !== "/health" && path !== "/metrics")
      return { status: 404, type: "text/plain", body: "the paths are /health and /metrics\n" };
    try {
      if (path === "/metrics") {
        const statistics = await withTimeLimit(
          dueWork.readStatistics(),
          MAX_READ_MS,
          () => new Error(`the database did not answer within ${MAX_READ_MS} ms`),
        );
        return { status: 200, type: metrics.contentType, body: await metrics.format(statistics) };
      }
      const problem = await dueWork.findProblem();
      return { status: problem === null ? 200 : 503, type: "text/plain", body: `${problem ?? "ok"}\n` };
    } catch (error) {
      return { status: 503, type: "text/plain", body: `${getErrorMessage(error)}\n` };
    }
  };
  const server = createServer(async (request, response) => {
    const { status, type, body } = await answer((request.url ?? "").split("?", 1)[0] as string);
    response.writeHead(status, { "content-type": type });
    response.end(request.method === "HEAD" ? undefined : body);
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) => {
      const isInUse = error.code === "EADDRINUSE";
      reject(
        new KnockError(
          isInUse ? "port_in_use" : "usage",
          `${host}:${port}: ${isInUse ? "port already in use" : getErrorMessage(error)}`,
          {
            hint: "Choose another port with --metrics-port <n>. --metrics-port 0 picks a free one.",
            cause: error,
          },
        ),
      );
    });
    server.listen(port, host, resolve);
  });
  const address = server.address();
  return {
    port: typeof address === "object" && address !== null ? address.port : port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
