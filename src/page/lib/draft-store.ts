import type { Draft } from "./draft.js";

const PREFIX = "knock.draft.";

/** Returns the last input for a workflow, which is kept until the tab is closed. Returns null if nothing was entered. */
export function readDraft(workflow: string): Draft | null {
  try {
    const text = sessionStorage.getItem(PREFIX + workflow);
    return text === null ? null : JSON.parse(text);
  } catch {
    return null; // storage is not available, or its content is invalid
  }
}

export function writeDraft(workflow: string, draft: Draft): void {
  try {
    sessionStorage.setItem(PREFIX + workflow, JSON.stringify(draft));
  } catch {
    // the form also works without storage
  }
}
