// Starts the servers that emulator.mjs compares, and reads the CPU time that each has used.
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { bundleMain } from "./bundle-main.mjs";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const MAX_START_MS = 60_000;

const step = {
  ref: "feed_1",
  type: "channel",
  channel_key: "feed",
  template: { markdown_body: "**{{ recipient.name }}**, {{ actor.name | default: 'someone' }} wrote on {{ page }}" },
};

export const USERS = Array.from({ length: 100 }, (_none, index) => ({ id: `user-${index}`, name: `User ${index}` }));

/** Writes a project with `workflowCount` equal workflows, of which only the first is triggered. */
export function writeProject(folder, workflowCount = 1) {
  const files = {
    "knock.json": { knockDir: "./knock" },
    "knock/environment.json": { channels: { feed: { type: "in_app_feed" } } },
    "knock/recipients/users.json": { users: USERS },
  };
  for (let index = 0; index < workflowCount; index++)
    files[`knock/workflows/${index === 0 ? "hello" : `hello-${index}`}/workflow.json`] = {
      name: `Hello ${index}`,
      steps: [step],
    };
  for (const [file, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    writeFileSync(join(folder, file), JSON.stringify(content));
  }
}

/** Waits until `find` returns a value. */
async function waitFor(find, child) {
  for (const start = performance.now(); performance.now() - start < MAX_START_MS; ) {
    const found = find();
    if (found !== undefined) return found;
    if (child.exitCode !== null) throw new Error(`the server ended with exit code ${child.exitCode}`);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
  throw new Error("the server did not start");
}

/** Starts a script that prints its port. */
async function startScript(...args) {
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
  const [text] = await once(child.stdout, "data");
  return { child, port: Number(String(text)) };
}

/** Starts `knock dev` of a checkout, and returns it with the milliseconds until it was ready. */
export async function startEmulator(folder, checkout = root) {
  const ready = join(folder, `ready-${Math.random().toString(36).slice(2)}.json`);
  const args = [join(checkout, "bin/knock.js"), "dev", "--port", "0", "--ready-file", ready];
  const began = performance.now();
  const child = spawn(process.execPath, args, { cwd: folder, stdio: "ignore" });
  await waitFor(() => existsSync(ready) || undefined, child);
  const took = performance.now() - began;
  return { child, took, port: JSON.parse(readFileSync(ready, "utf8")).port };
}

export function startBare() {
  return startScript(join(root, "bench/emulator-bare.mjs"));
}

/** Starts the floor on a copy of the project, whose store contains one trigger. */
export async function startFloor(folder) {
  writeProject(folder);
  const trigger = ["notify", "hello", "--recipients", "user-0", "--data", '{"page":"Home","count":0}'];
  execFileSync(process.execPath, [join(root, "bin/knock.js"), ...trigger], { cwd: folder });
  const bundle = await bundleMain("emulator-floor", {
    external: ["node:sqlite"],
    define: { "import.meta.dirname": JSON.stringify(join(root, "dist")) },
  });
  return startScript(bundle, join(folder, ".knock-local/store.db"));
}

/** The operations of the API that the load uses, for a mock that is generated from an API description. */
const DESCRIPTION = {
  openapi: "3.1.0",
  info: { title: "Triggers", version: "1" },
  paths: {
    "/v1/workflows/{key}/trigger": {
      post: {
        parameters: [{ name: "key", in: "path", required: true, schema: { type: "string" } }],
        requestBody: {
          required: true,
          content: {
            "application/json": {
              schema: {
                type: "object",
                required: ["recipients"],
                properties: {
                  recipients: { type: "array", minItems: 1, maxItems: 1000, items: { type: "string" } },
                  data: { type: "object" },
                },
              },
            },
          },
        },
        responses: {
          200: {
            description: "The workflow run",
            content: {
              "application/json": {
                schema: {
                  type: "object",
                  required: ["workflow_run_id"],
                  properties: { workflow_run_id: { type: "string", format: "uuid" } },
                },
              },
            },
          },
        },
      },
    },
  },
};

/** Installs Prism into a temporary folder, and starts it as a mock of the API. Returns it with its time to start. */
export async function startPrism(folder) {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "package.json"), "{}");
  execFileSync("npm", ["install", "--silent", "--no-audit", "--no-fund", "@stoplight/prism-cli@5"], {
    cwd: folder,
    stdio: ["ignore", "ignore", "inherit"],
    timeout: 300_000,
  });
  writeFileSync(join(folder, "api.json"), JSON.stringify(DESCRIPTION));
  const port = 20_000 + Math.floor(Math.random() * 20_000);
  const args = [join(folder, "node_modules/@stoplight/prism-cli/dist/index.js"), "mock", "--port", String(port)];
  const began = performance.now();
  const child = spawn(process.execPath, [...args, join(folder, "api.json")], {
    stdio: ["ignore", "ignore", "inherit"],
  });
  const url = `http://127.0.0.1:${port}/v1/workflows/hello/trigger`;
  const init = { method: "POST", headers: { "content-type": "application/json" }, body: '{"recipients":["user-0"]}' };
  for (let answered = false; !answered; ) {
    answered = await fetch(url, init).then(
      (response) => response.ok,
      () => false,
    );
    if (performance.now() - began > MAX_START_MS) throw new Error("Prism did not start");
  }
  return { child, port, took: performance.now() - began };
}

export async function stopServer({ child }, signal = "SIGKILL") {
  const exited = once(child, "exit");
  child.kill(signal);
  await exited;
}

/** Returns the CPU time of a process with its threads in milliseconds; null where /proc does not exist. */
export function readCpuMs({ child }) {
  const file = `/proc/${child.pid}/stat`;
  if (!existsSync(file)) return null;
  const fields = readFileSync(file, "utf8").split(") ")[1].split(" ");
  return (Number(fields[11]) + Number(fields[12])) * 10; // Linux counts hundredths of a second.
}
