import type { Draft } from "./draft.js";

const PREFIX = "knock.draft.";

/** What was last put in for a workflow, for as long as the tab is open; null where there is none. */
export function readDraft(workflow: string): Draft | null {
  try {
    const text = sessionStorage.getItem(PREFIX + workflow);
    return text === null ? null : (JSON.parse(text) as Draft);
  } catch {
    return null; // no storage, or none of ours
  }
}

export function writeDraft(workflow: string, draft: Draft): void {
  try {
    sessionStorage.setItem(PREFIX + workflow, JSON.stringify(draft));
  } catch {
    // a form that is not kept is still a form
  }
}
