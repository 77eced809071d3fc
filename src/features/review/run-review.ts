import type { ValidationReport } from "../../checks/project-finding.js";
import type { DataFilter } from "../../comparison/personal-data-filter.js";
import type { ReplaySource } from "../../comparison/trigger-sources.js";
import type { ProcessIO } from "../../context/process-io.js";
import { resolveSecretVariables } from "../../domain/environment/secret-variables.js";
import type { Prices } from "../../domain/pricing/prices-schema.js";
import { toRecipientKey } from "../../domain/recipient/recipient.js";
import { KnockError } from "../../errors/knock-error.js";
import type { Project } from "../../project/open-project.js";
import type { JsonObject } from "../../util/json.js";
import { redactJson } from "../../util/redact-secrets.js";
import { validateProject } from "../../validation/validate-project.js";
import { findAffectedWorkflows } from "./affected-workflows.js";
import { buildCosts } from "./build-costs.js";
import { buildDifferences, type SampleComparison } from "./build-differences.js";
import { buildVerdict } from "./build-verdict.js";
import { buildVolume, type TimedSamples } from "./build-volume.js";
import { checkFiles } from "./check-files.js";
import { checkRules, type ReviewRules } from "./check-rules.js";
import { compareDocuments, type DocumentComparison } from "./compare-documents.js";
import { compareScenarioSamples, compareTriggerSamples, type ReplayThreads, startReplays } from "./compare-samples.js";
import { compareScenarios } from "./compare-scenarios.js";
import { createCommentFilter, hidePeople } from "./hide-people.js";
import { compareWithInvalidBase, findProjectError } from "./invalid-base.js";
import { readDocuments } from "./read-documents.js";
import type { MessageDifference, ReviewReport, WorkflowReview } from "./review-report-schema.js";
import type { RejectedSample } from "./scenario-samples.js";
import { formatSidePath, openSides, type ReviewSide } from "./sides.js";

/** A source of triggers besides scenarios. */
export interface ReviewSource {
  kind: "file" | "store" | "account";
  source: ReplaySource;
  /** Whether its triggers have the times at which they happened. */
  isTimed: boolean;
}

interface ReviewOptions {
  base: string | null;
  rules: ReviewRules;
  prices: Prices | null;
  sources: readonly ReviewSource[];
}

interface ReviewContext {
  project: Project;
  io: ProcessIO;
  warn(text: string): void;
  setProgress(text: string): void;
}

/** A report, and the filter that removes personal data from what a comment says. */
export interface Review {
  report: ReviewReport;
  commentFilter: DataFilter;
}

const DAY_MS = 86_400_000;
/** The time from which triggers stand for a month. A few minutes of trying out a workflow do not. */
const MIN_SCALED_DAYS = 1;

function getDays({ source: { history } }: ReviewSource): number | null {
  const times = history.triggers.map(({ at }) => at);
  const span = (times.at(-1) ?? 0) - (times[0] ?? 0);
  return span === 0 ? null : span / DAY_MS;
}

async function validate(side: ReviewSide): Promise<ValidationReport["findings"]> {
  const { project } = side;
  try {
    const { findings } = await validateProject(project, { keys: [], cwd: project.root, emailTools: null });
    return findings.map((finding) => ({ ...finding, file: formatSidePath(side, `${project.root}/${finding.file}`) }));
  } catch (error) {
    if (error instanceof KnockError) return [];
    throw error;
  }
}

/** Returns the values of the secret variables of a side, which messages may contain. */
async function readSecrets({ project }: ReviewSide, { env }: ProcessIO): Promise<readonly string[]> {
  try {
    return resolveSecretVariables(await project.environment(), (name) => env[name]).secrets;
  } catch (error) {
    if (error instanceof KnockError) return []; // An invalid environment is a finding, and renders nothing.
    throw error;
  }
}

/** Compares findings without their lines, which move with every edit above them. */
function compareFindings(
  before: ValidationReport["findings"],
  after: ValidationReport["findings"],
): ReviewReport["findings"] {
  const toKey = ({ code, file, pointer, message }: ValidationReport["findings"][number]): string =>
    JSON.stringify([code, file, pointer, message.replace(/\d/g, "")]);
  const subtract = (list: ValidationReport["findings"], others: ValidationReport["findings"]) => {
    const keys = new Set(others.map(toKey));
    return list.filter((finding) => !keys.has(toKey(finding)));
  };
  return { new: subtract(after, before), fixed: subtract(before, after) };
}

