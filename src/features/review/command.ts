import { type Command, Option } from "commander";
import { isCI } from "../../commands/shared/ci-variables.js";
import { addExamples } from "../../commands/shared/examples.js";
import { COMMAND_GROUPS, OPTION_GROUPS } from "../../commands/shared/help-groups.js";
import { addCommonOptions, addTargetOptions, type CommonFlags } from "../../commands/shared/options.js";
import { createReportFiles } from "../../commands/shared/report-files.js";
import { MAX_CONCURRENT_READS } from "../../comparison/map-concurrently.js";
import type { CommandContext } from "../../context/command-context.js";
import { hasStore } from "../../context/store-location.js";
import type { TargetFlags } from "../../context/target-flags.js";
import { EXIT } from "../../errors/error-codes.js";
import { KnockError } from "../../errors/knock-error.js";
import { readPrices } from "../../project/read-prices.js";
import { parseAmount, parseFailOn, type ReviewRules } from "./check-rules.js";
import type { PostTarget } from "./post/post-target.js";
import type { Review, ReviewSource } from "./run-review.js";

/** The connection for reading an account, which takes many requests. A refused request is repeated when the API allows it. */
const ACCOUNT_CONNECTION = { concurrency: MAX_CONCURRENT_READS, retries: 2, onRateLimited: () => {} };
/** The mode of reports, which contain messages and recipients. */
const OWNER_ONLY = 0o600;
const FORMATS = ["text", "markdown", "json"] as const;
const POST_SERVICES = ["github", "gitlab"] as const;

interface ReviewFlags extends CommonFlags, TargetFlags {
  base?: string;
  file?: string[];
  format?: (typeof FORMATS)[number];
  html?: string;
  post?: (typeof POST_SERVICES)[number];
  artifactUrl?: string;
  failOn?: string;
  maxLost?: string;
  maxGrowth?: string;
  budget?: string;
  prices?: string;
}

export function registerReview(program: Command, context: CommandContext): void {
  const command = program
    .command("review")
    .helpGroup(COMMAND_GROUPS.develop)
    .summary("Show what a change does to people")
    .description(
      "Compare the working tree with a base revision. Shows who gains or loses a message and why, which messages change, and what changes in scenarios, findings and the number of messages. Triggers come from scenarios, payloads/*.jsonl, the local store, and the account with --remote. Nothing is sent.",
    )
    .optionsGroup(OPTION_GROUPS.selection)
    .option(
      "--base <revision>",
      "compare with this git revision or folder (default: where the branch began, or the base of the pull request in CI)",
    )
    .option("-f, --file <paths...>", "read triggers from these JSON Lines files (default: payloads/*.jsonl)")
    .optionsGroup(OPTION_GROUPS.behavior)
    .option(
      "--fail-on <kinds>",
      "exit with 1 for lost messages, new errors or a higher price: lost,errors,cost",
      (kinds, previous: string | undefined) => (previous === undefined ? kinds : `${previous},${kinds}`),
    )
    .option("--max-lost <n>", "exit with 1 if more messages are lost")
    .option("--max-growth <percent>", "exit with 1 if the number of messages grows by more, such as 10%")
    .option("--budget <amount>", "exit with 1 if the messages of a month cost more")
    .option("--prices <file>", "show the cost of a month with these prices (default: prices.json of the project)");
  addCommonOptions(addTargetOptions(command), "all recipients", { quiet: "print only the verdict" })
    .optionsGroup(OPTION_GROUPS.output)
    .addOption(new Option("--format <format>", "print text, markdown or json (default: text)").choices(FORMATS))
    .option("--html <file>", "write one HTML page in addition to the output")
    .addOption(
      new Option(
        "--post <service>",
        "write one comment of the pull request, which later reviews update: github or gitlab",
      ).choices(POST_SERVICES),
    )
    .option(
      "--artifact-url <url>",
      "add a link to the HTML page at this address to the comment (default in GitHub Actions: the artifacts of the job)",
    );
  addExamples(command, () => ["knock review", "knock review --base main --fail-on lost"]).action((flags: ReviewFlags) =>
    runCommand(flags, context),
  );
}

function parseRules({ failOn, maxLost, maxGrowth, budget }: ReviewFlags): ReviewRules {
  // A budget is compared as a decimal number, so its text is kept.
  if (budget !== undefined) parseAmount(budget, "--budget");
  return {
    failOn: failOn === undefined ? [] : parseFailOn(failOn),
    maxLost: maxLost === undefined ? null : parseAmount(maxLost, "--max-lost"),
    maxGrowth: maxGrowth === undefined ? null : parseAmount(maxGrowth, "--max-growth", "%"),
    budget: budget ?? null,
  };
}

function checkArtifactUrl(url: string): void {
  if (/^https?:/i.test(url) && URL.canParse(url)) return;
  throw new KnockError("usage", `--artifact-url: ${JSON.stringify(url)} is not the address of a web page`, {
    hint: "Use an address that starts with https://.",
  });
}

