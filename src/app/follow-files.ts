import type { Emulator } from "../emulator/open-emulator.js";
import type { Output } from "../output/output.js";
import { printChange } from "../output/print-change.js";
import type { ProjectChange } from "../project/survey-project.js";
import type { FollowedProject } from "./followed-project.js";
import { applyRecipientsFiles } from "./open-local.js";
import { watchFolder } from "./watch-folder.js";

/** What a change is to webhooks; what is removed, or broken, is none. */
const UPDATED: Partial<Record<ProjectChange["kind"], string>> = {
  workflow: "workflow.updated",
  layout: "email_layout.updated",
  partial: "partial.updated",
  translation: "translation.updated",
};

const RECIPIENTS = { kind: "recipients", key: null, branch: null } as const;

interface FollowOptions {
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
export async function followFiles(options: FollowOptions, signal: AbortSignal): Promise<void> {
  const { project, store, output, onError, onChange } = options;
  const changed = watchFolder(
    project.current.knockDir,
    () => false,
    signal,
    () => project.renew(),
  );
  do {
    project.renew();
    const changes = await project.changes();
    // What is wrong with them was told when it became so.
    if (!project.isBroken(RECIPIENTS)) await applyRecipientsFiles(project.current, store).catch(onError);
    await onChange().catch(onError);
    for (const one of changes) {
      printChange({ ...one, kept: project.hasGood(one) }, output);
      await publish(one, options.emulator);
    }
  } while (await changed());
}

async function publish({ kind, branch, change, document }: ProjectChange, emulator: Emulator): Promise<void> {
  const type = UPDATED[kind];
  // A branch's files are nobody's yet but who asks for it.
  if (branch !== null || type === undefined || document === null || change === "removed") return;
  await emulator.publish(type, document);
}
