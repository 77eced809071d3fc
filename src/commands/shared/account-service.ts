import type { DiffReport } from "../../domain/replay/diff-report.js";
import type { Trigger } from "../../domain/trigger/trigger.js";
import type { TargetFlags } from "../services.js";

export interface DiffOptions {
  idempotencyKey: string | null;
  /** How long the runs on the account may take, in milliseconds. */
  timeoutMs: number;
}

/** Compares the project with the account that the settings select. */
export interface AccountService {
  /**
   * Runs a trigger on the account and in the local engine, and compares the results. Throws `project_missing`, and the
   * errors of a trigger that the project rejects before anything is sent.
   */
  diff(
    trigger: Trigger,
    options: DiffOptions,
    flags: TargetFlags,
    setProgress: (text: string) => void,
  ): Promise<DiffReport>;
}
