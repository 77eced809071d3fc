import type { IncomingMessage, Server } from "node:http";
import type { Duplex } from "node:stream";

/** The headers that request another protocol. They are removed with the upgrade. */
const UPGRADE_HEADERS = new Set(["upgrade", "http2-settings"]);

/**
 * Lets the server read a request again without its upgrade to another protocol, which a server may ignore. Some HTTP
 * clients offer HTTP/2 (`Upgrade: h2c`) with their first request.
 */
export function ignoreUpgrade(server: Server, request: IncomingMessage, socket: Duplex, rest: Buffer): void {
  const { method, url, httpVersion, rawHeaders } = request;
  const lines = [`${method} ${url} HTTP/${httpVersion}`];
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const [name = "", value = ""] = rawHeaders.slice(at, at + 2);
    if (UPGRADE_HEADERS.has(name.toLowerCase())) continue;
    if (name.toLowerCase() !== "connection") lines.push(`${name}: ${value}`);
    else if (/\bclose\b/i.test(value)) lines.push("Connection: close");
  }
  socket.unshift(Buffer.concat([Buffer.from(`${lines.join("\r\n")}\r\n\r\n`, "latin1"), rest]));
  server.emit("connection", socket);
}
