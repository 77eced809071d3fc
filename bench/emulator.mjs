// Measures the built `knock dev`: the time from start to ready, durable triggers per second over HTTP compared with a
// minimal server in the same run, and the time until a connected feed client receives a message. --save writes
// bench/results/emulator.json.
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { cpus, loadavg, tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { WebSocket } from "ws";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const [seconds = 10, rounds = 3] = process.argv
  .slice(2)
  .filter((word) => /^\d+$/.test(word))
  .map(Number);
const CONNECTIONS = 64;
const STARTS = 10;
const LISTENERS = 40;

const folder = mkdtempSync(join(tmpdir(), "knock-emulator-"));
const step = {
  ref: "feed_1",
  type: "channel",
  channel_key: "feed",
  template: { markdown_body: "**{{ recipient.name }}**, {{ actor.name | default: 'someone' }} wrote on {{ page }}" },
};
const users = Array.from({ length: 100 }, (_none, index) => ({ id: `user-${index}`, name: `User ${index}` }));
for (const [file, content] of Object.entries({
  "knock.json": { knockDir: "./knock" },
  "knock/environment.json": { channels: { feed: { type: "in_app_feed" } } },
  "knock/workflows/hello/workflow.json": { name: "Hello", steps: [step] },
  "knock/recipients/users.json": { users },
})) {
  mkdirSync(dirname(join(folder, file)), { recursive: true });
  writeFileSync(join(folder, file), JSON.stringify(content));
}

const round = (value) => Math.round(value * 100) / 100;
const median = (values) => [...values].sort((a, b) => a - b)[values.length >> 1];
const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** Starts `knock dev`, and returns it with the milliseconds until it was ready. */
async function startEmulator() {
  const ready = join(folder, "ready.json");
  const began = performance.now();
  const child = spawn(process.execPath, [join(root, "bin/knock.js"), "dev", "--port", "0", "--ready-file", ready], {
    cwd: folder,
    stdio: ["ignore", "ignore", "inherit"],
  });
  while (!existsSync(ready)) await pause(2);
  const took = performance.now() - began;
  return { child, took, port: JSON.parse(readFileSync(ready, "utf8")).port };
}

async function stopped(child, signal) {
  child.kill(signal);
  await once(child, "exit");
}

async function load(port, duration) {
  const args = [join(root, "bench/emulator-load.mjs"), String(port), String(CONNECTIONS), String(duration)];
  return JSON.parse((await promisify(execFile)(process.execPath, args)).stdout);
}

/**
 * Measures the milliseconds from sending the request, and from its response, until a client that has joined the feed
 * receives the event.
 */
async function feedLatency(port) {
  const from = { sent: [], answered: [] };
  await fetch(`http://127.0.0.1:${port}/__knock/ready`); // The first request makes fetch load its own modules.
  for (const { id } of users.slice(0, LISTENERS)) {
    const socket = new WebSocket(`ws://127.0.0.1:${port}/ws/v1/websocket?api_key=pk_bench&vsn=2.0.0`);
    const waitForEvent = (event) =>
      new Promise((resolve) => {
        socket.on("message", (data) => JSON.parse(String(data))[3] === event && resolve(performance.now()));
      });
    await once(socket, "open");
    const joined = waitForEvent("phx_reply");
    socket.send(JSON.stringify(["1", "1", `feeds:feed:${id}`, "phx_join", { ref_1: {} }]));
    await joined;
    await pause(30 + Math.random() * 30);
    const received = waitForEvent("new-message");
    const began = performance.now();
    await fetch(`http://127.0.0.1:${port}/v1/workflows/hello/trigger`, {
      method: "POST",
      headers: { authorization: "Bearer sk_bench" },
      body: JSON.stringify({ recipients: [id], data: { page: "Home" } }),
    });
    const answered = performance.now();
    const at = await received;
    from.sent.push(at - began);
    from.answered.push(at - answered);
    socket.terminate();
  }
  const summarize = (values) => ({ p50_ms: round(median(values)), max_ms: round(Math.max(...values)) });
  return { from_sent: summarize(from.sent), from_answered: summarize(from.answered) };
}

const result = {};
try {
  const starts = [];
  for (let count = 0; count < STARTS; count++) {
    const { child, took } = await startEmulator();
    starts.push(took);
    await stopped(child, "SIGINT");
  }
  result.start_to_ready_ms = { median: round(median(starts)), max: round(Math.max(...starts)) };

  const { child, port } = await startEmulator();
  const bare = spawn(process.execPath, [join(root, "bench/emulator-bare.mjs")], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const barePort = Number(String((await once(bare.stdout, "data"))[0]));
  result.feed_client = await feedLatency(port);
  await load(port, 2); // Warm up both servers.
  await load(barePort, 2);
  const pairs = [];
  for (let count = 0; count < rounds; count++)
    pairs.push({ emulator: await load(port, seconds), bare: await load(barePort, seconds) });
  const middle = (target, name) => median(pairs.map((pair) => pair[target][name]));
  for (const target of ["emulator", "bare"])
    result[target] = Object.fromEntries(
      ["per_second", "p50_ms", "p99_ms", "failed"].map((name) => [name, middle(target, name)]),
    );
  result.of_bare = round(median(pairs.map((pair) => pair.emulator.per_second / pair.bare.per_second)));
  await stopped(child, "SIGINT");
  await stopped(bare, "SIGKILL");
} finally {
  rmSync(folder, { recursive: true, force: true });
}
console.log(JSON.stringify(result, null, 2));
if (process.argv.includes("--save")) {
  const saved = {
    date: new Date().toISOString().slice(0, 10),
    node: process.version,
    machine: `${cpus().length} × ${cpus()[0]?.model}`,
    // If the load average exceeds the number of processors, other processes were running, and the results do not
    // represent an idle machine.
    load_average: round(loadavg()[0]),
    connections: CONNECTIONS,
    seconds,
    rounds,
    ...result,
  };
  mkdirSync(join(root, "bench", "results"), { recursive: true });
  writeFileSync(join(root, "bench", "results", "emulator.json"), `${JSON.stringify(saved, null, 2)}\n`);
}
