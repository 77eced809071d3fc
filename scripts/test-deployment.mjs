// Starts deploy/compose.yaml with Docker, sends triggers while workers and the API are killed and PostgreSQL is restarted, and
// checks that every email arrives. Build the image `knock` first: docker build --tag knock .
import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

const ROOT = join(import.meta.dirname, "..");
const TRIGGERS = 400;
const CLIENTS = 4;
const START_TIMEOUT_MS = 180_000;
const ARRIVAL_TIMEOUT_MS = 60_000;
const API = "http://127.0.0.1:8484";
const MAIL_CATCHER = "http://127.0.0.1:8025";

const folder = mkdtempSync(join(tmpdir(), "knock-deployment-"));
// The user of the containers reads the project.
chmodSync(folder, 0o755);
process.once("exit", () => rmSync(folder, { recursive: true, force: true }));

function writeProject() {
  mkdirSync(join(folder, "knock/workflows/mail"), { recursive: true });
  const write = (name, value) => writeFileSync(join(folder, name), JSON.stringify(value));
  write("knock.json", { knockDir: "./knock" });
  const settings = {
    ...{ from_address: "knock@example.com", host: "$SMTP_HOST", port: 1025, tls: "none" },
    ...{ username: "$SMTP_USERNAME", password: "$SMTP_PASSWORD" },
  };
  write("knock/environment.json", {
    channels: { email: { type: "email", provider: "smtp", deliver: true, settings } },
  });
  write("knock/workflows/mail/workflow.json", {
    name: "Mail",
    steps: [
      { ref: "delay_1", type: "delay", settings: { delay_for: { unit: "seconds", value: 2 } } },
      {
        ...{ ref: "email_1", type: "channel", channel_key: "email" },
        template: { subject: "{{ data.subject }}", html_body: "<p>Hi</p>", settings: {} },
      },
    ],
  });
  copyFileSync(join(ROOT, "deploy/compose.yaml"), join(folder, "compose.yaml"));
  writeFileSync(join(folder, ".env"), `POSTGRES_PASSWORD=${randomBytes(16).toString("hex")}\n`);
}

/** Runs `docker compose`, in its form as a plugin or as a program of its own. */
function compose(...args) {
  const options = { cwd: folder, stdio: ["ignore", "ignore", "inherit"], timeout: START_TIMEOUT_MS };
  try {
    execFileSync("docker", ["compose", "version"], { stdio: "ignore" });
  } catch {
    return execFileSync("docker-compose", args, options);
  }
  return execFileSync("docker", ["compose", ...args], options);
}

/** Sends a trigger until it is accepted. Repetitions have the same idempotency key. */
async function trigger(number) {
  for (;;) {
    try {
      const response = await fetch(`${API}/v1/workflows/mail/trigger`, {
        method: "POST",
        headers: {
          authorization: "Bearer sk_local",
          "content-type": "application/json",
          "idempotency-key": `trigger-${number}`,
        },
        body: JSON.stringify({
          recipients: [{ id: `user-${number}`, email: `user-${number}@example.com` }],
          data: { subject: `trigger-${number}` },
        }),
        signal: AbortSignal.timeout(10_000),
      });
      if (response.status === 200) return;
    } catch {}
    await sleep(200);
  }
}

async function sendTriggers() {
  let next = 0;
  const client = async () => {
    while (next < TRIGGERS) {
      await trigger(next++);
      await sleep(100);
    }
  };
  await Promise.all(Array.from({ length: CLIENTS }, client));
}

async function injectFaults() {
  const faults = [
    ["kill", "--signal", "KILL", "worker"],
    ["restart", "postgres"],
    ["up", "--detach", "--wait"],
    ["kill", "--signal", "KILL", "api"],
    ["up", "--detach", "--wait"],
  ];
  for (const fault of faults) {
    await sleep(1_500);
    compose(...fault);
  }
}

/** Returns the subjects of the emails that have arrived. */
async function readSubjects() {
  const response = await fetch(`${MAIL_CATCHER}/api/v1/messages?limit=${10 * TRIGGERS}`);
  const { messages } = await response.json();
  return messages.map(({ Subject }) => Subject);
}

writeProject();
try {
  compose("up", "--detach", "--wait");
  await Promise.all([sendTriggers(), injectFaults()]);
  const deadline = Date.now() + ARRIVAL_TIMEOUT_MS;
  let subjects = [];
  while (new Set(subjects).size < TRIGGERS && Date.now() < deadline) {
    await sleep(500);
    subjects = await readSubjects();
  }
  const arrived = new Set(subjects).size;
  console.log(`${TRIGGERS} triggers, 5 faults, ${arrived} emails arrived, ${subjects.length - arrived} of them again`);
  if (arrived < TRIGGERS) process.exitCode = 1;
} finally {
  compose("down", "--volumes");
}
