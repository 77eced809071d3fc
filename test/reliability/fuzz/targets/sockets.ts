import { once } from "node:events";
import { connect, type Socket } from "node:net";
import fc from "fast-check";
import { WebSocket } from "ws";
import type { Json } from "../../../../src/util/json.js";
import { openProjectApi, type ProjectApi } from "../../../helpers/project-emulator.js";
import { checkPrintable, type FuzzTarget } from "../fuzz-target.js";
import { changedText, hostileText, hostileValue } from "../hostile-values.js";

const HEADERS = "host: 127.0.0.1\r\nauthorization: Bearer sk_test\r\n";
const UPGRADE =
  "connection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
const REQUESTS = [
  `GET /v1/users HTTP/1.1\r\n${HEADERS}\r\n`,
  `POST /v1/workflows/hello/trigger HTTP/1.1\r\n${HEADERS}content-length: 20\r\n\r\n{"recipients":["a"]}`,
  `PUT /v1/users/ada HTTP/1.1\r\n${HEADERS}transfer-encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n`,
  `GET /v1/users HTTP/1.1\r\n${HEADERS}\r\nGET /__knock/clock HTTP/1.1\r\n${HEADERS}\r\n`,
  `GET /ws/v1/websocket?api_key=pk_test&vsn=2.0.0 HTTP/1.1\r\n${HEADERS}${UPGRADE}\r\n`,
  `OPTIONS * HTTP/1.0\r\n\r\n`,
  `CONNECT lark.test:443 HTTP/1.1\r\n${HEADERS}\r\n`,
];
const PARTS = [
  "\r\n",
  "\n",
  "\r",
  ": ",
  " ",
  "HTTP/1.1",
  "HTTP/2.0",
  "chunked",
  "0\r\n\r\n",
  "content-length: 5\r\n",
  "expect: 100-continue\r\n",
  "\0",
  "\u0081\u0085abcd",
  "/../",
  "%",
];

/** Sends bytes and returns what the server answers until it has answered or closed the connection. */
async function exchange(port: number, text: string): Promise<string> {
  const socket = connect(port, "127.0.0.1");
  const chunks: Buffer[] = [];
  socket.on("data", (chunk) => chunks.push(chunk));
  socket.on("error", () => {});
  await once(socket, "connect");
  // The end of the client's half makes the server answer, or close the connection if the request is incomplete.
  socket.end(Buffer.from(text, "latin1"));
  await waitForEnd(socket, text);
  return Buffer.concat(chunks).toString("latin1");
}

/** Waits until the server closes its half. A WebSocket stays open, so its first bytes are enough. */
function waitForEnd(socket: Socket, text: string): Promise<void> {
  return new Promise((resolve) => {
    const finish = (): void => {
      socket.destroy();
      resolve();
    };
    socket.once("close", finish);
    socket.once("end", finish);
    if (/upgrade/i.test(text)) socket.once("data", finish);
  });
}

function checkLog({ stderrLines }: ProjectApi): void {
  for (const line of stderrLines.splice(0)) {
    checkPrintable(line);
    if (/internal error/i.test(line)) throw new Error(line);
  }
}

/** Bytes on a connection, which may be no HTTP. Each response has a documented status, and the server answers the next request. */
export const connectionsTarget: FuzzTarget<string> = {
  name: "connections",
  runs: 20_000,
  shortRuns: 80,
  inputs: changedText(
    fc.constantFrom(...REQUESTS),
    fc.oneof({ weight: 4, arbitrary: fc.constantFrom(...PARTS) }, hostileText),
  ),
  async open() {
    const api = await openProjectApi({}, { logsRequests: true });
    const port = Number(new URL(api.url).port);
    return {
      async check(text) {
        const answer = await exchange(port, text);
        for (const [, status] of answer.matchAll(/(?:^|\n)HTTP\/1\.1 (\d{3})/g))
          if (Number(status) >= 500 && status !== "501") throw new Error(answer);
        if (answer !== "" && !/^HTTP\/1\.1 \d{3} /.test(answer)) throw new Error(`no HTTP: ${JSON.stringify(answer)}`);
        checkLog(api);
      },
      close: () => api.close(),
    };
  },
};

type Frame = Json[];

const TOPICS = ["feeds:feed:ada", "guides:tours", "phoenix", "feeds:none:ada", "feeds:feed:", "x"];
const EVENTS = ["phx_join", "phx_leave", "heartbeat", "new-message", "x"];
const OPTIONS = [
  "status",
  "tenant",
  "source",
  "page_size",
  "after",
  "archived",
  "trigger_data",
  "has_tenant",
  "params",
  "user_id",
  "data",
];
const frame = fc.tuple(
  fc.oneof(fc.constantFrom<Json>("1", null), hostileValue()),
  fc.oneof(fc.constantFrom<Json>("1", "2", null), hostileValue()),
  fc.oneof({ weight: 8, arbitrary: fc.constantFrom<Json>(...TOPICS) }, hostileValue()),
  fc.oneof({ weight: 8, arbitrary: fc.constantFrom<Json>(...EVENTS) }, hostileValue()),
  fc.oneof(
    fc.dictionary(fc.constantFrom("client", "params", "user_id"), hostileValue(...OPTIONS)) as fc.Arbitrary<Json>,
    fc.dictionary(
      fc.constant("client"),
      fc.dictionary(fc.constantFrom(...OPTIONS), hostileValue()),
    ) as fc.Arbitrary<Json>,
    hostileValue(...OPTIONS),
  ),
) as unknown as fc.Arbitrary<Frame>;
const HEARTBEAT = ["", "beat", "phoenix", "heartbeat", {}];

/** Frames of a WebSocket. Each valid frame gets a reply, and an invalid one closes the socket. */
export const framesTarget: FuzzTarget<(Frame | string)[]> = {
  name: "frames",
  runs: 20_000,
  shortRuns: 100,
  inputs: fc.array(fc.oneof({ weight: 9, arbitrary: frame }, { weight: 1, arbitrary: hostileText }), {
    minLength: 1,
    maxLength: 3,
  }) as fc.Arbitrary<(Frame | string)[]>,
  async open() {
    const api = await openProjectApi({}, { logsRequests: true });
    const url = `${api.url.replace("http", "ws")}/ws/v1/websocket?api_key=pk_test&vsn=2.0.0`;
    let socket: WebSocket | null = null;
    const openSocket = async (): Promise<WebSocket> => {
      const opened = new WebSocket(url);
      await once(opened, "open");
      return opened;
    };
    return {
      async check(frames) {
        socket ??= await openSocket();
        const used = socket;
        const replies: Json[] = [];
        const isClosed = await new Promise<boolean>((resolve) => {
          used.on("message", (data) => {
            const reply = JSON.parse(String(data)) as Json[];
            replies.push(reply);
            if (reply[1] === "beat") resolve(false);
          });
          used.once("close", () => resolve(true));
          for (const one of frames) used.send(typeof one === "string" ? one : JSON.stringify(one));
          used.send(JSON.stringify(HEARTBEAT));
        });
        used.removeAllListeners();
        if (isClosed) socket = null;
        else {
          const expected = frames.filter((one) => Array.isArray(one)).length;
          const answered = replies.filter((reply) => Array.isArray(reply) && reply[3] === "phx_reply").length - 1;
          if (answered < expected)
            throw new Error(`${answered} replies to ${expected} frames: ${JSON.stringify(replies)}`);
        }
        checkLog(api);
      },
      async close() {
        socket?.terminate();
        await api.close();
      },
    };
  },
};