/** Returns the triggers that a version rejects. A missing workflow is left out if its state already says so. */
function mergeRejected(
  { before, after, filter }: SampleComparison,
  isExplained: (sample: RejectedSample, side: "before" | "after") => boolean,
): ReviewReport["rejected"] {
  const toKey = ({ trigger, code }: RejectedSample): string => JSON.stringify([trigger, code]);
  const [old, now] = [new Set(before.rejected.map(toKey)), new Set(after.rejected.map(toKey))];
  const describe = ({ trigger, workflow, code, message }: RejectedSample, side: "before" | "after" | "both") => ({
    side,
    trigger: filter.filterText(trigger),
    workflow,
    code,
    message: filter.filterText(message),
  });
  return [
    ...after.rejected
      .filter((sample) => !isExplained(sample, "after"))
      .map((sample) => describe(sample, old.has(toKey(sample)) ? "both" : "after")),
    ...before.rejected
      .filter((sample) => !now.has(toKey(sample)) && !isExplained(sample, "before"))
      .map((sample) => describe(sample, "before")),
  ];
}

function countByWorkflow(samples: readonly SampleComparison[], side: "before" | "after"): Map<string, number> {
  const counts = new Map<string, number>();
  for (const sample of samples)
    for (const { workflow } of sample[side].messages) counts.set(workflow, (counts.get(workflow) ?? 0) + 1);
  return counts;
}

const getName = (comparison: DocumentComparison | undefined): string | null => {
  const name = (comparison?.after ?? comparison?.before)?.content?.name;
  return typeof name === "string" ? name : null;
};

const sumMessages = (differences: readonly MessageDifference[], kind: MessageDifference["kind"]): number =>
  differences.filter((difference) => difference.kind === kind).reduce((sum, { messages }) => sum + messages, 0);

const isWorkflow = ({ id }: DocumentComparison): boolean => id.startsWith("workflows/") && id.split("/").length === 2;

const toWorkflowKey = (id: string): string => id.slice("workflows/".length);

/** Returns the number of different recipients of a kind of difference. */
function countRecipients(workflows: readonly WorkflowReview[], kind: MessageDifference["kind"]): number {
  const keys = workflows.flatMap(({ differences }) =>
    differences
      .filter((difference) => difference.kind === kind)
      .flatMap(({ recipients }) => recipients.map(toRecipientKey)),
  );
  return new Set(keys).size;
}

/**
 * Compares the working tree with a base: what its triggers lead to on both sides. Nothing is sent or written. Throws
 * `project_invalid` for a file of the working tree with a merge conflict or invalid JSON.
 */
