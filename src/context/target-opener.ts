import type { Environment } from "../domain/environment/environment.js";
import { type ApiRequest, buildTriggerRequest, createIdempotencyKey } from "../domain/trigger/api-request.js";
import type { Trigger } from "../domain/trigger/trigger.js";
import { KnockError } from "../errors/knock-error.js";
import type { Output } from "../output/output.js";
import { isLocal, type LocalOperations, type Operations } from "../ports/operations.js";
import type { Project } from "../project/open-project.js";
import type { Tracing } from "../tracing/tracing.js";
import { createDueWorkCheck } from "./check-due-work.js";
import { createLocalEngine } from "./create-local-engine.js";
import { createDeliveryGuard, type GuardDeliveries } from "./guard-deliveries.js";
import type { LocalProject } from "./local-project.js";
import { mapEnvironment } from "./map-environment.js";
import { openProjectStore, openStoreForCheck } from "./open-project-store.js";
import { loadRequestGuard, openRemoteTarget } from "./open-remote-target.js";
import type { ProcessIO } from "./process-io.js";
import type { ProjectFiles } from "./project-files.js";
import type { SharedEngine } from "./run-command.js";
import type { SettingsCache } from "./settings-cache.js";
import { hasStore, resolveStoreLocation } from "./store-location.js";
import type { BulkConnection, TargetAccess, TargetFlags } from "./target-flags.js";

/** A project and the location of its store. */
interface LocatedProject {
  project: Project;
  location: string;
  /** Limits deliveries as the project's settings say, or null without limits. */
  guardDeliveries: GuardDeliveries | null;
}

interface EngineOptions {
  /** Whether the command also works on the remote target. */
  supportsRemote?: boolean;
  openStore?: typeof openProjectStore;
  tracing?: Tracing | undefined;
}

/** Returns an environment whose channels deliver nothing. */
function sandboxChannels(environment: Environment): Environment {
  const channels = Object.assign(Object.create(null) as Environment["channels"], environment.channels);
  for (const [key, channel] of Object.entries(channels)) if (channel) channels[key] = { ...channel, deliver: false };
  return { ...environment, channels };
}

/** Opens the target of a command, and closes everything that was opened. */
export class TargetOpener {
  private readonly opened: Operations[] = [];
  private readonly tracings: Tracing[] = [];
  private checkEngine: Promise<LocalOperations> | undefined;
  private guardRequest: ReturnType<typeof loadRequestGuard> | undefined;

  constructor(
    private readonly files: ProjectFiles,
    private readonly settings: SettingsCache,
    private readonly project: LocalProject,
    private readonly io: ProcessIO,
    private readonly output: Output,
    private readonly shared: SharedEngine,
  ) {}

  async open(flags: TargetFlags, access: TargetAccess = "write", connection?: BulkConnection): Promise<Operations> {
    const settings = await this.settings.get(flags);
    if (settings.target.value === "local") return this.openEngine(flags, { supportsRemote: true });
    return openRemoteTarget(flags, settings, this.io, this.output, { opened: this.opened, access, connection });
  }

  /** Opens the embedded engine, regardless of the target setting. `tracing` is closed when the command ends. */
  openLocal(flags: TargetFlags, tracing?: Tracing): Promise<LocalOperations> {
    if (tracing !== undefined) this.tracings.push(tracing);
    return this.openEngine(flags, { tracing });
  }

  /**
   * Opens the embedded engine for reading. It changes nothing in the store, and treats changed recipients files as
   * applied.
   */
  openForCheck(flags: TargetFlags): Promise<LocalOperations> {
    this.checkEngine ??= this.openEngine(flags, { supportsRemote: true, openStore: openStoreForCheck });
    return this.checkEngine;
  }

  /** Returns whether the local store exists. */
  async hasStore(flags: TargetFlags): Promise<boolean> {
    const { location } = await this.locate(flags, true);
    return location === ":memory:" || hasStore(location);
  }

  /** Returns the request that a remote trigger would make, without a key if none is configured. */
  async describeRequest(trigger: Trigger, idempotencyKey: string | null, flags: TargetFlags): Promise<ApiRequest> {
    const { api_key, branch } = await this.settings.get(flags);
    return buildTriggerRequest(trigger, {
      apiKey: api_key.value,
      branch: branch.value,
      userAgent: `knock-cli/${this.io.version}`,
      idempotency_key: idempotencyKey ?? createIdempotencyKey(),
    });
  }

  /** Throws `recipient_not_allowed` if a recipient guard does not allow the remote triggers of one payload. */
  async checkRecipients(triggers: readonly Trigger[], flags: TargetFlags): Promise<void> {
    this.guardRequest ??= loadRequestGuard(await this.settings.get(flags));
    const guardRequest = await this.guardRequest;
    const [trigger] = triggers;
    if (guardRequest === undefined || trigger === undefined) return;
    // Pointers name the recipients of the whole payload, not of its parts.
    const payload = { ...trigger.payload, recipients: triggers.flatMap((part) => part.payload.recipients ?? []) };
    guardRequest(buildTriggerRequest({ ...trigger, payload }, { apiKey: null, branch: null, idempotency_key: null }));
  }

  /** Finds the project and its store. Throws `project_missing`. */
  async locate(flags: TargetFlags, supportsRemote = false): Promise<LocatedProject> {
    const project = await this.files.require(flags, supportsRemote);
    const { store, redirect, recipientGuards } = await this.settings.get(flags);
    return {
      project,
      location: resolveStoreLocation(store, project, this.io.cwd, this.io.env),
      guardDeliveries: createDeliveryGuard(redirect.value, recipientGuards),
    };
  }

  /** Registers operations that are closed when the command ends. */
  track(operations: Operations): void {
    this.opened.push(operations);
  }

  /** Returns the reason for an unexpected error if an open store is damaged; otherwise returns the error unchanged. */
  async explainError(error: unknown): Promise<unknown> {
    if (error instanceof KnockError) return error;
    for (const operations of this.opened) {
      const explained = isLocal(operations) ? await operations.explainError(error) : error;
      if (explained !== error) return explained;
    }
    return error;
  }

  async close(): Promise<void> {
    for (const operations of this.opened.splice(0)) await operations.close();
    for (const tracing of this.tracings.splice(0)) await tracing.close();
  }

  private async openEngine(
    flags: TargetFlags,
    { supportsRemote = false, openStore = openProjectStore, tracing }: EngineOptions,
  ): Promise<LocalOperations> {
    const { operations, faults, isSandboxed = false } = this.shared;
    if (operations !== undefined) return Object.create(operations, { close: { value: async () => {} } });
    const { project, location, guardDeliveries } = await this.locate(flags, supportsRemote);
    const branch = await this.project.resolveBranch(project, flags);
    const store = await openStore(project, location);
    try {
      const definitions = mapEnvironment(project, (environment) => {
        const mapped = isSandboxed ? sandboxChannels(environment) : environment;
        return faults?.applyTo(mapped) ?? mapped;
      });
      const engine = createLocalEngine(definitions, store, this.io, {
        ...(faults === undefined ? {} : { wrapProviders: (next) => (channel) => faults.wrapProvider(channel, next) }),
        warn: (text) => this.output.warn(text),
        ...(branch === null ? {} : { branch }),
        guardDeliveries,
        checkDueWork: await createDueWorkCheck(location, store, this.io.env),
        tracing,
      });
      this.track(engine);
      return engine;
    } catch (error) {
      await store.close();
      throw error;
    }
  }
}
