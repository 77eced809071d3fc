import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { execa } from "execa";
import { describe, expect, it } from "vitest";
import { eventually } from "../helpers/eventually.js";
import { startHttpTestServer } from "../helpers/http-test-server.js";
import { cliTest } from "../helpers/run-knock.js";

const ROOT = resolve(import.meta.dirname, "../..");
const require = createRequire(import.meta.url);
const { validate } = require("dockerfile-utils") as { validate(dockerfile: string): object[] };
const dockerfile = readFileSync(join(ROOT, "Dockerfile"), "utf8");

/** A build is the longest work of a test, and the limit must not end it on a busy machine. */
const MAX_BUILD_MS = 400_000;

interface Instruction {
  name: string;
  value: string;
}

/** Returns the instructions of each stage. The instructions before the first stage are left out. */
function readStages(): Instruction[][] {
  const lines = dockerfile
    .replace(/^#.*\n/gm, "")
    .replaceAll("\\\n", " ")
    .split("\n")
    .filter((line) => line.trim() !== "");
  const stages: Instruction[][] = [];
  for (const line of lines) {
    const [, name = "", value = ""] = /^(\w+)\s+(.*)$/.exec(line) ?? [];
    if (name === "FROM") stages.push([]);
    stages.at(-1)?.push({ name, value });
  }
  return stages;
}

const [buildStage = [], imageStage = []] = readStages();

function readValue(name: string): string | undefined {
  return imageStage.findLast((instruction) => instruction.name === name)?.value;
}

/** Returns the paths in the repository that `.dockerignore` sends to the builder. */
function listContext(): string[] {
  const rules = readFileSync(join(ROOT, ".dockerignore"), "utf8").split("\n");
  return rules.filter((rule) => rule.startsWith("!")).map((rule) => rule.slice(1));
}

const SQLITE_PACKAGE = "@photostructure/sqlite";

/** Links the dependencies, with small SQLite bindings: packing the real ones takes as long as the build. */
function linkDependencies(folder: string): void {
  const names = readdirSync(join(ROOT, "node_modules")).filter((name) => name !== dirname(SQLITE_PACKAGE));
  const sqlite = readdirSync(join(ROOT, "node_modules", SQLITE_PACKAGE)).filter((name) => name !== "prebuilds");
  mkdirSync(join(folder, SQLITE_PACKAGE, "prebuilds/linux-x64"), { recursive: true });
  writeFileSync(join(folder, SQLITE_PACKAGE, "prebuilds/linux-x64/small.node"), "");
  for (const path of [...names, ...sqlite.map((name) => join(SQLITE_PACKAGE, name))])
    symlinkSync(join(ROOT, "node_modules", path), join(folder, path));
}

/** Returns the files of a build without its copies of bindings, with their contents. */
function readBuild(folder: string): Record<string, Buffer> {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const paths = entries
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => !path.endsWith(".node"))
    .sort();
  return Object.fromEntries(paths.map((path) => [path.slice(folder.length), readFileSync(path)]));
}

