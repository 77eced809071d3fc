// A server that accepts triggers after a delay, as https or http. Prints its URL, and ends with its parent.
// Usage: node remote-stub.mjs <delay in ms> [certificate key]
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { createServer as createSecureServer } from "node:https";

const [delay, certificate, key] = process.argv.slice(2);
const BODY = '{"workflow_run_id":"05f8a70d-e42a-46dc-86fa-aada5752f6cf"}';

function handle(request, response) {
  const respond = () => {
    response.setHeader("content-type", "application/json");
    response.end(BODY);
  };
  request.resume();
  request.on("end", () => (delay === "0" ? respond() : setTimeout(respond, Number(delay))));
}

const server =
  certificate === undefined
    ? createServer(handle)
    : createSecureServer({ cert: readFileSync(certificate), key: readFileSync(key) }, handle);
server.listen(0, "127.0.0.1", () =>
  console.log(`${certificate === undefined ? "http" : "https"}://127.0.0.1:${server.address().port}`),
);
process.stdin.resume().on("end", () => process.exit());
