import { Counter, Gauge, Histogram, Registry } from "prom-client";
import type { DueWorkStatistics, EndedJob } from "../../ports/due-work.js";
import type { Provider } from "../../ports/provider.js";
import { getKeys } from "../../util/json.js";
import { METRICS, type MetricKey } from "./metric-definitions.js";

/** Jobs take milliseconds to seconds, and providers up to a minute. */
const BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];

/** Most steps take less than a millisecond. */
const STEP_BUCKETS = [0.0001, 0.0005, 0.001, ...BUCKETS];

const METRIC_CLASSES = { counter: Counter, gauge: Gauge };

type Labels = Record<string, string>;

/** The metrics of one worker. */
export class WorkerMetrics {
  private readonly registry = new Registry();
  private readonly counters = new Map<MetricKey, Counter>();
  private readonly gauges = new Map<MetricKey, Gauge>();
  private readonly histograms = new Map<MetricKey, Histogram>();

  constructor() {
    for (const key of getKeys(METRICS)) this.define(key);
  }

  private define(key: MetricKey): void {
    const definition = METRICS[key];
    const { name, type, help } = definition;
    const labelNames = "labels" in definition ? [...definition.labels] : [];
    const configuration = { name, help, labelNames, registers: [this.registry] };
    if (type === "histogram")
      this.histograms.set(
        key,
        new Histogram({ ...configuration, buckets: key === "stepSeconds" ? STEP_BUCKETS : BUCKETS }),
      );
    else if (type === "counter") this.counters.set(key, new METRIC_CLASSES.counter(configuration));
    else this.gauges.set(key, new METRIC_CLASSES.gauge(configuration));
  }

  count(key: MetricKey, labels: Labels = {}, amount = 1): void {
    this.counters.get(key)?.inc(labels, amount);
  }

  recordJob({ task, seconds, error, result }: EndedJob): void {
    this.histograms.get("jobSeconds")?.observe({ task, outcome: error === null ? "done" : "failed" }, seconds);
    if (result === null) return;
    for (const [outcome, count] of Object.entries(result.runs)) this.count("runs", { outcome }, count);
    if (result.refused > 0) this.count("saveRefused", {}, result.refused);
  }

  recordStep(type: string, seconds: number): void {
    this.histograms.get("stepSeconds")?.observe({ type }, seconds);
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
          this.histograms.get("deliverySeconds")?.observe({ channel, outcome }, seconds);
        }
      },
    };
    // The other methods of the provider stay available.
    return Object.assign(Object.create(provider) as Provider, measured);
  }

  /** Returns the metrics in the text format of Prometheus. */
  async format(statistics: DueWorkStatistics): Promise<string> {
    const set = (key: MetricKey, values: readonly [Labels, number][]): void => {
      const gauge = this.gauges.get(key);
      gauge?.reset();
      for (const [labels, value] of values) gauge?.set(labels, value);
    };
    set("dueLag", [[{}, statistics.lag]]);
    set(
      "dueRuns",
      Object.entries(statistics.dueRuns).map(([size, count]) => [{ class: size }, count]),
    );
    set(
      "jobs",
      statistics.jobs.map(({ task, state, count }) => [{ task, state }, count]),
    );
    set(
      "channelCircuit",
      statistics.openCircuits.map((channel) => [{ channel }, 1]),
    );
    set("poolWaiting", [[{}, statistics.waitingForConnections]]);
    set("oldestTransaction", [[{}, statistics.oldestTransaction]]);
    set(
      "deadRows",
      statistics.deadRows.map(({ table, count }) => [{ table }, count]),
    );
    return this.registry.metrics();
  }

  get contentType(): string {
    return this.registry.contentType;
  }
}
