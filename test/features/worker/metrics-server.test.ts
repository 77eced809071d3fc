import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { METRICS } from "../../../src/features/worker/metric-definitions.js";
import { WorkerMetrics } from "../../../src/features/worker/worker-metrics.js";
import { Metrics } from "../../../src/monitoring/metrics.js";
import { type MetricsServer, startMetricsServer, toProbePage } from "../../../src/monitoring/metrics-server.js";
import type { DueWorkStatistics, SharedDueWork } from "../../../src/ports/due-work.js";
import type { Provider } from "../../../src/ports/provider.js";

const STATISTICS: DueWorkStatistics = {
  lag: 1.5,
  dueRuns: { small: 3, large: 400 },
  jobs: [{ task: "advance", state: "waiting", count: 2 }],
  oldestTransaction: 0.25,
  deadRows: [{ table: "messages", count: 7 }],
  suspects: 2,
  leftJobs: 4,
  otherProjects: 2,
  waitingForConnections: 1,
  openCircuits: ["mail"],
};

describe("the metrics of a worker", () => {
  let problem: string | null;
  let statistics: () => Promise<DueWorkStatistics>;
  let metrics: WorkerMetrics;
  let server: MetricsServer;

  beforeEach(async () => {
    problem = null;
    statistics = async () => STATISTICS;
    metrics = new WorkerMetrics(new Metrics(METRICS));
    const dueWork: SharedDueWork = {
      wake() {},
      async stop() {},
      findProblem: async () => problem,
      readStatistics: () => statistics(),
    };
    server = await startMetricsServer(
      { host: "127.0.0.1", port: 0 },
      { "/health": async () => toProbePage(await dueWork.findProblem()), "/metrics": () => metrics.toPage(dueWork) },
    );
  });

  afterEach(() => server.close());

  async function get(path: string): Promise<{ status: number; body: string }> {
    const response = await fetch(`http://127.0.0.1:${server.port}${path}`);
    return { status: response.status, body: await response.text() };
  }

  it("are all served in the format of Prometheus", async () => {
    const { status, body } = await get("/metrics");
    expect(status).toBe(200);
    for (const { name, type, help } of Object.values(METRICS)) {
      expect(body).toContain(`# TYPE ${name} ${type}`);
      expect(body).toContain(`# HELP ${name} ${help}`);
    }
    for (const line of [
      "knock_due_lag_seconds 1.5",
      'knock_due_runs{class="large"} 400',
      'knock_jobs{task="advance",state="waiting"} 2',
      'knock_channel_circuit{channel="mail"} 1',
      'knock_table_dead_rows{table="messages"} 7',
      "knock_reconciled_total 0",
      'knock_runs_total{outcome="failed"} 0',
      "knock_other_projects 2",
      "knock_left_jobs 4",
    ])
      expect(body.split("\n")).toContain(line);
  });

  it("are served while there are no jobs and no channel rests", async () => {
    statistics = async () => ({ ...STATISTICS, jobs: [], openCircuits: [], deadRows: [] });
    const { status, body } = await get("/metrics");
    expect(status).toBe(200);
    expect(body).not.toMatch(/^knock_(jobs|channel_circuit|table_dead_rows)\{/m);
  });

  it("leave out the oldest transaction if the role does not see all", async () => {
    expect((await get("/metrics")).body).toMatch(/^knock_oldest_transaction_seconds 0\.25$/m);
    statistics = async () => ({ ...STATISTICS, oldestTransaction: null });
    expect((await get("/metrics")).body).not.toMatch(/^knock_oldest_transaction_seconds /m);
  });

  it("count jobs, runs and deliveries", async () => {
    const result = { runs: { completed: 2, paused: 1 }, refused: 4, deliveries: 0, failedDeliveries: 0 };
    metrics.recordStep("delay", 0.0002);
    metrics.recordJob({ job: { task: "advance" }, seconds: 0.02, error: null, result });
    metrics.recordJob({ job: { task: "advance" }, seconds: 0.02, error: new Error("no"), result: null });
    const provider = { send: async () => ({ status: "delivered" }) } as unknown as Provider;
    await metrics.measureProvider("mail", provider).send({} as never, {} as never, {} as never);
    const lines = (await get("/metrics")).body.split("\n");
    for (const line of [
      'knock_runs_total{outcome="completed"} 2',
      'knock_runs_total{outcome="paused"} 1',
      "knock_save_refused_total 4",
      'knock_job_seconds_count{task="advance",outcome="done"} 1',
      'knock_job_seconds_count{task="advance",outcome="failed"} 1',
      'knock_step_seconds_bucket{le="0.0005",type="delay"} 1',
      'knock_delivery_seconds_count{channel="mail",outcome="delivered"} 1',
    ])
      expect(lines).toContain(line);
  });

  it("have a health check that names the problem", async () => {
    expect(await get("/health")).toEqual({ status: 200, body: "ok\n" });
    problem = "the last heartbeat was 7 s ago";
    expect(await get("/health")).toEqual({ status: 503, body: "the last heartbeat was 7 s ago\n" });
    statistics = () => Promise.reject(new Error("the store is not reachable"));
    expect(await get("/metrics")).toEqual({ status: 503, body: "the store is not reachable\n" });
    expect((await get("/other")).status).toBe(404);
  });
});
