import { timingSafeEqual } from "node:crypto";
import type { HttpService } from "../../commands/shared/http-service.js";
import type { HandleHttpRequest } from "../../ports/served-engine.js";
import { computeDigest } from "../../util/ids.js";
import { isLoopback } from "../../util/is-loopback.js";
import { createHost } from "./host.js";

const isEqual = (a: string, b: string): boolean =>
  timingSafeEqual(Buffer.from(computeDigest(a)), Buffer.from(computeDigest(b)));

/** Returns a response with an error, which clients show to their user. */
const reject = (status: number, message: string, headers: Record<string, string> = {}): Response =>
  Response.json({ jsonrpc: "2.0", id: null, error: { code: -32_000, message } }, { status, headers });

/** Lets only requests with the token pass, because anyone in the network can reach a server that is not on loopback. */
function requireToken(token: string | undefined, handle: HandleHttpRequest): HandleHttpRequest {
  return async (request) => {
    if (token === undefined || token === "")
      return reject(403, "/mcp is off, because knock dev does not listen on loopback only: set KNOCK_MCP_TOKEN");
    if (isEqual(request.headers.get("authorization") ?? "", `Bearer ${token}`)) return handle(request);
    return reject(401, "The request needs the header Authorization: Bearer <KNOCK_MCP_TOKEN>", {
      "www-authenticate": "Bearer",
    });
  };
}

/** Serves the tools at `/mcp` of `knock dev`, on its store and its engine. */
export const MCP_SERVICE: HttpService = {
  path: "/mcp",
  async open({ operations, faults, reset }, { flags, host: address }, context) {
    const { project, knockDir, environment, store } = flags;
    const selected = { project, knockDir, environment, store };
    const account = { read: false, write: false };
    const needsSandboxMode = async (): Promise<boolean> => {
      context.files.forget();
      const { channels } = await (await context.files.require(flags)).environment();
      return Object.values(channels).some((channel) => channel?.deliver === true);
    };
    const engine = { operations };
    const host = createHost({ flags: selected, account, faults, engine, needsSandboxMode, reset }, context);
    const { createMcpHandler } = await import("@modelcontextprotocol/server");
    const { createMcpServer } = await import("./create-mcp-server.js");
    const { fetch } = createMcpHandler(() => createMcpServer(host, context.io.version), {
      onerror: (error) => context.output.warnOnce(`/mcp: ${error.message}`),
    });
    return isLoopback(address) ? fetch : requireToken(context.io.env.KNOCK_MCP_TOKEN, fetch);
  },
};
