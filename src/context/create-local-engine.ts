import type { Channel } from "../domain/environment/environment.js";
import { resolveSecretVariables } from "../domain/environment/secret-variables.js";
import type { RecipientKey } from "../domain/recipient/recipient.js";
import type { EngineContext } from "../engine/context/engine-context.js";
import { createEngine } from "../engine/create-engine.js";
import type { Definitions } from "../ports/definitions.js";
import type { HttpClient } from "../ports/http-client.js";
import type { LocalOperations } from "../ports/operations.js";
import type { Store } from "../ports/store.js";
import { NO_TRACER } from "../ports/tracer.js";
import { findProviderDefinition } from "../providers/catalog.js";
import type { ProviderOptions, Providers } from "../providers/open-providers.js";
import type { Tracing } from "../tracing/tracing.js";
import { systemIds } from "../util/ids.js";
import { getProcessIdentity } from "../util/process-identity.js";
import type { GuardDeliveries } from "./guard-deliveries.js";
import { mapEnvironment } from "./map-environment.js";
import type { ProcessIO } from "./process-io.js";

/**
 * Creates providers that are imported when the first message is sent, so that a start whose channels are all sandboxed
 * loads none of them. `beforeRequest` runs before each request.
 */
function createLazyProviders(options: ProviderOptions, beforeRequest: () => Promise<void>): Providers {
  let opened: Promise<Providers> | undefined;
  const open = (): Promise<Providers> => {
    opened ??= import("../providers/open-providers.js").then(({ openProviders }) => openProviders(options));
    return opened;
  };
  const findProvider = async (channel: Channel) => {
    await beforeRequest();
    return (await open()).findProvider(channel);
  };
  return {
    findProvider(channel) {
      if (findProviderDefinition(channel.type, channel.provider) === null) return null;
      const reason = `no provider is configured for channel "${channel.key}"`;
      return {
        send: async (message, _channel, stored, record) =>
          (await (await findProvider(channel))?.send(message, channel, stored, record)) ?? {
            status: "failed",
            retryable: false,
            reason,
          },
        findUser: async (email, token) =>
          (await (await findProvider(channel))?.findUser?.(email, token, channel)) ?? null,
        check: async (message, _channel, record) =>
          (await (await findProvider(channel))?.check?.(message, channel, record)) ?? { status: "unknown", reason },
      };
    },
    readEvents: async (channel, webhook) => (await open()).readEvents(channel, webhook),
    async close() {
      if (opened) await (await opened).close();
    },
  };
}

type ProviderFor = EngineContext["findProvider"];

/** Optional parts of a local engine. */
interface LocalEngineOptions {
  /** Wraps the function that finds a channel's provider, for example to inject faults. */
  wrapProviders?: (providerFor: ProviderFor) => ProviderFor;
  /** Limits the deliveries of providers: redirects emails, and refuses recipients whom a guard does not allow. */
  guardDeliveries?: GuardDeliveries | null | undefined;
  guides?: EngineContext["createGuideOperations"];
  contentsInLocale?: EngineContext["renderContentsInLocale"];
  warn?: EngineContext["warn"];
  branch?: string;
  /** Identifies what claims work: a worker that shares its store with others. Default: the process. */
  worker?: string;
  /** The source of IDs; the default is random ones. */
  ids?: EngineContext["ids"];
  random?: EngineContext["random"];
  /** Sends the requests of steps; the default sends them to their hosts. */
  httpClient?: HttpClient;
  findRecordedResponse?: EngineContext["findRecordedResponse"];
  onUndeclaredRequest?: EngineContext["onUndeclaredRequest"];
  checkDueWork?: EngineContext["checkDueWork"];
  onStep?: EngineContext["onStep"];
  /** Records jobs, deliveries and requests. */
  tracing?: Tracing | undefined;
  /** The public URL to which vendors send their webhooks. */
  webhookUrl?: string | undefined;
}

/**
 * The HTTP client for outgoing requests. It is imported with the first request, so that other starts do not load
 * undici.
 */
export const httpClient: HttpClient = {
  fetch: async (request) => (await import("../providers/outbound-http-client.js")).outboundHttpClient.fetch(request),
};

/** Creates the local engine on definitions and a store. */
export function createLocalEngine(
  projectDefinitions: Definitions,
  store: Store,
  { sleep, env }: Pick<ProcessIO, "sleep" | "env">,
  {
    wrapProviders = (providerFor) => providerFor,
    guardDeliveries,
    guides,
    contentsInLocale,
    warn,
    branch,
    worker = getProcessIdentity(),
    ids = systemIds,
    random = Math.random,
    httpClient: client = httpClient,
    findRecordedResponse,
    onUndeclaredRequest,
    checkDueWork,
    onStep,
    tracing,
    webhookUrl,
  }: LocalEngineOptions = {},
): LocalOperations {
  const definitions = mapEnvironment(projectDefinitions, (environment) =>
    resolveSecretVariables(environment, (name) => env[name]),
  );
  const secretValues = async () => (await definitions.environment()).secrets;
  // A request must not be sent for a run that a crash could still lose.
  const beforeRequest = () => store.syncToDisk();
  const privateAddresses = async () => (await definitions.environment()).private_addresses;
  const tracer = tracing?.tracer ?? NO_TRACER;
  const providers = createLazyProviders(
    { variables: env, privateAddresses, secretValues, tracer, webhookUrl },
    beforeRequest,
  );
  const wrapped = wrapProviders(providers.findProvider);
  const findProvider = tracing?.traceProviders(wrapped) ?? wrapped;
  const tracedClient = tracing?.traceClient(client) ?? client;
  const readRecipient = async (key: RecipientKey) => (await store.readRecipients([key])).get(key);
  const engine = createEngine({
    store,
    definitions,
    findProvider: guardDeliveries?.(findProvider, warn ?? (() => {}), readRecipient) ?? findProvider,
    httpClient: {
      fetch: async (request) => {
        await beforeRequest();
        return tracedClient.fetch(request);
      },
    },
    findRecordedResponse,
    onUndeclaredRequest,
    ids,
    realNow: Date.now,
    sleep,
    random,
    readProviderEvents: providers.readEvents,
    close: providers.close,
    checkDueWork,
    onStep,
    ...(guides ? { createGuideOperations: guides } : {}),
    ...(contentsInLocale ? { renderContentsInLocale: contentsInLocale } : {}),
    ...(warn ? { warn } : {}),
    ...(branch === undefined ? {} : { branch }),
    ...(worker === undefined ? {} : { worker }),
  });
  return tracing?.traceOperations(engine, worker ?? "") ?? engine;
}
