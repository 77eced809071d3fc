import { expect, it } from "vitest";
import { eventually } from "../helpers/eventually.js";
import { startHttpTestServer } from "../helpers/http-test-server.js";
import { createInProcessSample } from "../helpers/run-in-process.js";
import type { Sample } from "../helpers/run-knock.js";
import { finish, START } from "./crash-project.js";
import { killAfter, killWhen } from "./kill-command.js";
import { getLongRuns, getTestLimit, reportFigures, reportProgress } from "./long-runs.js";

/** Kills of commands that hold the same three runs. Each of them would end as failed after four. */
const KILLS_IN_PROGRESS = 6;
/** Kills of commands at random times, one after the other on the same store. */
const KILLS_AT_TIMES = getLongRuns("crash", 1_000, 20);

const NOTIFY = ["notify", "order", "--recipients", JSON.stringify(["ada", "grace", "lin"].map((id) => ({ id })))];
const COMMANDS = [NOTIFY, ["clock", "advance", "20m"], ["worker", "--once"]];

function writeProject(sample: Sample, url: string): void {
  sample.write("knock.json", { knockDir: "./knock" });
  sample.write("knock/environment.json", {
    channels: { feed: { type: "in_app_feed", provider: "knock" } },
    fetch: { allow: [url] },
    private_addresses: ["127.0.0.1"],
  });
  sample.write("knock/workflows/order/workflow.json", {
    name: "Order",
    steps: [
      { ref: "delay_1", type: "delay", settings: { delay_for: { unit: "hours", value: 1 } } },
      { ref: "fetch_1", type: "http_fetch", settings: { method: "get", url: `${url}/` } },
      {
        ref: "feed_1",
        type: "channel",
        channel_type: "in_app_feed",
        channel_key: "feed",
        template: { markdown_body: "Shipped" },
      },
    ],
  });
}

it("no run ends because of commands that are killed again and again", { timeout: getTestLimit("crash") }, async () => {
  const server = await startHttpTestServer();
  const sample = createInProcessSample(null);
  const figures = { kills_in_progress: 0, kills_at_times: 0, runs: 0 };
  try {
    writeProject(sample, server.url);
    const run = async (args: readonly string[]): Promise<string> => {
      const { exitCode, stdout, stderr } = await sample.knock(args);
      expect(exitCode, stderr).toBe(0);
      return stdout;
    };
    await run(["clock", "freeze", START]);
    await run(NOTIFY);

    server.respondWith({ fault: "silent" });
    await run(["clock", "advance", "59m"]);
    while (figures.kills_in_progress < KILLS_IN_PROGRESS) {
      const before = server.requests.length;
      const reached = eventually(() => server.requests.length > before);
      expect(await killWhen(sample, ["clock", "advance", "1m"], reached)).toBe(true);
      figures.kills_in_progress++;
    }

    server.respondWith({ json: {} });
    const startedAt = performance.now();
    await killAfter(sample, ["worker", "--once"], 30_000);
    const duration = performance.now() - startedAt;
    for (let kills = 0; kills < KILLS_AT_TIMES; kills++) {
      const command = COMMANDS[Math.floor(Math.random() * COMMANDS.length)] as string[];
      if (await killAfter(sample, command, Math.random() * duration)) figures.kills_at_times++;
      reportProgress("crash", kills, 100);
    }

    const { runs, messages } = await finish(sample);
    const statuses = runs.map((text) => (JSON.parse(text) as { status: string }).status);
    expect([...new Set(statuses)]).toEqual(["completed"]);
    expect(messages).toHaveLength(runs.length);
    figures.runs = runs.length;
    reportFigures("crash", figures, "crash-repeated");
  } finally {
    sample.remove();
    await server.close();
  }
});