async function review(
  flags: ReviewFlags,
  rules: ReviewRules,
  context: CommandContext,
  setProgress: (text: string) => void,
): Promise<Review> {
  const { io, output, input, target, settings } = context;
  const located = await target.locate(flags, true);
  const project = (await context.project.findFiles(flags)) ?? located.project;
  const prices = await readPrices(project, io.cwd, flags.prices);
  // Both versions often have the same problem.
  const warned = new Set<string>();
  const warn = (text: string): void => {
    if (!warned.has(text)) output.warn(text);
    warned.add(text);
  };
  const { listTriggerFiles, readTriggerFile } = await import("./read-trigger-file.js");
  const { openFileSource, readAccountSource, withStoreSource } = await import("../../comparison/trigger-sources.js");
  const { runReview } = await import("./run-review.js");
  const all = { range: { since: null, until: null, workflows: [] }, last: null };
  const sources: ReviewSource[] = [];
  for (const file of flags.file ?? listTriggerFiles(project.root, io.cwd)) {
    const { name, triggers, isTimed } = await readTriggerFile(file, input);
    sources.push({ kind: "file", source: openFileSource(name, triggers, all), isTimed });
  }
  const replayContext = { project, io, warn, setProgress };
  if ((await settings.getTarget(flags)) === "remote") {
    const selection = { ...all, limit: null, keepsPersonalData: false, comparesContent: true };
    const operations = await target.open(flags, "read", ACCOUNT_CONNECTION);
    sources.push({
      kind: "account",
      source: await readAccountSource(operations, selection, replayContext),
      isTimed: true,
    });
  }
  const run = (found: readonly ReviewSource[]): Promise<Review> =>
    runReview({ base: flags.base ?? null, rules, prices, sources: found }, replayContext);
  if (!hasStore(located.location)) return run(sources);
  return withStoreSource(located.location, all, replayContext, (source) =>
    run([...sources, { kind: "store", source, isTimed: true }]),
  );
}

async function printReport(
  { report, commentFilter }: Review,
  flags: ReviewFlags,
  context: CommandContext,
): Promise<void> {
  const { output } = context;
  const format = flags.json || output.verbosity.json ? "json" : (flags.format ?? "text");
  if (format === "json") return output.json(report);
  if (format === "text") {
    const { printReview } = await import("./print-review.js");
    return printReview(report, output);
  }
  const { formatReviewMarkdown, MAX_COMMENT_LENGTH } = await import("./format-review-markdown.js");
  const { artifactUrl = null } = flags;
  output.raw(formatReviewMarkdown(report, { filter: commentFilter, artifactUrl, maxLength: MAX_COMMENT_LENGTH }));
}

async function post(
  target: PostTarget,
  { report, commentFilter: filter }: Review,
  flags: ReviewFlags,
  context: CommandContext,
): Promise<void> {
  const { formatReviewMarkdown } = await import("./format-review-markdown.js");
  const { getGitHubArtifactsUrl } = await import("./post/post-target.js");
  const { postReview } = await import("./post/post-review.js");
  const isUploaded = target.service === "github" && flags.html !== undefined;
  const artifactUrl = flags.artifactUrl ?? (isUploaded ? getGitHubArtifactsUrl(context.io.env) : null);
  const formatMarkdown = (maxLength: number): string =>
    formatReviewMarkdown(report, { filter, artifactUrl, maxLength });
  await postReview(target, { report, formatMarkdown }, context);
}

/** Returns a function that also notes each phase in the log of a CI job, which has no line that changes. */
function notePhases(setText: (text: string) => void, { io, output }: CommandContext): (text: string) => void {
  if (!isCI(io.env) || output.isErrorTerminal) return setText;
  let last = "";
  return (text) => {
    const [phase = text] = text.split(":");
    if (phase !== last) output.note(`${phase} …`);
    last = phase;
    setText(text);
  };
}

async function runCommand(flags: ReviewFlags, context: CommandContext): Promise<void> {
  const { io, output } = context;
  const rules = parseRules(flags);
  if (flags.artifactUrl !== undefined) checkArtifactUrl(flags.artifactUrl);
  // Wrong usage is an error before the review, which takes time.
  const postTarget = flags.post && (await import("./post/post-target.js")).readPostTarget(flags.post, io.env);
  const files = createReportFiles(io, output, OWNER_ONLY);
  const found = await output.showProgress("comparing files", (setText) =>
    review(flags, rules, context, notePhases(setText, context)),
  );
  await printReport(found, flags, context);
  if (flags.html !== undefined) {
    const { buildReviewPage } = await import("./build-review-page.js");
    files.writeReport(flags.html, buildReviewPage(found.report));
  }
  if (postTarget) await post(postTarget, found, flags, context);
  if (found.report.rules.some(({ met }) => !met)) context.setExitCode(EXIT.failure);
}
