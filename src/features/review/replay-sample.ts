import { replayTriggers } from "../../comparison/replay-triggers.js";
import type { ReplayContext, ReplaySource } from "../../comparison/trigger-sources.js";
import type { SampleRun } from "./scenario-samples.js";

/** Runs the triggers of a source against the files of one side. */
export async function replaySample(source: ReplaySource, context: ReplayContext): Promise<SampleRun> {
  const { messages, runs, failures } = await replayTriggers(context.project, source, context);
  const rejected = failures.map(({ trigger: { name, trigger }, error: { code, message } }) => ({
    trigger: name,
    workflow: trigger.workflow,
    code,
    message,
  }));
  return { messages, runs, rejected };
}
