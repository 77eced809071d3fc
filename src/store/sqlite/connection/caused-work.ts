import type { RecipientKey } from "../../../domain/recipient/recipient.js";
import { type CausedWork, NO_CAUSED_WORK } from "../../../ports/due-store.js";

/**
 * Records the work that a write makes due, where its rows are written. Writes are synchronous, so there is never more than
 * one. Nothing is recorded for a write that reports nothing.
 */
export class CausedWorkRecorder {
  private isRecording = false;
  private workflowRunIds = new Set<string>();
  private recipientRunIds = new Set<string>();
  private users = new Set<RecipientKey>();

  /** Runs a write or a part of one, and returns its result with the work that it made due. */
  collect<T>(work: () => T): { result: T; caused: CausedWork } {
    this.isRecording = true;
    try {
      const result = work();
      return { result, caused: this.take() };
    } finally {
      this.isRecording = false;
      this.take(); // what a write that failed has recorded
    }
  }

  addWorkflowRun(id: string): void {
    if (this.isRecording) this.workflowRunIds.add(id);
  }

  addRecipientRun(id: string): void {
    if (this.isRecording) this.recipientRunIds.add(id);
  }

  addUser(user: RecipientKey): void {
    if (this.isRecording) this.users.add(user);
  }

  private take(): CausedWork {
    const { workflowRunIds, recipientRunIds, users } = this;
    if (workflowRunIds.size + recipientRunIds.size + users.size === 0) return NO_CAUSED_WORK;
    const caused = {
      workflowRunIds: [...workflowRunIds],
      recipientRunIds: [...recipientRunIds],
      users: [...users],
    };
    workflowRunIds.clear();
    recipientRunIds.clear();
    users.clear();
    return caused;
  }
}