export async function runReview(
  { base, rules, prices, sources }: ReviewOptions,
  context: ReviewContext,
): Promise<Review> {
  const { project, warn, setProgress } = context;
  const sides = await openSides(project, base, context.io);
  const threads: ReplayThreads[] = [];
  try {
    const { before, after, notes } = sides;
    const io = { ...context.io, cwd: project.root };
    setProgress("comparing files");
    await checkFiles(sides);
    const comparisons = await compareDocuments(sides, await readDocuments(before), await readDocuments(after));
    const workflowComparisons = new Map(
      comparisons.filter(isWorkflow).map((comparison) => [toWorkflowKey(comparison.id), comparison]),
    );
    const renames = new Map(
      [...workflowComparisons].flatMap(([key, { previousId }]): [string, string][] =>
        previousId === null ? [] : [[key, toWorkflowKey(previousId)]],
      ),
    );
    const affected = await findAffectedWorkflows(before.project, after.project, comparisons);
    const sampleContext = {
      before,
      after,
      affected,
      renames,
      readsAllContents: prices !== null,
      io,
      warn,
      setProgress,
    };
    const baseError = await findProjectError(before);
    if (baseError !== null) notes.push(`${before.name} is invalid and runs no triggers: ${baseError.message}`);
    for (const own of baseError === null ? sources : [])
      threads.push(own.kind === "file" ? await startReplays(own.source, sampleContext) : { before: null, after: null });
    const scenarios = await compareScenarioSamples(sampleContext);
    const scenarioReview = await compareScenarios(scenarios.before, scenarios.after);
    const findFindings = async (): Promise<ReviewReport["findings"]> => {
      setProgress("validating");
      return compareFindings(await validate(before), await validate(after));
    };
    const hasThreads = threads.some((own) => own.before !== null || own.after !== null);
    const earlyFindings = hasThreads ? await findFindings() : null;
    const samples: SampleComparison[] = [scenarios.samples];
    const timed: TimedSamples[] = [];
    for (const [index, own] of sources.entries()) {
      const compared = await (baseError === null
        ? compareTriggerSamples(own.source, sampleContext, threads[index])
        : compareWithInvalidBase(own.source, sampleContext, baseError));
      const sample = await hidePeople(compared, own.source);
      samples.push(sample);
      const days = own.isTimed ? getDays(own) : null;
      const isScaled = days !== null && days >= MIN_SCALED_DAYS;
      timed.push({ ...sample, days: isScaled ? days : null, triggers: own.source.history.triggers.length });
    }
    setProgress("comparing messages");
    const users = affected.users;
    const getCauses = (workflow: string) => ({ workflow: workflowComparisons.get(workflow), comparisons, users });
    const { byWorkflow, equal } = buildDifferences(samples, getCauses);
    const counts = { before: countByWorkflow(samples, "before"), after: countByWorkflow(samples, "after") };
    const volume = buildVolume([{ ...scenarios.samples, days: null, triggers: scenarios.triggers }, ...timed]);
    const costs = prices === null ? null : await buildCosts(timed, prices, sides);
    const reviewed = [...new Set([...workflowComparisons.keys(), ...byWorkflow.keys()])].map((key): WorkflowReview => {
      const comparison = workflowComparisons.get(key);
      return {
        workflow: key,
        name: getName(comparison),
        state: comparison?.state ?? "affected",
        previous_key: renames.get(key) ?? null,
        changes: comparison?.changes ?? [],
        differences: byWorkflow.get(key) ?? [],
        messages: { before: counts.before.get(key) ?? 0, after: counts.after.get(key) ?? 0 },
        volume: volume.byWorkflow(key),
        cost: costs?.byWorkflow(key) ?? null,
      };
    });
    const weight = ({ differences }: WorkflowReview): number[] =>
      (["lost", "gained", "changed"] as const).map((kind) => sumMessages(differences, kind));
    reviewed.sort((a, b) => {
      const [x, y] = [weight(a), weight(b)];
      const at = x.findIndex((count, index) => count !== y[index]);
      return at < 0 ? (a.workflow < b.workflow ? -1 : 1) : (y[at] ?? 0) - (x[at] ?? 0);
    });
    const all = reviewed.flatMap(({ differences }) => differences);
    const findings = earlyFindings ?? (await findFindings());
    const rejected = samples.flatMap((sample) =>
      mergeRejected(sample, ({ code, workflow }, side) => {
        const state = workflowComparisons.get(workflow ?? "")?.state;
        if (code !== "workflow_missing" || state === undefined) return false;
        // Triggers of other sources than scenarios may still be sent after the workflow is removed.
        return side === "before" ? state === "added" : state === "removed" && sample === scenarios.samples;
      }),
    );
    const totals = {
      has_differences:
        comparisons.length + all.length + findings.new.length + findings.fixed.length > 0 ||
        scenarioReview.changes.some((change) => change.before !== change.after),
      workflows: reviewed.length,
      lost: sumMessages(all, "lost"),
      gained: sumMessages(all, "gained"),
      changed: sumMessages(all, "changed"),
      equal,
      recipients_lost: countRecipients(reviewed, "lost"),
      recipients_gained: countRecipients(reviewed, "gained"),
      recipients_changed: countRecipients(reviewed, "changed"),
    };
    const exact = { messages: volume.exact, costs: costs?.exact ?? null };
    const triggers = scenarios.triggers + sources.reduce((sum, { source }) => sum + source.history.triggers.length, 0);
    const report: Omit<ReviewReport, "rules"> = {
      project: after.folder || ".",
      environment: project.environmentName ?? null,
      base: { name: before.name, commit: before.commit },
      head: { name: after.name, commit: after.commit },
      sources: [
        { kind: "scenarios", name: "scenarios", triggers: scenarios.triggers, days: null },
        ...sources.map((own) => ({
          kind: own.kind,
          name: own.source.name,
          triggers: own.source.history.triggers.length,
          days: own.isTimed ? getDays(own) : null,
        })),
      ],
      summary: { verdict: buildVerdict(totals, triggers), ...totals },
      workflows: reviewed,
      resources: comparisons
        .filter((comparison) => !isWorkflow(comparison))
        .map(({ id, state, changes }) => ({
          resource: id,
          state: state === "renamed" ? "changed" : state,
          changes,
          workflows: [...(users.get(id) ?? [])],
        })),
      rejected,
      scenarios: scenarioReview,
      findings,
      volume: { ...volume.total, cost: costs?.total ?? null },
      notes: [...notes, ...new Set(sources.flatMap(({ source }) => [...source.history.notes]))],
    };
    const data = [
      ...scenarios.scenarios.flatMap(
        ({ given, steps }) => [given, ...steps.map(({ expect: _, ...step }) => ({ step }))] as JsonObject[],
      ),
      ...sources.flatMap(({ source }) => source.history.triggers.map(({ trigger }) => trigger.payload)),
    ];
    const secrets = [...(await readSecrets(before, context.io)), ...(await readSecrets(after, context.io))];
    return {
      report: redactJson({ ...report, rules: checkRules(report, rules, exact) }, secrets),
      commentFilter: await createCommentFilter([before, after], samples, data, `knock review ${report.project}`),
    };
  } finally {
    await Promise.all(threads.flatMap(({ before, after }) => [before?.stop(), after?.stop()]));
    sides.close();
  }
}