describe("the Dockerfile", () => {
  it("has no errors and no warnings of the linter", () => {
    expect(validate(dockerfile)).toEqual([]);
  });

  it("ends with an image without build tools, which runs as a user other than root", () => {
    expect(readStages()).toHaveLength(2);
    const user = imageStage.findIndex(({ name }) => name === "USER");
    expect(imageStage[user]?.value).toBe("node");
    expect(imageStage.slice(user).map(({ name }) => name)).not.toContain("RUN");
    expect(imageStage.filter(({ name, value }) => name === "COPY" && !value.startsWith("--from=build"))).toEqual([
      { name: "COPY", value: "scripts/docker-health.mjs /opt/knock/" },
    ]);
  });

  it("starts the command without a shell, which would not forward signals", () => {
    expect(JSON.parse(readValue("ENTRYPOINT") ?? "")).toEqual(["knock"]);
    expect(JSON.parse(readValue("CMD") ?? "")).toEqual(["dev", "--host", "0.0.0.0"]);
    expect(readValue("HEALTHCHECK")).toContain('CMD ["node", "/opt/knock/docker-health.mjs"]');
    expect(readValue("EXPOSE")).toBe("8484");
  });

  it("sends all files of the package, and only those that a build needs", () => {
    const { files } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as { files: string[] };
    const sources = files
      .map((path) => path.split("/")[0] ?? "")
      .filter((name) => !/^!|^dist$|^THIRD-PARTY/.test(name));
    expect([...new Set(sources)].filter((name) => !listContext().includes(name))).toEqual([]);
    const [first] = readFileSync(join(ROOT, ".dockerignore"), "utf8")
      .replace(/^#.*\n/gm, "")
      .split("\n");
    expect(first).toBe("*");
    expect(listContext().filter((path) => !existsSync(join(ROOT, path)))).toEqual([]);
    expect(listContext().filter((path) => /^(?:\.git|node_modules|dist|test|fixtures)\b/.test(path))).toEqual([]);
  });

  it("has build commands that install the command from the files that are sent, and write the same files each time", {
    timeout: MAX_BUILD_MS,
  }, async () => {
    const folder = mkdtempSync(join(tmpdir(), "knock-image-"));
    const [source, output] = [join(folder, "source"), join(folder, "output")];
    try {
      for (const path of listContext()) cpSync(join(ROOT, path), join(source, path), { recursive: true });
      mkdirSync(output);
      const [installation, ...commands] = buildStage.filter(({ name }) => name === "RUN").map(({ value }) => value);
      expect(installation).toBe("npm ci --ignore-scripts");
      linkDependencies(join(source, "node_modules"));
      const env = { npm_config_cache: join(folder, "npm-cache"), npm_config_update_notifier: "false" };
      for (const command of commands) {
        const line = command.replaceAll(/\/opt\/knock|\/tmp/g, (path) =>
          path === "/tmp" ? output : `${output}/knock`,
        );
        await execa("/bin/sh", ["-ec", line], { cwd: source, env, stdin: "ignore" });
      }
      const { stdout } = await execa(join(output, "knock/bin/knock"), ["--version"]);
      expect(stdout).toMatch(/^\d+\.\d+\.\d+$/);
      const installed = join(output, "knock/lib/node_modules/knock-cli");
      expect(readdirSync(join(installed, "dist"))).toContain("main.cjs");
      expect(existsSync(join(installed, "dist/prebuilds"))).toBe(false);
      // Equal sources give equal files, so that a published package can be compared with its sources.
      const [first, second] = [readBuild(join(ROOT, "dist")), readBuild(join(source, "dist"))];
      expect(Object.keys(second)).toEqual(Object.keys(first));
      const different = Object.entries(first).filter(([path, content]) => !content.equals(second[path] as Buffer));
      expect(different.map(([path]) => path)).toEqual([]);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});

/** Runs the health check of the image for a process. Returns its exit code. */
async function checkHealth(pid: number | undefined): Promise<number | undefined> {
  const result = await execa(process.execPath, [join(ROOT, "scripts/docker-health.mjs"), String(pid)], {
    reject: false,
  });
  return result.exitCode;
}

describe.runIf(existsSync("/proc/self/cmdline"))("the health check of the image", () => {
  cliTest("asks knock dev, at the port of its command line", async ({ collab }) => {
    const dev = collab.start(["dev", "--port", "0", "--ready-file", collab.path("ready.json")]);
    const ended = dev.catch(() => {});
    const ready = collab.path("ready.json");
    const { port } = await eventually(() => existsSync(ready) && JSON.parse(readFileSync(ready, "utf8")));
    // Its port is not on its command line. Starting it again at this port could meet another process.
    const words = [
      "-e",
      "process.stdin.resume()",
      "/opt/knock/bin/knock",
      "dev",
      "--host",
      "0.0.0.0",
      `--port=${port}`,
    ];
    const first = execa(process.execPath, words, { stdin: "pipe" });
    await eventually(() => readFileSync(`/proc/${first.pid}/cmdline`, "utf8").includes("--port"));
    expect(await checkHealth(first.pid)).toBe(0);
    // A stopped process keeps its socket and does not answer.
    process.kill(dev.pid as number, "SIGSTOP");
    expect(await checkHealth(first.pid)).toBe(1);
    process.kill(dev.pid as number, "SIGCONT");
    dev.kill("SIGTERM");
    await ended;
    first.stdin.end();
    await first;
  });

  it("asks a worker that serves its health", async () => {
    const server = await startHttpTestServer();
    const respond = (status: number) =>
      server.respondWith(({ path }) => ({ status: path === "/health" ? status : 404 }));
    respond(200);
    const port = new URL(server.url).port;
    const words = ["-e", "process.stdin.resume()", "/opt/knock/bin/knock", "worker", "--metrics-port", port];
    const first = execa(process.execPath, words, { stdin: "pipe" });
    try {
      await eventually(() => readFileSync(`/proc/${first.pid}/cmdline`, "utf8").includes("--metrics-port"));
      expect(await checkHealth(first.pid)).toBe(0);
      respond(503);
      expect(await checkHealth(first.pid)).toBe(1);
    } finally {
      first.stdin.end();
      await first;
      await server.close();
    }
  });

  cliTest("accepts a worker that runs, and rejects a process that has ended", async ({ collab }) => {
    const worker = collab.start(["worker"]);
    const ended = worker.catch(() => {});
    await eventually(() => readFileSync(`/proc/${worker.pid}/cmdline`, "utf8").includes("worker"));
    expect(await checkHealth(worker.pid)).toBe(0);
    worker.kill("SIGTERM");
    await ended;
    expect(await checkHealth(worker.pid)).toBe(1);
  });
});
