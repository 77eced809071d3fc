import type { RecipientRun } from "../../../domain/run/workflow-run.js";
import type { TriggerData } from "../../rows/run-row.js";

/** Maximum number of remembered claims. Claims that are never saved, such as after an error, would otherwise accumulate. */
const MAX_CLAIMS = 64;

/** The columns of a claimed run that its save needs and that the run itself does not have. */
export interface ClaimedRow {
  row: number;
  batch: number | null;
  version: number | null;
  workflowRun: number;
  workflow: string;
  tenant: string | null;
  trigger: TriggerData;
  /** Whether the row has the claim's token. Otherwise its revision guards the save. */
  isLeased: boolean;
  /** The state that was claimed. */
  before: Pick<RecipientRun, "status" | "error_count">;
}

/** The rows of claimed runs by run id, for each claim's token, so that a save need not look them up. */
export class ClaimedRows {
  private readonly claims = new Map<string, ReadonlyMap<string, ClaimedRow>>();

  remember(token: string, rows: ReadonlyMap<string, ClaimedRow>): void {
    this.claims.set(token, rows);
    const [oldest] = this.claims.keys();
    if (this.claims.size > MAX_CLAIMS && oldest !== undefined) this.claims.delete(oldest);
  }

  get(token: string): ReadonlyMap<string, ClaimedRow> | undefined {
    return this.claims.get(token);
  }

  forget(token: string): void {
    this.claims.delete(token);
  }
}
