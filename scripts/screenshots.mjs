// Takes screenshots of the page of knock dev with the built command and an installed Chromium (CHROME_PATH):
//   node scripts/screenshots.mjs            writes docs/page-light.png and docs/page-dark.png
//   node scripts/screenshots.mjs <folder>   also writes every view at 1280 and 390 pixels, light and dark, to review them
// They are not compared by `npm run check`, because their pixels depend on the installed fonts and browser.
import { spawn } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium } from "playwright-core";

const ROOT = join(import.meta.dirname, "..");
const CHROME = process.env.CHROME_PATH ?? "/usr/bin/chromium";
const NOW = "2026-01-12T09:00:00Z";

async function waitForFile(path, child) {
  while (!existsSync(path)) {
    if (child.exitCode !== null) throw new Error(`knock dev ended with exit code ${child.exitCode}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return JSON.parse(readFileSync(path, "utf8"));
}

/** Starts `knock dev` on a copy of a sample project. `send` sends a request to a route under /__knock/. */
async function startEmulator(project, folder) {
  cpSync(join(ROOT, "fixtures", project), join(folder, project), { recursive: true });
  const ready = join(folder, `${project}.json`);
  const args = [
    join(ROOT, "bin/knock.js"),
    "dev",
    "--port",
    "0",
    "--store",
    ":memory:",
    "--quiet",
    "--ready-file",
    ready,
  ];
  const child = spawn(process.execPath, args, { cwd: join(folder, project), stdio: ["ignore", "ignore", "inherit"] });
  const { url } = await waitForFile(ready, child);
  const send = async (endpoint, body) => {
    const [method, path] = endpoint.split(" ");
    const response = await fetch(`${url}/__knock/${path}`, {
      method,
      ...(body === undefined ? {} : { body: JSON.stringify(body), headers: { "content-type": "application/json" } }),
    });
    const answer = await response.json();
    if (!response.ok) throw new Error(`${endpoint}: ${JSON.stringify(answer)}`);
    return answer;
  };
  await send("POST clock", { set: NOW, force: true });
  await send("POST clock", { freeze: true });
  return { url, send, stop: () => child.kill("SIGTERM") };
}

/** Triggers workflows of the sample project `ops`. Returns the addresses of its views. */
async function prepareOps({ send }) {
  const trigger = async (workflow, body) => send(`POST page/workflows/${workflow}/trigger`, body);
  const incident = { service: "payments", title: "Card payments time out", regions: ["eu-west", "us-east"] };
  const { items } = await send("GET page/users");
  const recipients = items.map(({ id }) => id).sort();
  const low = { ...incident, incident_id: "INC-7", severity: "low", title: "Slow reports" };
  await trigger("incident", { recipients, data: low });
  await send("POST clock", { advance: "20m" });
  const high = { ...incident, incident_id: "INC-8", severity: "high", customers_affected: 2400 };
  const outcome = await trigger("incident", { recipients, data: high });
  const run =
    outcome.recipients.find(({ steps }) => steps.some(({ outcome }) => outcome === "skipped")) ?? outcome.recipients[0];
  return { run: run.recipient_run_id, recipient: recipients[0] };
}

async function takeScreenshot(browser, url, file, options) {
  const page = await browser.newPage({ reducedMotion: "reduce", ...options });
  await page.goto(url);
  await page.locator(".row, .field, h1").locator("visible=true").first().waitFor();
  await page.waitForTimeout(300);
  if (options.prepare) await options.prepare(page);
  await page.screenshot({ path: file });
  await page.close();
}

const folder = mkdtempSync(join(tmpdir(), "knock-screenshots-"));
const review = process.argv[2];
const browser = await chromium.launch({ executablePath: CHROME, args: ["--no-sandbox"] });
const emulator = await startEmulator("ops", folder);
try {
  const { run, recipient } = await prepareOps(emulator);
  const { items } = await emulator.send("GET page/messages");
  for (const colorScheme of ["light", "dark"]) {
    const at = (hash) => `${emulator.url}/${hash}`;
    await takeScreenshot(browser, at(`#/runs/${run}`), join(ROOT, `docs/page-${colorScheme}.png`), {
      viewport: { width: 1280, height: 860 },
      colorScheme,
    });
    if (review === undefined) continue;
    mkdirSync(review, { recursive: true });
    const views = {
      messages: "#/messages",
      message: `#/messages/${items[0].id}`,
      runs: "#/runs",
      run: `#/runs/${run}`,
      users: "#/users",
      user: `#/users/${recipient}`,
      workflows: "#/workflows",
      workflow: "#/workflows/incident",
      requests: "#/requests",
      trigger: "#/trigger/incident",
      clock: "#/clock",
    };
    for (const width of [1280, 390])
      for (const [name, hash] of Object.entries(views))
        await takeScreenshot(browser, at(hash), join(review, `${name}-${width}-${colorScheme}.png`), {
          viewport: { width, height: 860 },
          colorScheme,
        });
  }
} finally {
  emulator.stop();
  await browser.close();
  rmSync(folder, { recursive: true });
}
