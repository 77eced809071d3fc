import type { MetricLabels, Metrics } from "../../monitoring/metrics.js";
import type { OperatorPage } from "../../monitoring/metrics-server.js";
import type { DueWorkStatistics, EndedJob, SharedDueWork } from "../../ports/due-work.js";
import type { Provider } from "../../ports/provider.js";
import type { MetricKey } from "./metric-definitions.js";

/** The metrics of one worker. */
export class WorkerMetrics {
  constructor(private readonly metrics: Metrics<MetricKey>) {
    // Prometheus sees no increase of a counter that begins at 1.
    this.count("runs", { outcome: "failed" }, 0);
  }

  count(key: MetricKey, labels: MetricLabels = {}, amount = 1): void {
    this.metrics.count(key, labels, amount);
  }

  /** Returns the metrics as Prometheus reads them, also those that are read from the database. */
  async toPage(dueWork: Pick<SharedDueWork, "readStatistics">): Promise<OperatorPage> {
    this.setStatistics(await dueWork.readStatistics());
    return this.metrics.toPage();
  }

  recordJob({ job: { task }, seconds, error, result }: EndedJob): void {
    this.metrics.observe("jobSeconds", { task, outcome: error === null ? "done" : "failed" }, seconds);
    if (result === null) return;
    for (const [outcome, count] of Object.entries(result.runs)) this.count("runs", { outcome }, count);
    if (result.refused > 0) this.count("saveRefused", {}, result.refused);
  }

  recordStep(type: string, seconds: number): void {
    this.metrics.observe("stepSeconds", { type }, seconds);
  }

  /** Returns a provider whose requests are measured. */
  measureProvider(channel: string, provider: Provider): Provider {
    const measured: Pick<Provider, "send"> = {
      send: async (...values) => {
        const startedAt = performance.now();
        let outcome = "error";
        try {
          const delivery = await provider.send(...values);
          outcome = delivery.status;
          return delivery;
        } finally {
          const seconds = (performance.now() - startedAt) / 1_000;
          this.metrics.observe("deliverySeconds", { channel, outcome }, seconds);
        }
      },
    };
    // The other methods of the provider stay available.
    return Object.assign(Object.create(provider) as Provider, measured);
  }

  private setStatistics(statistics: DueWorkStatistics): void {
    this.metrics.set("dueLag", [[{}, statistics.lag]]);
    this.metrics.set(
      "dueRuns",
      Object.entries(statistics.dueRuns).map(([size, count]) => [{ class: size }, count]),
    );
    this.metrics.set(
      "jobs",
      statistics.jobs.map(({ task, state, count }) => [{ task, state }, count]),
    );
    this.metrics.set(
      "channelCircuit",
      statistics.openCircuits.map((channel) => [{ channel }, 1]),
    );
    this.metrics.set("poolWaiting", [[{}, statistics.waitingForConnections]]);
    this.metrics.set("otherProjects", [[{}, statistics.otherProjects]]);
    this.metrics.set("suspects", [[{}, statistics.suspects]]);
    this.metrics.set("leftJobs", [[{}, statistics.leftJobs]]);
    const { oldestTransaction } = statistics;
    this.metrics.set("oldestTransaction", oldestTransaction === null ? [] : [[{}, oldestTransaction]]);
    this.metrics.set(
      "deadRows",
      statistics.deadRows.map(({ table, count }) => [{ table }, count]),
    );
  }
}
