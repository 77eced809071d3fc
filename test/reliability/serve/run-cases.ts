import { BROWSER_GUIDE_CASES } from "../../features/dev/emulator/browser-guide-cases.js";
import { PUBLIC_API_CASES } from "../../features/dev/emulator/cases/public-api-cases.js";
import { OFFICIAL_SDK_CASES } from "../../features/dev/emulator/official-sdk-cases.js";
import { BROWSER_FEED_CASES } from "../../features/dev/emulator/realtime/browser-feed-cases.js";
import { SDK_METHOD_CASES } from "../../features/dev/emulator/sdk-method-cases.js";
import { runApiCase } from "../../helpers/api-case.js";
import type { EmulatorSetup, TestEmulator } from "../../helpers/test-emulator.js";
import { isLongRun } from "../long-runs.js";
import { ClusterApi, type Totals } from "./cluster-api.js";
import { DEV_ONLY_CASES, DEV_ONLY_PARTS, DevOnlyError } from "./dev-only.js";
import type { ServeCluster } from "./serve-cluster.js";
import type { StoreReader } from "./store-reader.js";

interface ClusterCase {
  title: string;
  setup?: EmulatorSetup | undefined;
  run(api: TestEmulator): Promise<void>;
}

const CLIENT_CASES: ClusterCase[] = [
  ...SDK_METHOD_CASES,
  ...OFFICIAL_SDK_CASES,
  ...BROWSER_FEED_CASES,
  ...BROWSER_GUIDE_CASES,
];
const API_CASES = Object.values(PUBLIC_API_CASES)
  .flat()
  .map((row): ClusterCase => ({ ...row, run: (api) => runApiCase(row, api) }));

/**
 * The cases of the official clients, which also run on an emulator of their own. The long form has those of the public API as well,
 * and those with more than a hundred messages.
 */
export const CLUSTER_CASES: readonly ClusterCase[] = isLongRun("faults")
  ? [...CLIENT_CASES, ...API_CASES]
  : CLIENT_CASES.filter(({ title }) => !title.startsWith("reads more new messages"));

/** A case whose connections were cut is attempted this many times. */
const MAX_ATTEMPTS = 4;

/** Runs cases on a cluster, and collects their results. */
export class CaseRunner {
  passed = 0;
  /** Attempts that failed after a connection was cut, such as a deletion that was repeated and found nothing. */
  readonly repeated: string[] = [];
  readonly failures: string[] = [];
  /** The cases that need an emulator, by the part or the title. */
  readonly devOnly = new Map<string, Set<string>>();

  constructor(
    private readonly cluster: ServeCluster,
    private readonly store: StoreReader,
    private readonly totals: Totals,
  ) {}

  /** Runs each case once, some at a time. */
  async runAll(atOnce: number): Promise<void> {
    const cases = CLUSTER_CASES.values();
    const runNext = async (): Promise<void> => {
      for (const next of cases) await this.run(next);
    };
    await Promise.all(Array.from({ length: atOnce }, runNext));
  }

  private async run({ title, setup, run }: ClusterCase): Promise<void> {
    if (title in DEV_ONLY_CASES) return this.skip(title, title);
    for (let attempt = 1; ; attempt++) {
      let api: ClusterApi | undefined;
      try {
        api = new ClusterApi(this.cluster, this.store, this.totals, setup);
        await api.prepare();
        await run(api.toEmulator());
        if (api.violations.length > 0) throw new Error(api.violations.join("\n"));
        this.passed++;
        return;
      } catch (error) {
        if (error instanceof DevOnlyError && error.part in DEV_ONLY_PARTS) return this.skip(error.part, title);
        const text = `${title}: ${error instanceof Error ? error.message : String(error)}`;
        if (!api?.mayBeCut || attempt === MAX_ATTEMPTS) return void this.failures.push(text);
        this.repeated.push(text);
      }
    }
  }

  private skip(reason: string, title: string): void {
    this.devOnly.set(reason, (this.devOnly.get(reason) ?? new Set()).add(title));
  }
}
