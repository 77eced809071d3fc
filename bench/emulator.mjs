// Measures the built `knock dev`: the time from start to ready, durable triggers per second over HTTP, and the time until
// a connected feed client receives a message. In the same run and in alternating rounds, it measures a bare server
// (emulator-bare.mjs) and a server that only parses a trigger, renders it and writes its rows (emulator-floor.ts).
//   node bench/emulator.mjs [seconds] [rounds]
//   --against <folder>  also measure the `knock dev` of another built checkout
//   --prism             also measure a Prism mock of the API, which npm installs into a temporary folder
//   --save              write bench/results/emulator.json
import { execFile } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { WebSocket } from "ws";
import {
  readCpuMs,
  startBare,
  startEmulator,
  startFloor,
  startPrism,
  stopServer,
  USERS,
  writeProject,
} from "./emulator-servers.mjs";
import { saveResult } from "./save-result.mjs";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const words = process.argv.slice(2);
const [seconds = 10, rounds = 3] = words.filter((word) => /^\d+$/.test(word)).map(Number);
const other = words.includes("--against") ? resolve(words[words.indexOf("--against") + 1]) : null;
const CONNECTIONS = 64;
const STARTS = 10;
const MANY_WORKFLOWS = 2_000;
const LISTENERS = 40;

const round = (value) => Math.round(value * 100) / 100;
const median = (values) => [...values].sort((a, b) => a - b)[values.length >> 1];
const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** Sends triggers to a server for a number of seconds, and returns the rates, latencies and CPU time of each trigger. */
async function load(server, duration) {
  const args = [join(root, "bench/emulator-load.mjs"), String(server.port), String(CONNECTIONS), String(duration)];
  const before = readCpuMs(server);
  const { requests, ...measured } = JSON.parse((await promisify(execFile)(process.execPath, args)).stdout);
  const cpu_us = before === null ? null : round(((readCpuMs(server) - before) * 1_000) / requests);
  return { ...measured, cpu_us };
}

/**
 * Measures the milliseconds from sending the request, and from its response, until a client that has joined the feed
 * receives the event.
 */
async function feedLatency(port) {
  const from = { sent: [], answered: [] };
  await fetch(`http://127.0.0.1:${port}/__knock/ready`); // The first request makes fetch load its own modules.
  for (const { id } of USERS.slice(0, LISTENERS)) {
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

/** Measures the milliseconds from start to ready of one or two checkouts, in turn, each on its own project. */
async function measureStarts(folder, checkouts, workflowCount) {
  const starts = checkouts.map(() => []);
  for (const index of checkouts.keys()) writeProject(join(folder, String(index)), workflowCount);
  for (let count = 0; count < STARTS; count++)
    for (const [index, checkout] of checkouts.entries()) {
      const server = await startEmulator(join(folder, String(index)), checkout);
      starts[index].push(server.took);
      await stopServer(server, "SIGINT");
    }
  return starts.map((values) => ({ median: round(median(values)), max: round(Math.max(...values)) }));
}

const result = {};
const folder = mkdtempSync(join(tmpdir(), "knock-emulator-"));
const servers = new Map();
try {
  const checkouts = other === null ? [root] : [root, other];
  const [ownStarts, otherStarts] = await measureStarts(join(folder, "one-workflow"), checkouts, 1);
  result.start_to_ready_ms = ownStarts;
  if (otherStarts) result.other_start_to_ready_ms = otherStarts;
  const [ownManyStarts, otherManyStarts] = await measureStarts(join(folder, "many"), checkouts, MANY_WORKFLOWS);
  result.start_to_ready_with_2000_workflows_ms = ownManyStarts;
  if (otherManyStarts) result.other_start_to_ready_with_2000_workflows_ms = otherManyStarts;

  const project = join(folder, "project");
  writeProject(project);
  servers.set("emulator", await startEmulator(project));
  if (other !== null) {
    const otherProject = join(folder, "other");
    writeProject(otherProject);
    servers.set("other", await startEmulator(otherProject, other));
  }
  servers.set("floor", await startFloor(join(folder, "floor")));
  servers.set("bare", await startBare());
  if (words.includes("--prism")) {
    const prism = await startPrism(join(folder, "prism"));
    servers.set("prism", prism);
    result.prism_start_ms = round(prism.took);
  }
  result.feed_client = await feedLatency(servers.get("emulator").port);
  for (const server of servers.values()) await load(server, 2); // warm up
  const measured = [];
  for (let count = 0; count < rounds; count++) {
    const names = [...servers.keys()];
    if (count % 2 === 1) names.reverse();
    const results = {};
    for (const name of names) results[name] = await load(servers.get(name), seconds);
    measured.push(results);
  }
  for (const name of servers.keys())
    result[name] = Object.fromEntries(
      ["per_second", "p50_ms", "p99_ms", "cpu_us", "failed"].map((figure) => [
        figure,
        median(measured.map((results) => results[name][figure])),
      ]),
    );
  for (const name of servers.keys())
    if (name !== "emulator")
      result[`of_${name}`] = round(
        median(measured.map((results) => results.emulator.per_second / results[name].per_second)),
      );
} finally {
  for (const [name, server] of servers) await stopServer(server, name === "emulator" ? "SIGINT" : "SIGKILL");
  rmSync(folder, { recursive: true, force: true });
}
console.log(JSON.stringify(result, null, 2));
saveResult("emulator", { connections: CONNECTIONS, seconds, rounds, ...result });
