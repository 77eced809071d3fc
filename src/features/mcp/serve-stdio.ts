import { stdin, stdout } from "node:process";
import { StdioServerTransport, serveStdio } from "@modelcontextprotocol/server/stdio";
import * as z from "zod/mini";
import type { CommandContext } from "../../context/command-context.js";
import { getErrorMessage } from "../../errors/knock-error.js";
import { createMcpServer } from "./create-mcp-server.js";
import type { Host } from "./host.js";

/** The connection ends at a larger message, so the limit is above that of a trigger, whose error is a result. */
const MAX_MESSAGE_BYTES = 64 << 20;

/** Serves the protocol on standard input and output, until the client closes the input or the process is interrupted. */
export async function serveOnStdio(host: Host, { io, output, signal }: CommandContext): Promise<void> {
  // Compiling the schemas of the protocol costs more than the few messages of a client.
  z.config({ jitless: true });
  const transport = new StdioServerTransport(stdin, stdout, { maxBufferSize: MAX_MESSAGE_BYTES });
  await new Promise<void>((resolve) => {
    const handle = serveStdio(() => createMcpServer(host, io.version), {
      transport,
      onerror: (error) => output.note(`warning: ${getErrorMessage(error)}`),
    });
    const end = (): void => {
      void handle.close().then(resolve, resolve);
    };
    stdin.once("end", end);
    stdin.once("close", end);
    if (signal.aborted) end();
    else signal.addEventListener("abort", end, { once: true });
  });
}
