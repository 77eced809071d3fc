import type { DueTaskResult, DueWorkObserver } from "../../src/ports/due-work.js";

/** The result of a job that found nothing to do. */
export const NO_RESULT: DueTaskResult = { runs: {}, refused: 0, deliveries: 0, failedDeliveries: 0 };

/** An observer that ignores everything. */
export const SILENT_OBSERVER: DueWorkObserver = {
  onJobEnded: () => {},
  onWorkFailed: () => {},
  onReconciled: () => {},
  onWorkersFreed: () => {},
  onRestarted: () => {},
  onTransactionRepeated: () => {},
  onError: () => {},
};
