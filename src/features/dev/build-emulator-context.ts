import { createLocalEngine, httpClient } from "../../context/create-local-engine.js";
import { emptyStore } from "../../context/empty-store.js";
import type { GuardDeliveries } from "../../context/guard-deliveries.js";
import { mapEnvironment } from "../../context/map-environment.js";
import { applyDataFiles } from "../../context/open-project-store.js";
import { openSources } from "../../context/open-sources.js";
import type { ProcessIO } from "../../context/process-io.js";
import { listOtherSenders } from "../../context/project-names.js";
import type { EngineContext } from "../../engine/context/engine-context.js";
import { createGuideOperations } from "../../engine/guides/guide-operations.js";
import { renderContentsInLocale } from "../../engine/preview/render-contents-in-locale.js";
import { KnockError } from "../../errors/knock-error.js";
import type { Output } from "../../output/output.js";
import { printError } from "../../output/print-error.js";
import type { Store } from "../../ports/store.js";
import type { StoreLogs } from "../../ports/store-logs.js";
import type { Project } from "../../project/open-project.js";
import { Faults } from "../../providers/faults.js";
import type { Tracing } from "../../tracing/tracing.js";
import type { Account } from "./emulator/account.js";
import type { SceneParts } from "./emulator/emulator-options.js";
import { LocalTracking } from "./emulator/local-tracking.js";
import { serializeDelivery } from "./emulator/webhooks/webhook-delivery.js";
import type { FollowedProject } from "./followed-project.js";
import { createGuideReader } from "./guide-reader.js";
import { printWebhookDelivery } from "./print-webhook-delivery.js";
import { openProjectDocuments } from "./read-project-documents.js";
import type { ServedProjects } from "./served-projects.js";

interface EmulatorSources {
  opened: Project;
  deliveries: { guardDeliveries: GuardDeliveries | null | undefined; webhookUrl: string | undefined };
  project: FollowedProject;
  served: ServedProjects;
  account: Account;
  location: string;
  store: Store;
  logs: StoreLogs;
  checkDueWork?: (() => Promise<void>) | undefined;
  tracing: Tracing | undefined;
  io: ProcessIO;
  output: Output;
  warn: NonNullable<EngineContext["warn"]>;
}

type EmulatorContext = SceneParts["options"];

/** Builds the engine on the project's current files, and everything else that the API's responses are based on. */
export function buildEmulatorContext(sources: EmulatorSources): EmulatorContext {
  const { opened, deliveries, project, served, account, location, store, logs, checkDueWork } = sources;
  const { tracing, io, output, warn } = sources;
  const { cwd, env } = io;
  const { definitions } = served;
  const faults = new Faults();
  const tracking = new LocalTracking();
  const guides = createGuideReader(() => served.served, cwd);
  const operations = createLocalEngine(
    mapEnvironment(definitions, (environment) => tracking.applyTo(faults.applyTo(environment))),
    store,
    io,
    {
      wrapProviders: (next) => (channel) => faults.wrapProvider(channel, next),
      ...deliveries,
      guides: (context) => createGuideOperations(context, guides),
      contentsInLocale: renderContentsInLocale,
      warn,
      checkDueWork,
      tracing,
    },
  );
  return {
    operations,
    store,
    account,
    definitions,
    listOtherSenders: () => listOtherSenders(project.current),
    faults,
    webhooks: {
      log: logs.outbound,
      fetcher: tracing?.traceClient(httpClient) ?? httpClient,
      readConfiguration: async () => {
        const { name, private_addresses } = await definitions.environment();
        return { webhooks: await project.readWebhooks(), environment: name, private_addresses };
      },
      onAttempt: (delivery) => printWebhookDelivery(serializeDelivery(delivery), output),
    },
    sources: openSources({ project: opened, definitions, operations, log: logs.sources }, cwd, output, env),
    links: logs.links,
    documents: openProjectDocuments(project, logs.broadcasts, cwd),
    onListening: (url) => tracking.setBaseUrl(url),
    environment: definitions.environment,
    readVariable: (name) => env[name],
    async takeSnapshot() {
      const snapshot = await store.takeSnapshot();
      const restore = async (): Promise<void> => {
        await snapshot.restore();
        await applyDataFiles(project.current, store);
      };
      return { ...snapshot, restore };
    },
    reset: (keep) => emptyStore({ store, location, logs, operations }, project.current, keep),
    onError(error) {
      const isDebugging = env.KNOCK_DEBUG === "1";
      if (!(error instanceof KnockError)) return printError(error, output, isDebugging);
      warn(error.message);
      if (isDebugging) output.errorLine(String(error.stack));
    },
  };
}
