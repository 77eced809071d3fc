// Measures `knock review` in a repository of 200 workflows, 500 scenarios and a file of 10,000 triggers, each as a whole process: with
// one changed workflow, and with a changed partial that all workflows use. Prints median times and the highest peak of memory; --save
// also writes them to bench/results/. Run `npm run build` first.
import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { saveResult } from "./save-result.mjs";

const bin = join(dirname(fileURLToPath(import.meta.url)), "..", "bin", "knock.js");
const WORKFLOWS = 200;
const SCENARIOS = 500;
const TRIGGERS = 10_000;
const USERS = 200;
const DAYS = 30;
const START = Date.parse("2026-03-02T00:00:00Z");
const rounds = Number(process.argv.find((word) => /^\d+$/.test(word)) ?? 3);
const folder = mkdtempSync(join(tmpdir(), "knock-review-"));
const project = join(folder, "project");

function write(path, content) {
  const file = join(project, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, typeof content === "string" ? content : JSON.stringify(content, null, 2));
}

const git = (...args) =>
  execFileSync("git", ["-c", "user.name=bench", "-c", "user.email=bench@example.com", ...args], { cwd: project });

const buildWorkflow = (index) => ({
  name: `Workflow ${index}`,
  steps: [
    {
      ref: "in_app_feed_1",
      type: "channel",
      channel_type: "in_app_feed",
      channel_key: "in-app-feed",
      template: { markdown_body: "{{ recipient.name }}: {{ data.title }}", action_url: "{{ vars.app_url }}" },
    },
    { ref: "delay_1", type: "delay", settings: { delay_for: { unit: "minutes", value: 30 } } },
    {
      ref: "email_1",
      type: "channel",
      channel_type: "email",
      channel_key: "email",
      conditions: { all: [{ variable: "data.amount", operator: "greater_than", argument: String(index % 50) }] },
      template: {
        subject: "{{ data.title }} for {{ recipient.name }}",
        settings: { layout_key: "default" },
        html_body: `{% render 'greeting' %}<p>{{ data.title }}: {{ data.amount }}</p><p>${"Text of the email. ".repeat(30)}</p>`,
      },
    },
  ],
});

function writeProject() {
  write("knock.json", { knockDir: "./knock" });
  write("knock/environment.json", {
    name: "development",
    channels: {
      "in-app-feed": { type: "in_app_feed" },
      email: { type: "email", settings: { from_address: "hello@example.com" } },
    },
    variables: { app_url: "https://app.example.com" },
  });
  const users = Array.from({ length: USERS }, (_, index) => ({
    id: `user-${index}`,
    name: `User ${index}`,
    email: `user-${index}@example.com`,
  }));
  write("knock/recipients/users.json", { users });
  write("knock/partials/greeting/partial.json", {
    name: "Greeting",
    type: "html",
    content: "<h1>Hello, {{ recipient.name }}</h1>",
  });
  for (let index = 0; index < WORKFLOWS; index++) {
    write(`knock/workflows/workflow-${index}/workflow.json`, buildWorkflow(index));
    const count = Math.floor(((index + 1) * SCENARIOS) / WORKFLOWS) - Math.floor((index * SCENARIOS) / WORKFLOWS);
    const scenarios = Array.from(
      { length: count },
      (_, own) => `  sends an email for amount ${60 + own}:
    steps:
      - notify: { recipients: [user-${index}], data: { title: Order, amount: ${60 + own} }, settings: { skip_delay: true } }
        expect: { messages: [{ channel: email, to: user-${index} }] }
`,
    );
    write(
      `knock/workflows/workflow-${index}/own.test.yaml`,
      `workflow: workflow-${index}\nscenarios:\n${scenarios.join("")}`,
    );
  }
  const triggers = Array.from({ length: TRIGGERS }, (_, index) =>
    JSON.stringify({
      at: new Date(START + Math.floor((index * DAYS * 86_400_000) / TRIGGERS)).toISOString(),
      key: `workflow-${index % WORKFLOWS}`,
      recipients: [`user-${(index * 7) % USERS}`],
      data: { title: `Order ${index}`, amount: (index + Math.floor(index / WORKFLOWS)) % 100 },
    }),
  );
  write("payloads/month.jsonl", `${triggers.join("\n")}\n`);
}

/** A module that writes the peak of the memory of a process in bytes, and its CPU time in seconds, to a file at its exit. */
const meter = join(folder, "meter.cjs");
const meterFile = join(folder, "usage.json");
writeFileSync(
  meter,
  `process.on("exit", () => { const { maxRSS, userCPUTime, systemCPUTime } = process.resourceUsage();
    require("node:fs").writeFileSync(${JSON.stringify(meterFile)}, JSON.stringify([maxRSS * 1024, (userCPUTime + systemCPUTime) / 1e6])); });`,
);

const CASES = {
  one_workflow: () => {
    const changed = buildWorkflow(0);
    changed.steps[1].settings.delay_for.value = 5;
    write("knock/workflows/workflow-0/workflow.json", changed);
  },
  shared_partial: () =>
    write("knock/partials/greeting/partial.json", {
      name: "Greeting",
      type: "html",
      content: "<h1>Good morning, {{ recipient.name }}</h1>",
    }),
};

const getMedian = (numbers) => [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)];

try {
  writeProject();
  git("init", "--quiet", "--initial-branch", "main");
  git("add", "--all");
  git("commit", "--quiet", "--message", "Start");
  const env = { ...process.env, XDG_CACHE_HOME: join(folder, "cache") };
  const result = { workflows: WORKFLOWS, scenarios: SCENARIOS, triggers: TRIGGERS, rounds };
  for (const [name, change] of Object.entries(CASES)) {
    git("checkout", "--quiet", "--", ".");
    change();
    const [times, cpuTimes, peaks] = [[], [], []];
    for (let round = 0; round < rounds; round++) {
      const start = performance.now();
      const args = [
        "--require",
        meter,
        bin,
        "review",
        "--base",
        "HEAD",
        "--quiet",
        "--html",
        join(folder, "page.html"),
      ];
      const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd: project, env, encoding: "utf8" });
      if (status !== 0) throw new Error(`${name}: exit ${status}: ${stderr}`);
      if (round === 0) console.log(`${name}: ${stdout.trim()}`);
      times.push((performance.now() - start) / 1000);
      const [peak, cpuTime] = JSON.parse(readFileSync(meterFile, "utf8"));
      peaks.push(peak / 1e6);
      cpuTimes.push(cpuTime);
    }
    result[`${name}_s`] = Number(getMedian(times).toFixed(1));
    result[`${name}_cpu_s`] = Number(getMedian(cpuTimes).toFixed(1));
    result[`${name}_peak_mb`] = Math.round(Math.max(...peaks));
  }
  console.log(result);
  saveResult("review", result);
} finally {
  if (!process.argv.includes("--keep")) rmSync(folder, { recursive: true, force: true });
  else console.log(folder);
}
