import type { RecipientKey } from "../../domain/recipient/recipient.js";
import type { DiffReport } from "../../domain/replay/diff-report.js";
import type { Trigger } from "../../domain/trigger/trigger.js";
import type { AuditReport } from "../../domain/validation/audit-report-schema.js";
import type { TargetFlags } from "../services.js";

export interface DiffOptions {
  idempotencyKey: string | null;
  /** How long the runs on the account may take, in milliseconds. */
  timeoutMs: number;
  /** Whether the local run uses the data of the recipients files, so that other data on the account is a difference. */
  usesProjectRecipients: boolean;
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
  /**
   * Returns which channel steps would send nothing to users of the account, and why. `workflows` is empty for all of the
   * project. Sends only requests that read. Throws `project_missing` and `workflow_missing`.
   */
  audit(
    users: readonly RecipientKey[],
    workflows: readonly string[],
    flags: TargetFlags,
    setProgress: (text: string) => void,
  ): Promise<AuditReport>;
}
