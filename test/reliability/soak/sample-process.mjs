// Loaded into a command with `--import`. Writes a line with the state of its process each KNOCK_SAMPLE_INTERVAL_MS.
import { appendFileSync, readdirSync, readlinkSync } from "node:fs";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

const { KNOCK_SAMPLE_FILE, KNOCK_SAMPLE_INTERVAL_MS } = process.env;

// Memory is measured after a collection, so that a leak is not hidden by garbage.
setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc");

const delay = monitorEventLoopDelay({ resolution: 5 });
delay.enable();

/** Returns the number of open files and sockets, or zeros where the system does not list them. */
function countHandles() {
  try {
    const targets = readdirSync("/proc/self/fd").map((fd) => {
      try {
        return readlinkSync(`/proc/self/fd/${fd}`);
      } catch {
        return "";
      }
    });
    const sockets = targets.filter((target) => target.startsWith("socket:")).length;
    return { files: targets.length - sockets, sockets };
  } catch {
    return { files: 0, sockets: 0 };
  }
}

const startedAt = performance.now();

setInterval(() => {
  const delay_ms = delay.percentile(99) / 1e6;
  collectGarbage();
  delay.reset();
  const { heapUsed, rss, external } = process.memoryUsage();
  const sample = {
    pid: process.pid,
    seconds: (performance.now() - startedAt) / 1_000,
    heap_mb: (heapUsed + external) / 1e6,
    rss_mb: rss / 1e6,
    ...countHandles(),
    delay_ms,
  };
  appendFileSync(KNOCK_SAMPLE_FILE, `${JSON.stringify(sample)}\n`);
}, Number(KNOCK_SAMPLE_INTERVAL_MS)).unref();
