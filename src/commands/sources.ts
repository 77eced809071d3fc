import type { Command } from "commander";
import type { CommandContext } from "../context/command-context.js";
import type { LocalTarget } from "../context/open-local-target.js";
import type { TargetFlags } from "../context/target-flags.js";
import { summarizeOutcomes } from "../domain/run/outcome.js";
import type { SourceReceipt } from "../domain/trigger/source-receipt.js";
import { EXIT } from "../errors/error-codes.js";
import { KnockError } from "../errors/knock-error.js";
import { InputReader } from "../input/input-source.js";
import { type RequestBodyFlags, readRequestBody } from "../input/request-body.js";
import type { Output } from "../output/output.js";
import { printOutcome } from "../output/print-outcome.js";
import { printReceipt, printReceipts, printSources } from "../output/print-sources.js";
import type { LocalOperations } from "../ports/operations.js";
import type { SourceOperations } from "../ports/source-service.js";
import { COMMAND_GROUPS } from "./shared/help-groups.js";
import { collectValues } from "./shared/options.js";
import { addFilePageOptions, addPageOptions, type PageFlags, paginateFiles, parsePage } from "./shared/paging.js";
import {
  addBodyOptions,
  addLocalResourceOptions,
  openLocalOnlyTarget,
  type ResourceFlags,
} from "./shared/resource-options.js";

function openTarget(context: CommandContext, flags: TargetFlags): Promise<LocalTarget> {
  return openLocalOnlyTarget(context, flags, {
    noun: "sources",
    alternative: "Send events to the source's webhook URL of the service",
  });
}

async function openSources(context: CommandContext, flags: TargetFlags): Promise<SourceOperations> {
  return (await openTarget(context, flags)).sources;
}

/** Prints the outcomes of the runs that an event started, and of the recipient runs that waited for it. */
async function printOutcomes(
  operations: LocalOperations,
  { actions }: SourceReceipt,
  continuedRunIds: readonly string[],
  output: Output,
): Promise<void> {
  const now = Date.parse((await operations.readClock()).now);
  const started = new Set(actions.flatMap(({ workflow_run_id }) => workflow_run_id ?? []));
  const continued = new Set<string>();
  for (const id of continuedRunIds) {
    const run = await operations.readRecipientRun(id);
    if (run !== null) continued.add(String(run.workflow_run_id));
  }
  for (const id of new Set([...continued, ...started])) {
    const outcome = await operations.readWorkflowRun(id);
    if (outcome === null) continue;
    const recipients = (outcome.recipients ?? []).filter(
      ({ recipient_run_id }) => started.has(id) || continuedRunIds.includes(recipient_run_id ?? ""),
    );
    printOutcome({ ...outcome, recipients, summary: summarizeOutcomes(recipients) }, now, output);
  }
}

/**
 * Returns headers by lower-case name, as an HTTP server receives them. Throws `usage` for a line that is not a header.
 */
function parseHeaders(lines: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    lines.map((line) => {
      const [, name, value] = /^([!#$%&'*+.^_`|~\w-]+):(.*)$/.exec(line) ?? [];
      if (name === undefined || value === undefined)
        throw new KnockError(
          "usage",
          `--header: ${JSON.stringify(line)} must be a name and a value, as in "x-region: eu"`,
        );
      return [name.toLowerCase(), value.trim()];
    }),
  );
}

export function registerSources(program: Command, context: CommandContext): void {
  const sources = program
    .command("sources")
    .helpGroup(COMMAND_GROUPS.trigger)
    .summary("Receive events from other systems")
    .description(
      "Receive events from other systems. The files in sources/<key>/ define which events identify or subscribe users, and which trigger or cancel workflows.",
    );

  const list = sources
    .command("list", { isDefault: true })
    .description("List the project's sources and the actions of their events");
  addLocalResourceOptions(addFilePageOptions(list), ["knock sources list"]).action(
    async (flags: ResourceFlags & PageFlags) => {
      printSources(paginateFiles(await (await openSources(context, flags)).list(), flags), context.output);
    },
  );

  addLocalResourceOptions(
    addBodyOptions(
      sources
        .command("send")
        .argument("<key>", "the source's key")
        .description(
          "Receive an event as if the system had sent it, without verifying a signature. Print the result of each action, and what happened to each recipient",
        ),
    ).option("--header <name: value>", "add a request header, for paths under headers.; repeatable", collectValues),
    ({ source, eventFile }) => [
      `knock sources send ${source} --file ${eventFile}`,
      `cat ${eventFile} | knock sources send ${source} --file - --json`,
    ],
  ).action(async (key: string, flags: ResourceFlags & RequestBodyFlags & { header?: string[] }) => {
    const event = await readRequestBody(flags, new InputReader(context.input));
    if (event === null) {
      // An unknown source is reported first.
      await (await openSources(context, flags)).listEvents(key, { limit: 1 });
      throw new KnockError("usage", "no event given", { hint: "Use --file event.json or --data with the JSON." });
    }
    const target = await openTarget(context, flags);
    let continuedRunIds: readonly string[] = [];
    const request = { body: event, headers: parseHeaders(flags.header ?? []) };
    const receipt = await target.sources.receive(key, request, (ids) => {
      continuedRunIds = ids;
    });
    printReceipt(receipt, continuedRunIds, context.output);
    if (!context.output.verbosity.json && !context.output.verbosity.quiet)
      await printOutcomes(target.operations, receipt, continuedRunIds, context.output);
    const hasFailed = receipt.error !== null || receipt.actions.some(({ error }) => error !== null);
    if (hasFailed) context.setExitCode(EXIT.failure);
  });

  const events = sources
    .command("events")
    .argument("[key]", "list only events of this source")
    .description("List events, newest first");
  addLocalResourceOptions(addPageOptions(events), ({ source }) => [
    "knock sources events",
    `knock sources events ${source} --json`,
  ]).action(async (key: string | undefined, flags: ResourceFlags & PageFlags) => {
    const page = parsePage(flags);
    printReceipts(await (await openSources(context, flags)).listEvents(key ?? null, page), context.output);
  });
}
