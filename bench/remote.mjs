// Measures the remote target as whole processes, against local stubs:
// - one `notify` over TLS (with the saved session of an earlier command, and without it) and without TLS, compared with `node -e 0` and with a bare request of node:https in the same round
// - a file of triggers, compared with a bare undici pool with the same concurrency in the same round
// - the peak memory of a file with a million lines
// - a file of triggers on the local target, compared with the engine alone (bench/throughput.mjs, case a)
// Usage: node bench/remote.mjs [rounds] [lines] [million] [--save]
import { execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import {
  createWriteStream,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { checkLimits } from "./limits.mjs";
import { saveResult } from "./save-result.mjs";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const COMMAND = join(root, "bin", "knock.js");
const [rounds = 11, lineCount = 40_000, million = 1_000_000] = process.argv
  .slice(2)
  .filter((word) => /^\d+$/.test(word))
  .map(Number);
/** The delays of the stub's responses in milliseconds, and the numbers of requests at the same time. */
const BULK_CASES = [
  { delay: 10, concurrency: 16 },
  { delay: 10, concurrency: 64 },
  { delay: 0, concurrency: 64 },
];
const LOCAL_LINES = 20;
const RECIPIENTS_PER_LINE = 1_000;

const folder = mkdtempSync(join(tmpdir(), "knock-remote-"));
const env = { ...process.env, XDG_CACHE_HOME: join(folder, "cache"), KNOCK_API_KEY: "sk_test_0123456789abcdef" };
delete env.NODE_EXTRA_CA_CERTS; // Node 20 would read it at every start.
const median = (values) => [...values].sort((a, b) => a - b)[values.length >> 1];
const round = (value) => Math.round(value * 100) / 100;
const stubs = [];

async function startStub(...args) {
  const stub = spawn(process.execPath, [join(root, "bench/remote-stub.mjs"), ...args], { stdio: ["pipe", "pipe", 2] });
  stubs.push(stub);
  const [chunk] = await once(stub.stdout, "data");
  return String(chunk).trim();
}

function run(args, more = {}) {
  const { status, stderr, stdout } = spawnSync(process.execPath, args, { cwd: folder, env: { ...env, ...more } });
  if (status !== 0) throw new Error(`exit ${status}: ${stderr}`);
  return String(stdout);
}

function time(args, more) {
  const start = performance.now();
  run(args, more);
  return performance.now() - start;
}

function createProject() {
  const step = {
    ref: "in_app_feed_1",
    type: "channel",
    channel_key: "feed",
    template: {
      markdown_body: "**{{ actor.name }}** commented on {{ page }}\n\nHello {{ recipient.name }}, have a look.\n",
    },
  };
  const users = Array.from({ length: LOCAL_LINES * RECIPIENTS_PER_LINE }, (_, index) => ({
    ...{ id: `user-${index}`, name: `User ${index}`, email: `user-${index}@example.com`, timezone: "Europe/Paris" },
  }));
  const files = {
    "knock.json": { knockDir: "./knock" },
    "knock/environment.json": { channels: { feed: { type: "in_app_feed" } } },
    "knock/workflows/hello/workflow.json": { name: "Hello", steps: [step] },
    "knock/recipients/users.json": { users: [...users, { id: "alan", name: "Alan" }] },
  };
  for (const [file, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    writeFileSync(join(folder, file), JSON.stringify(content));
  }
}

const formatLine = (index) =>
  JSON.stringify({ key: "hello", recipients: [`user-${index % 1_000}`], data: { page: `Page ${index}` } });

async function writeLines(name, count) {
  const stream = createWriteStream(join(folder, name));
  for (let index = 0; index < count; index++) if (!stream.write(`${formatLine(index)}\n`)) await once(stream, "drain");
  stream.end();
  await once(stream, "finish");
}

/** Deletes the TLS sessions of earlier commands. */
function deleteSessions(cache) {
  const files = join(cache, "knock-cli");
  const names = existsSync(files) ? readdirSync(files) : [];
  for (const name of names.filter((file) => file.includes("-tls-"))) rmSync(join(files, name));
}

async function measureSingle() {
  const certificate = join(folder, "cert.pem");
  const key = join(folder, "key.pem");
  const source = readFileSync(join(root, "test/helpers/loopback-certificate.ts"), "utf8");
  writeFileSync(certificate, /-----BEGIN CERTIFICATE-----[^`]*/.exec(source)[0]);
  writeFileSync(key, /-----BEGIN PRIVATE KEY-----[^`]*/.exec(source)[0]);
  const secure = await startStub("0", certificate, key);
  const plain = await startStub("0");
  const bare = join(folder, "bare.cjs");
  writeFileSync(
    bare,
    `const [url, ca] = process.argv.slice(2);
const request = require("node:https").request(url, { method: "POST", ca: require("node:fs").readFileSync(ca) }, (response) => response.resume().on("end", () => process.exit()));
request.end("{}");`,
  );
  const otherCache = join(folder, "other-cache");
  const notify = [COMMAND, "notify", "hello", "-r", "user-1", "--set", "page=Home", "--remote"];
  const commands = {
    "node -e 0": [["-e", "0"]],
    "bare https request": [[bare, secure, certificate]],
    "notify, TLS": [notify, { KNOCK_BASE_URL: secure, KNOCK_CA_FILE: certificate }],
    "notify, TLS without a session": [
      notify,
      { KNOCK_BASE_URL: secure, KNOCK_CA_FILE: certificate, XDG_CACHE_HOME: otherCache },
    ],
    "notify, without TLS": [notify, { KNOCK_BASE_URL: plain }],
  };
  const times = Object.fromEntries(Object.keys(commands).map((name) => [name, []]));
  const measure = (name) => {
    deleteSessions(otherCache);
    return time(...commands[name]);
  };
  for (const name of Object.keys(commands)) for (let i = 0; i < 3; i++) measure(name);
  for (let i = 0; i < rounds; i++)
    for (const name of Object.keys(commands).sort(() => Math.random() - 0.5)) times[name].push(measure(name));
  const toRequest = times["notify, TLS"].map((value, index) => value / times["bare https request"][index]);
  checkLimits({ remote_notify_times_request: round(median(toRequest)) });
  return Object.keys(commands).map((name) => ({
    command: name,
    median_ms: round(median(times[name])),
    times_node: round(median(times[name].map((value, index) => value / times["node -e 0"][index]))),
  }));
}

function notifyFile(file, url, concurrency) {
  const args = [
    COMMAND,
    "notify",
    "--file",
    file,
    "--remote",
    "--rate",
    "100000",
    "--concurrency",
    String(concurrency),
  ];
  return [[...args, "--output", "results.jsonl", "--json"], { KNOCK_BASE_URL: url }];
}

async function measureBulk() {
  await writeLines("many.jsonl", lineCount);
  const rows = [];
  for (const { delay, concurrency } of BULK_CASES) {
    const url = await startStub(String(delay));
    const [bare, bulk] = [[], []];
    for (let i = 0; i < Math.max(3, Math.floor(rounds / 3)); i++) {
      const [args, more] = notifyFile("many.jsonl", url, concurrency);
      bare.push(Number(run([join(root, "bench/remote-bare.mjs"), url, "many.jsonl", String(concurrency)])));
      bulk.push((lineCount / JSON.parse(run(args, more)).duration_ms) * 1_000);
    }
    rows.push({
      case: `${delay} ms per response, ${concurrency} at a time`,
      bare_pool_per_second: Math.round(median(bare)),
      per_second: Math.round(median(bulk)),
      of_bare: round(median(bulk.map((value, index) => value / bare[index]))),
    });
  }
  return rows;
}

async function measureMemory() {
  await writeLines("million.jsonl", million);
  const url = await startStub("0");
  const hook = join(folder, "hook.cjs");
  writeFileSync(
    hook,
    `process.on("exit", () => process.stderr.write("peak " + process.resourceUsage().maxRSS + "\\n"));`,
  );
  const [args, more] = notifyFile("million.jsonl", url, 64);
  const { stderr, status, stdout } = spawnSync(process.execPath, ["--require", hook, ...args], {
    cwd: folder,
    env: { ...env, ...more },
  });
  if (status !== 0) throw new Error(String(stderr));
  const { duration_ms, triggered } = JSON.parse(String(stdout));
  const kilobytes = Number(/peak (\d+)/.exec(String(stderr))[1]);
  return { lines: triggered, seconds: round(duration_ms / 1_000), peak_mb: Math.round(kilobytes / 1_024) };
}

function measureLocal() {
  const texts = Array.from({ length: LOCAL_LINES }, (_, line) => {
    const recipients = Array.from(
      { length: RECIPIENTS_PER_LINE },
      (_none, index) => `user-${line * RECIPIENTS_PER_LINE + index}`,
    );
    return JSON.stringify({ key: "hello", recipients, actor: "alan", data: { page: "Home" } });
  });
  writeFileSync(join(folder, "local.jsonl"), `${texts.join("\n")}\n`);
  const singles = Array.from({ length: LOCAL_LINES * RECIPIENTS_PER_LINE }, (_, index) => formatLine(index));
  writeFileSync(join(folder, "singles.jsonl"), `${singles.join("\n")}\n`);
  const measure = (file) => {
    run([COMMAND, "users", "list", "--limit", "1", "--store", "local.db"]); // applies the recipients file
    const output = run([
      COMMAND,
      "notify",
      "--file",
      file,
      "--output",
      "results.jsonl",
      "--json",
      "--store",
      "local.db",
    ]);
    for (const ending of ["", "-wal", "-shm"]) rmSync(join(folder, `local.db${ending}`), { force: true });
    return (LOCAL_LINES * RECIPIENTS_PER_LINE * 1_000) / JSON.parse(output).duration_ms;
  };
  const [engine, bulk, single] = [[], [], []];
  for (let i = 0; i < 3; i++) {
    const printed = execFileSync(process.execPath, [join(root, "bench/throughput.mjs"), "20000", "1", "a"], {
      encoding: "utf8",
    });
    engine.push(Number(/one in-app step'\s*│\s*20000\s*│\s*(\d+)/.exec(printed)[1]));
    bulk.push(measure("local.jsonl"));
    single.push(measure("singles.jsonl"));
  }
  return {
    engine_recipients_per_second: median(engine),
    file_recipients_per_second: Math.round(median(bulk)),
    of_engine: round(median(bulk.map((value, index) => value / engine[index]))),
    single_recipient_lines_per_second: Math.round(median(single)),
  };
}

try {
  createProject();
  const single = await measureSingle();
  console.table(single);
  const bulk = await measureBulk();
  console.table(bulk);
  const local = measureLocal();
  console.log(local);
  const memory = million > 0 ? await measureMemory() : null;
  console.log(memory);
  saveResult("remote", { rounds, lines: lineCount, single, bulk, memory, local });
} finally {
  for (const stub of stubs) stub.kill();
  rmSync(folder, { recursive: true, force: true });
}
