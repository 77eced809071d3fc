import type { Emulator } from "../../emulator/start-emulator.js";
import type { Output } from "../../output/output.js";
import { printProjectChange } from "../../output/print-project-change.js";
import type { ProjectChange } from "../../project/project-snapshot.js";
import { applyRecipientsFiles } from "../open-local-engine.js";
import type { FollowedProject } from "./followed-project.js";
import { watchFolder } from "./watch-folder.js";

/** What a change is to webhooks; what is removed, or broken, is none. */
const WEBHOOK_EVENTS: Partial<Record<ProjectChange["kind"], string>> = {
  workflow: "workflow.updated",
  layout: "email_layout.updated",
  partial: "partial.updated",
  translation: "translation.updated",
};

const RECIPIENTS_ENTRY = { kind: "recipients", key: null, branch: null } as const;

interface FileChangeOptions {
  project: FollowedProject;
  store: Parameters<typeof applyRecipientsFiles>[1];
  emulator: Emulator;
  output: Output;
  onError(error: unknown): void;
  /** What is to be looked at again after each change. */
  onChange(): Promise<void>;
}

/**
 * Applies the project's files as they change, and announces it, until aborted: recipients to the store, the rest to whoever
 * listens. What is broken is told of at once, also of what was so from the start. Resolves when it has ended.
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
    // What is wrong with them was told when it became so.
    if (!project.isBroken(RECIPIENTS_ENTRY)) await applyRecipientsFiles(project.current, store).catch(onError);
    await onChange().catch(onError);
    for (const change of changes) {
      printProjectChange({ ...change, kept: project.hasLastValid(change) }, output);
      await publishChange(change, options.emulator);
    }
  } while (await waitForChange());
}

async function publishChange({ kind, branch, change, document }: ProjectChange, emulator: Emulator): Promise<void> {
  const type = WEBHOOK_EVENTS[kind];
  // A branch's files are nobody's yet but who asks for it.
  if (branch !== null || type === undefined || document === null || change === "removed") return;
  await emulator.publish(type, document);
}
