// Sends triggers over a number of connections for a number of seconds. Each connection sends the next request after the
// response. Prints the rate and latencies as JSON. It uses sockets instead of an HTTP client, because the client must
// use little of a machine with two cores.
import { connect } from "node:net";

const [port, connections, seconds] = process.argv.slice(2).map(Number);
const latencies = [];
let failed = 0;
let count = 0;
const end = performance.now() + seconds * 1_000;

function request() {
  const body = JSON.stringify({ recipients: [`user-${count++ % 100}`], data: { page: "Home", count } });
  const head =
    "POST /v1/workflows/hello/trigger HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer sk_bench\r\nContent-Type: application/json\r\n";
  return `${head}Content-Length: ${body.length}\r\n\r\n${body}`;
}

function drive() {
  return new Promise((resolve, reject) => {
    const socket = connect(port, "127.0.0.1");
    let began = 0;
    let text = "";
    const next = () => {
      if (performance.now() >= end) return socket.end(resolve);
      began = performance.now();
      socket.write(request());
    };
    socket.on("connect", next);
    socket.on("error", reject);
    socket.on("data", (chunk) => {
      text += chunk.toString("latin1");
      // The response is complete when its body, a JSON object, ends; it may be chunked.
      if (!/\}(\r\n0\r\n\r\n)?$/.test(text)) return;
      if (!text.startsWith("HTTP/1.1 200")) failed++;
      latencies.push(performance.now() - began);
      text = "";
      next();
    });
  });
}

const started = performance.now();
await Promise.all(Array.from({ length: connections }, drive));
const took = (performance.now() - started) / 1_000;
latencies.sort((a, b) => a - b);
const at = (share) => Math.round((latencies[Math.floor(latencies.length * share)] ?? 0) * 100) / 100;
console.log(
  JSON.stringify({
    requests: latencies.length,
    per_second: Math.round(latencies.length / took),
    p50_ms: at(0.5),
    p99_ms: at(0.99),
    failed,
  }),
);
