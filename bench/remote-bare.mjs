// The fastest that this machine's Node and undici send the lines of a file: each is parsed and sent, and its response parsed.
// Usage: node remote-bare.mjs <url> <file> <concurrency>; prints requests per second.
import { readFileSync } from "node:fs";
import { Pool } from "undici";

const [url, file, concurrency] = process.argv.slice(2);
const lines = readFileSync(file, "utf8").trimEnd().split("\n");
const pool = new Pool(url, { connections: Number(concurrency) });
const headers = { authorization: "Bearer sk_test_1", "content-type": "application/json" };
let next = 0;
const start = performance.now();
async function send() {
  while (next < lines.length) {
    const body = JSON.stringify(JSON.parse(lines[next++]));
    const response = await pool.request({ method: "POST", path: "/v1/workflows/hello/trigger", headers, body });
    await response.body.json();
  }
}
await Promise.all(Array.from({ length: Number(concurrency) }, send));
console.log(lines.length / ((performance.now() - start) / 1000));
process.exit();
