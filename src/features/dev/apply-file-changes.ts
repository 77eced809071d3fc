import { applyRecipientsFiles, applySchedulesFiles } from "../../context/open-project-store.js";
import type { Output } from "../../output/output.js";
import { watchFolder } from "../../watch/watch-folder.js";
import type { Emulator } from "./emulator/start-emulator.js";
import type { FollowedProject } from "./followed-project.js";
import { printProjectChange } from "./print-project-change.js";
import type { ProjectChange } from "./project-snapshot.js";

/**
 * The webhook event type of each kind of change. Kinds without one, removed entries and broken entries publish no event
 * (A-926).
 */
const WEBHOOK_EVENTS: Partial<Record<ProjectChange["kind"], string>> = {
  workflow: "workflow.updated",
  layout: "email_layout.updated",
  partial: "partial.updated",
  translation: "translation.updated",
};

const RECIPIENTS_ENTRY = { kind: "recipients", key: null, branch: null } as const;
const SCHEDULES_ENTRY = { kind: "schedules", key: null, branch: null } as const;

interface FileChangeOptions {
  project: FollowedProject;
  store: Parameters<typeof applySchedulesFiles>[1];
  emulator: Emulator;
  output: Output;
  onError(error: unknown): void;
  /** Runs after the changes of each pass are applied. */
  onChange(): Promise<void>;
}

/**
 * Applies the project's file changes and reports them until aborted: recipients and schedules go to the store, and other changes are
 * printed and published as webhook events. Broken files are reported immediately, including files that were broken from
 * the start. Resolves after it has been aborted.
 */
export async function applyFileChanges(options: FileChangeOptions, signal: AbortSignal): Promise<void> {
  const { project, store, output, onError, onChange } = options;
  const waitForChange = watchFolder(
    project.current.knockDir,
    () => false,
    signal,
    () => project.reload(),
  );
  do {
    project.reload();
    const changes = await project.readChanges();
    // Errors in these files are among the changes that are printed below, so applying them would report the errors twice.
    if (project.findError(RECIPIENTS_ENTRY) == null) await applyRecipientsFiles(project.current, store).catch(onError);
    if (project.findError(SCHEDULES_ENTRY) == null) await applySchedulesFiles(project.current, store).catch(onError);
    await onChange().catch(onError);
    for (const change of changes) {
      printProjectChange({ ...change, kept: project.hasLastValid(change) }, output);
      await publishChange(change, options.emulator);
    }
  } while (await waitForChange());
}

async function publishChange(
  { kind, branch, change, buildDocument }: ProjectChange,
  emulator: Emulator,
): Promise<void> {
  const type = WEBHOOK_EVENTS[kind];
  // A branch's files affect only requests that select the branch, so they publish no events.
  if (branch !== null || type === undefined || buildDocument === null || change === "removed") return;
  await emulator.publish(type, buildDocument());
}
