import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";

/** How a pooler treats the settings that a client sends when it connects. */
export type SettingsTreatment = "refused" | "ignored";

const LENGTH_BYTES = 4;
const PROTOCOL_BYTES = 4;
const KEY_DATA = "K".charCodeAt(0);
const REFUSAL = "SFATAL\0C08P01\0Munsupported startup parameter: options\0\0";

/** Returns the parameters of the first message of a client, without its settings. */
function removeSettings(message: Buffer): { hasSettings: boolean; message: Buffer } {
  const parameters = message
    .subarray(LENGTH_BYTES + PROTOCOL_BYTES)
    .toString("latin1")
    .split("\0");
  const at = parameters.findIndex((name, index) => index % 2 === 0 && name === "options");
  if (at < 0) return { hasSettings: false, message };
  parameters.splice(at, 2);
  const rest = Buffer.from(parameters.join("\0"), "latin1");
  const head = Buffer.from(message.subarray(0, LENGTH_BYTES + PROTOCOL_BYTES));
  head.writeUInt32BE(head.length + rest.length);
  return { hasSettings: true, message: Buffer.concat([head, rest]) };
}

/** Replaces the process ID that the server names, as poolers do, because a client has no server process of its own. */
function replaceProcessId(chunk: Buffer): Buffer {
  for (let at = 0; at + LENGTH_BYTES < chunk.length; at += 1 + chunk.readUInt32BE(at + 1))
    if (chunk[at] === KEY_DATA) chunk.writeUInt32BE(1, at + 1 + LENGTH_BYTES);
  return chunk;
}

/** Starts a stand-in for a connection pooler before a server: it has the limits of one, but each client has a connection. */
export async function startPoolerStub(
  url: string,
  treatment: SettingsTreatment,
): Promise<{ url: string; close: () => void }> {
  const sockets = new Set<Socket>();
  const { hostname, port } = new URL(url);
  const server = createServer((client) => {
    const upstream = connect(Number(port), hostname);
    for (const [socket, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(socket);
      socket.on("error", () => {});
      socket.on("close", () => other.end());
    }
    client.once("data", (first: Buffer) => {
      const { hasSettings, message } = removeSettings(first);
      if (hasSettings && treatment === "refused") {
        const text = Buffer.from(REFUSAL, "latin1");
        const head = Buffer.from("E0000", "latin1");
        head.writeUInt32BE(LENGTH_BYTES + text.length, 1);
        client.end(Buffer.concat([head, text]));
        return;
      }
      upstream.once("data", (answer: Buffer) => {
        client.write(replaceProcessId(answer));
        upstream.pipe(client);
      });
      upstream.write(message);
      client.pipe(upstream);
    });
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const stubUrl = new URL(url);
  stubUrl.port = String((server.address() as AddressInfo).port);
  return {
    url: stubUrl.href,
    close() {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}
