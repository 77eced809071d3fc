import { readFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { KEEP_DATA } from "../../comparison/personal-data-filter.js";
import type { RecordedTrigger } from "../../comparison/recorded-history.js";
import type { ReplaySource } from "../../comparison/trigger-sources.js";
import type { ProcessIO } from "../../context/process-io.js";
import { KnockError } from "../../errors/knock-error.js";
import { listScenarioWorkflows } from "../../scenarios/list-scenario-workflows.js";
import type { Scenario } from "../../scenarios/parse-scenarios.js";
import type { AffectedWorkflows } from "./affected-workflows.js";
import type { SampleComparison } from "./build-differences.js";
import { type FileResult, runScenarioFile, type ScenarioResults } from "./compare-scenarios.js";
import { RecordingTargets } from "./recording-targets.js";
import { replaySample } from "./replay-sample.js";
import { type ReplayThread, startReplayThread } from "./replay-thread.js";
import {
  appendSample,
  nameScenario,
  readScenarioFiles,
  renameWorkflows,
  runScenarioSample,
  type SampleRun,
  type ScenarioFile,
} from "./scenario-samples.js";
import type { ReviewSide } from "./sides.js";

interface SampleContext {
  before: ReviewSide;
  after: ReviewSide;
  affected: AffectedWorkflows;
  /** The old keys of renamed workflows by their new keys. */
  renames: ReadonlyMap<string, string>;
  /** Whether messages of unaffected workflows keep their contents, for prices or because the other side has none to compare. */
  readsAllContents: boolean;
  io: ProcessIO;
  warn(text: string): void;
  setProgress(text: string): void;
}

/** The samples of all scenarios, and the results of their expectations on their own side. */
interface ScenarioComparison {
  samples: SampleComparison;
  triggers: number;
  before: ScenarioResults;
  after: ScenarioResults;
  scenarios: readonly Scenario[];
}

const invert = (keys: ReadonlyMap<string, string>): Map<string, string> => new Map([...keys].map(([a, b]) => [b, a]));

const emptyRun = (): SampleRun => ({ messages: [], runs: [], rejected: [] });

/** Gives messages and runs of renamed workflows their new keys, by which both sides are compared. */
function useNewKeys({ messages, runs, rejected }: SampleRun, oldToNew: ReadonlyMap<string, string>): SampleRun {
  const rename = <T extends { workflow: string }>(item: T): T => {
    const workflow = oldToNew.get(item.workflow);
    return workflow === undefined ? item : { ...item, workflow };
  };
  return oldToNew.size === 0
    ? { messages, runs, rejected }
    : { messages: messages.map(rename), runs: runs.map(rename), rejected };
}

const readText = (path: string): string => {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
};

/** Returns whether both versions of a file of scenarios, and its snapshots, are equal. */
function isSameFile(before: ScenarioFile, after: ScenarioFile): boolean {
  const read = ({ file: { path } }: ScenarioFile): string =>
    readText(path) + readText(join(dirname(path), "__snapshots__", `${basename(path)}.json`));
  return read(before) === read(after);
}

/** Runs the scenarios of both sides. Those that no change affects run once. */
export async function compareScenarioSamples(context: SampleContext): Promise<ScenarioComparison> {
  const { before, after, affected, renames, io, warn, setProgress } = context;
  const toNewId = (id: string): string => {
    const [, folder = "", key = "", rest = ""] = /^(.*?workflows\/)([^/]+)(\/.*)$/.exec(id) ?? [];
    const renamed = oldToNew.get(key);
    return renamed === undefined ? id : folder + renamed + rest;
  };
  const oldToNew = invert(renames);
  const now = await readScenarioFiles(after);
  const old = (await readScenarioFiles(before)).map((file) => ({ ...file, id: toNewId(file.id) }));
  const oldById = new Map(old.map((file) => [file.id, file]));
  const targets = {
    before: new RecordingTargets(before.project, io, warn),
    after: new RecordingTargets(after.project, io, warn),
  };
  const results = { before: new Map<string, FileResult>(), after: new Map<string, FileResult>() };
  const samples = { before: emptyRun(), after: emptyRun(), filter: KEEP_DATA };
  const isAffected = (scenario: Scenario): boolean =>
    (listScenarioWorkflows(scenario)?.some((key) => affected.has(key)) ?? true) ||
    scenario.steps.some(({ write }) => write !== undefined);
  const seen: Scenario[] = [];
  let triggers = 0;
  /** Runs a scenario on both sides. `done` has what it led to where it has run already. */
  const runBoth = async (
    scenario: Scenario,
    name: string,
    done: { before: SampleRun | null; after: SampleRun | null } = { before: null, after: null },
  ): Promise<void> => {
    if (scenario.skip !== null || scenario.problems.length > 0) return;
    seen.push(scenario);
    triggers += scenario.steps.filter(
      ({ notify, schedule, source_event }) => notify ?? schedule ?? source_event,
    ).length;
    const ran = done.after ?? (await runScenarioSample(targets.after, renameWorkflows(scenario, oldToNew), name, io));
    appendSample(samples.after, ran);
    appendSample(
      samples.before,
      isAffected(scenario)
        ? (done.before ??
            useNewKeys(await runScenarioSample(targets.before, renameWorkflows(scenario, renames), name, io), oldToNew))
        : ran,
    );
  };
  try {
    for (const [index, file] of now.entries()) {
      if (io.signal.aborted)
        throw new KnockError("interrupted", "interrupted during the review", { hint: "Nothing was changed." });
      setProgress(`running scenarios: ${index} of ${now.length} files done`);
      const previous = oldById.get(file.id);
      const result = await targets.after.record(() => runScenarioFile(targets.after, file, index, io));
      results.after.set(file.id, result);
      const isSame = previous !== undefined && isSameFile(previous, file);
      let oldResult: FileResult = null;
      if (previous !== undefined) {
        const isUnaffected = isSame && !file.scenarios.some(isAffected);
        const runOld = () => targets.before.record(() => runScenarioFile(targets.before, previous, index, io));
        oldResult = isUnaffected ? result : await runOld();
        results.before.set(file.id, oldResult);
      }
      for (const scenario of file.scenarios) {
        const name = nameScenario(file.file, scenario);
        // Scenarios of renamed workflows have other keys on one side.
        const find = (side: "before" | "after", own: FileResult): SampleRun | null =>
          renames.size === 0 ? targets[side].findSample(scenario, own, name) : null;
        await runBoth(scenario, name, {
          before: isSame ? find("before", oldResult) : null,
          after: find("after", result),
        });
      }
      const names = new Set(file.scenarios.map(({ name }) => name));
      for (const scenario of previous?.scenarios ?? [])
        if (!names.has(scenario.name)) await runBoth(scenario, nameScenario(file.file, scenario));
    }
    const ids = new Set(now.map(({ id }) => id));
    for (const [index, file] of old.entries())
      if (!ids.has(file.id)) {
        results.before.set(file.id, await runScenarioFile(targets.before, file, index, io));
        for (const scenario of file.scenarios) await runBoth(scenario, nameScenario(file.file, scenario));
      }
    return {
      samples,
      triggers,
      scenarios: seen,
      before: { targets: targets.before, results: results.before },
      after: { targets: targets.after, results: results.after },
    };
  } catch (error) {
    await Promise.all([targets.before.close(), targets.after.close()]);
    throw error;
  }
}

/** Returns a source whose triggers name the workflows as one side does. */
function renameTriggers(source: ReplaySource, keys: ReadonlyMap<string, string>): ReplaySource {
  if (keys.size === 0) return source;
  const triggers = source.history.triggers.map((recorded): RecordedTrigger => {
    const workflow = keys.get(recorded.trigger.workflow);
    return workflow === undefined ? recorded : { ...recorded, trigger: { ...recorded.trigger, workflow } };
  });
  return { ...source, history: { ...source.history, triggers } };
}

/** The triggers of a source that each side runs. The old side does not run those of unaffected workflows. */
interface PlannedReplays {
  after: ReplaySource;
  before: ReplaySource;
}

const isAffected = (key: string, { affected, renames }: SampleContext): boolean =>
  affected.has(key) || renames.has(key) || [...renames.values()].includes(key);

async function planReplays(source: ReplaySource, context: SampleContext): Promise<PlannedReplays> {
  const { after, renames, readsAllContents } = context;
  const history = { ...source.history, until: null, ignoresStepRuns: false };
  const triggers = history.triggers.filter(({ trigger }) => isAffected(trigger.workflow, context));
  // Both sides share the messages of unaffected workflows, so these are equal. A price may depend on the content.
  const unaffected = (await after.project.workflowKeys()).filter((key) => !isAffected(key, context));
  const countedWorkflows = new Set(readsAllContents ? [] : unaffected);
  return {
    after: renameTriggers({ ...source, history, countedWorkflows }, invert(renames)),
    before: renameTriggers({ ...source, history: { ...history, triggers } }, renames),
  };
}

/** The threads that replay the triggers of a source; null for a side that runs in this one. */
export interface ReplayThreads {
  after: ReplayThread | null;
  before: ReplayThread | null;
}

/** Starts threads for the sides of a file that has many triggers. */
export async function startReplays(source: ReplaySource, context: SampleContext): Promise<ReplayThreads> {
  const planned = await planReplays(source, context);
  const start = (side: "after" | "before") => startReplayThread(context[side], planned[side], context.io);
  return { after: await start("after"), before: await start("before") };
}

/** Runs the triggers of a file, a store or an account on both sides. Those of unaffected workflows run once. */
export async function compareTriggerSamples(
  source: ReplaySource,
  context: SampleContext,
  threads: ReplayThreads | undefined,
): Promise<SampleComparison> {
  const { before, after, renames, io, warn } = context;
  const planned = await planReplays(source, context);
  const run = async (side: ReviewSide, label: string): Promise<SampleRun> => {
    const setProgress = (text: string): void => context.setProgress(text.replace(/^replaying/, `replaying ${label}`));
    const replayContext = { project: side.project, io, warn, setProgress };
    const ran = await threads?.[side.side]?.wait(replayContext);
    return ran ?? replaySample(planned[side.side], replayContext);
  };
  const ran = await run(after, "the working tree");
  const isEmpty = planned.before.history.triggers.length === 0;
  const old = isEmpty ? emptyRun() : useNewKeys(await run(before, before.name), invert(renames));
  const unaffected = <T extends { workflow: string }>(items: readonly T[]): T[] =>
    items.filter(({ workflow }) => !isAffected(workflow, context));
  appendSample(old, {
    messages: unaffected(ran.messages),
    runs: unaffected(ran.runs),
    rejected: ran.rejected.filter(({ workflow }) => !isAffected(workflow ?? "", context)),
  });
  old.messages.sort((a, b) => a.at - b.at);
  return { before: old, after: ran, filter: source.filter };
}
