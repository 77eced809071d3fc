import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { createListenError } from "../errors/create-listen-error.js";
import { getErrorMessage } from "../errors/knock-error.js";
import { withTimeLimit } from "../util/time-limit.js";

/** A page has to be read within this time. */
const MAX_READ_MS = 2_000;

export interface MetricsServer {
  port: number;
  close(): Promise<void>;
}

/** The answer of a path for operators. */
export interface OperatorPage {
  status: number;
  type: string;
  body: string;
}

/** Returns the answer of a probe: 503 with the problem, or 200 with a text for people. */
export const toProbePage = (problem: string | null, notice = "ok"): OperatorPage => ({
  status: problem === null ? 200 : 503,
  type: "text/plain",
  body: `${problem ?? notice}\n`,
});

/** Serves pages for operators and probes by their paths, on a port of their own. An error of a page is a 503. */
export async function startMetricsServer(
  address: { host: string; port: number },
  pages: Readonly<Record<string, () => Promise<OperatorPage>>>,
): Promise<MetricsServer> {
  const answer = async (path: string): Promise<OperatorPage> => {
    const read = Object.hasOwn(pages, path) ? pages[path] : undefined;
    if (read === undefined)
      return { status: 404, type: "text/plain", body: `the paths are ${Object.keys(pages).join(" and ")}\n` };
    const createError = () => new Error(`the database did not answer within ${MAX_READ_MS} ms`);
    return withTimeLimit(read(), MAX_READ_MS, createError).catch((error) => toProbePage(getErrorMessage(error)));
  };
  const server = createServer(async (request, response) => {
    const { status, type, body } = await answer((request.url ?? "").split("?", 1)[0] as string);
    response.writeHead(status, { "content-type": type });
    response.end(request.method === "HEAD" ? undefined : body);
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", (error) => reject(createListenError(error, address, "--metrics-port")));
    server.listen(address.port, address.host, resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
