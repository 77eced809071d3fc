import { Counter, Gauge, Histogram, Registry } from "prom-client";
import type { OperatorPage } from "./metrics-server.js";

export interface MetricDefinition {
  name: string;
  type: "counter" | "gauge" | "histogram";
  help: string;
  labels?: readonly string[];
  /** The upper limits of a histogram's buckets, in seconds. */
  buckets?: readonly number[];
  /** The condition that needs a person. */
  alert?: string;
}

export type MetricLabels = Record<string, string>;

/** Jobs and requests take milliseconds to seconds, and providers up to a minute. */
const SECONDS_BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];

/** The metrics of a process, by the keys of a table of definitions. */
export class Metrics<Key extends string> {
  private readonly registry = new Registry();
  private readonly metrics = new Map<string, Counter | Gauge | Histogram>();

  constructor(private readonly definitions: Readonly<Record<Key, MetricDefinition>>) {
    for (const [key, definition] of Object.entries<MetricDefinition>(definitions)) {
      const { name, type, help, labels = [], buckets = SECONDS_BUCKETS } = definition;
      const options = { name, help, labelNames: [...labels], registers: [this.registry] };
      if (type === "histogram") this.metrics.set(key, new Histogram({ ...options, buckets: [...buckets] }));
      else this.metrics.set(key, type === "counter" ? new Counter(options) : new Gauge(options));
    }
  }

  count(key: Key, labels: MetricLabels = {}, amount = 1): void {
    (this.metrics.get(key) as Counter).inc(labels, amount);
  }

  observe(key: Key, labels: MetricLabels, seconds: number): void {
    (this.metrics.get(key) as Histogram).observe(labels, seconds);
  }

  /** Replaces all values of a gauge. */
  set(key: Key, values: readonly [MetricLabels, number][]): void {
    const gauge = this.metrics.get(key) as Gauge;
    gauge.reset();
    // Without labels, a reset gauge is 0 instead of unknown.
    if (values.length === 0 && this.definitions[key].labels === undefined) gauge.remove();
    for (const [labels, value] of values) gauge.set(labels, value);
  }

  /** Returns the metrics in the text format of Prometheus. */
  async toPage(): Promise<OperatorPage> {
    return { status: 200, type: this.registry.contentType, body: await this.registry.metrics() };
  }
}
