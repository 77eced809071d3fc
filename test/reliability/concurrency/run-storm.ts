import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { build } from "esbuild";
import { eventually } from "../../helpers/eventually.js";
import { BIN, type Sample } from "../../helpers/run-knock.js";
import type { ClientSettings } from "./client-process.js";
import type { HistoryEntry } from "./history.js";

/** A folder inside the repository, so that the bundle finds the packages. */
const FOLDER = "node_modules/.cache/concurrency";

/** The clients. Together with `knock dev` and `knock worker`, eight processes use the store. */
const CLIENTS: Pick<ClientSettings, "name" | "transport">[] = [
  { name: "e1", transport: "engine" },
  { name: "e2", transport: "engine" },
  { name: "e3", transport: "engine" },
  { name: "h1", transport: "http" },
  { name: "h2", transport: "http" },
  { name: "c1", transport: "command" },
];

const PROGRESS_MS = 60_000;

/** A process with what it has written. */
interface StartedProcess {
  child: ChildProcess;
  getErrors(): string;
  ended: Promise<number | NodeJS.Signals>;
}

function start(sample: Sample, args: readonly string[], channel: "ipc" | "ignore" = "ignore"): StartedProcess {
  const child = spawn(process.execPath, args, {
    cwd: sample.dir,
    env: {
      PATH: process.env.PATH,
      HOME: sample.home,
      TZ: "UTC",
      LANG: "C.UTF-8",
      XDG_CACHE_HOME: sample.path("..", "cache"),
    },
    stdio: ["ignore", "ignore", "pipe", channel],
  });
  let errors = "";
  child.stderr?.on("data", (chunk) => {
    errors += String(chunk);
  });
  const ended = once(child, "close").then(([code, signal]) => (signal ?? code) as number | NodeJS.Signals);
  return { child, getErrors: () => errors, ended };
}

/** Bundles the script of the clients, which loads in a tenth of the time of its source. */
async function bundleClient(): Promise<string> {
  const outfile = `${process.cwd()}/${FOLDER}/client-${process.pid}.cjs`;
  mkdirSync(FOLDER, { recursive: true });
  await build({
    entryPoints: ["test/reliability/concurrency/client-process.ts"],
    bundle: true,
    platform: "node",
    format: "cjs",
    outfile,
    logLevel: "error",
    packages: "external",
    define: { "import.meta.dirname": "__dirname", "import.meta.url": "__filename" },
  });
  return outfile;
}

/** The settings of all clients. */
export type StormOptions = Pick<ClientSettings, "store" | "durationMs" | "maxPause" | "clockStep"> & {
  /** Commands need a process for each call, so they make fewer. */
  maxCalls: Record<ClientSettings["transport"], number>;
};

/** Starts the clients together once all are ready, and returns when all have ended. */
async function runClients(
  sample: Sample,
  url: string,
  { maxCalls, ...shared }: StormOptions,
): Promise<{ history: HistoryEntry[]; problems: string[] }> {
  const bundle = await bundleClient();
  let progress: NodeJS.Timeout | undefined;
  try {
    const clients = CLIENTS.map((client) => {
      const output = sample.path("..", `${client.name}.jsonl`);
      const own = { ...client, output, folder: sample.dir, bin: BIN, url, maxCalls: maxCalls[client.transport] };
      const settings: ClientSettings = { ...own, ...shared };
      const started = start(sample, [bundle, JSON.stringify(settings)], "ipc");
      return { ...client, output, ...started, ready: Promise.race([once(started.child, "message"), started.ended]) };
    });
    await Promise.all(clients.map(({ ready }) => ready));
    const startAt = Number(process.hrtime.bigint()) / 1e6;
    for (const { child } of clients) if (child.connected) child.send(startAt);
    let minutes = 0;
    progress = setInterval(() => process.stderr.write(`concurrency: ${++minutes} min\n`), PROGRESS_MS);
    const problems: string[] = [];
    for (const { name, ended, getErrors } of clients) {
      const end = await ended;
      if (end !== 0 || getErrors() !== "") problems.push(`the client ${name} ended with ${end}: ${getErrors()}`);
    }
    const history = clients.flatMap(({ output }) => {
      const lines = existsSync(output) ? readFileSync(output, "utf8").split("\n").filter(Boolean) : [];
      return lines.map((line) => JSON.parse(line) as HistoryEntry);
    });
    return { history, problems };
  } finally {
    clearInterval(progress);
    rmSync(bundle, { force: true });
  }
}

/** Lets eight processes use a store at once. Returns their calls, and what went wrong in the processes themselves. */
export async function runStorm(
  sample: Sample,
  options: StormOptions,
): Promise<{ history: HistoryEntry[]; problems: string[] }> {
  const readyFile = sample.path("..", "ready.json");
  const { store } = options;
  const dev = start(sample, [BIN, "dev", "--port", "0", "--ready-file", readyFile, "--store", store]);
  const worker = start(sample, [BIN, "worker", "--store", store]);
  try {
    await eventually(() => existsSync(readyFile));
    const { url } = JSON.parse(readFileSync(readyFile, "utf8")) as { url: string };
    const { history, problems } = await runClients(sample, url, options);
    for (const [name, { child, ended, getErrors }] of Object.entries({ dev, worker })) {
      child.kill("SIGTERM");
      const end = await ended;
      if (end !== 143 || /error|locked|\n\s+at /.test(getErrors()))
        problems.push(`knock ${name} ended with ${end}: ${getErrors()}`);
    }
    return { history, problems };
  } finally {
    dev.child.kill("SIGKILL");
    worker.child.kill("SIGKILL");
  }
}
