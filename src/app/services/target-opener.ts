import { existsSync } from "node:fs";
import type { TargetFlags, TargetService } from "../../commands/services.js";
import type { Trigger } from "../../domain/trigger/trigger.js";
import { type ApiRequest, buildTriggerRequest, newIdempotencyKey } from "../../domain/trigger/trigger-request.js";
import { KnockError } from "../../errors/knock-error.js";
import type { Output } from "../../output/output.js";
import { isLocal, type LocalOperations, type Operations } from "../../ports/operations.js";
import type { Project } from "../../project/open-project.js";
import { openCheckStore, openLocal, openProjectStore, storeLocation } from "../open-local.js";
import { openRemoteTarget } from "../open-remote-target.js";
import type { Surroundings } from "../surroundings.js";
import type { LocalProject } from "./local-project.js";
import type { ProjectFiles } from "./project-files.js";
import type { SettingsResolver } from "./settings-resolver.js";

/** A project and the location of its store. */
export interface LocatedProject {
  project: Project;
  location: string;
}

/** Opens the target of a command, and closes whatever was opened. */
export class TargetOpener implements TargetService {
  private readonly opened: Operations[] = [];
  private checking: Promise<LocalOperations> | undefined;

  constructor(
    private readonly files: ProjectFiles,
    private readonly settings: SettingsResolver,
    private readonly project: LocalProject,
    private readonly surroundings: Surroundings,
    private readonly output: Output,
  ) {}

  async open(flags: TargetFlags): Promise<Operations> {
    const settings = await this.settings.of(flags);
    if (settings.target.value === "local") return this.openEngine(flags, { isRemoteToo: true });
    return openRemoteTarget(flags, settings, this.surroundings, this.opened);
  }

  openLocal(flags: TargetFlags): Promise<LocalOperations> {
    return this.openEngine(flags, {});
  }

  openForCheck(flags: TargetFlags): Promise<LocalOperations> {
    this.checking ??= this.openEngine(flags, { isRemoteToo: true, openStore: openCheckStore });
    return this.checking;
  }

  async hasStore(flags: TargetFlags): Promise<boolean> {
    const { location } = await this.locate(flags, true);
    return location === ":memory:" || existsSync(location);
  }

  async describeRequest(trigger: Trigger, idempotencyKey: string | null, flags: TargetFlags): Promise<ApiRequest> {
    const { api_key, branch } = await this.settings.of(flags);
    return buildTriggerRequest(trigger, {
      apiKey: api_key.value,
      branch: branch.value,
      userAgent: `knock-cli/${this.surroundings.version}`,
      idempotency_key: idempotencyKey ?? newIdempotencyKey(),
    });
  }

  /** Finds the project and its store. Throws `project_missing`. */
  async locate(flags: TargetFlags, isRemoteToo = false): Promise<LocatedProject> {
    const project = await this.files.require(flags, isRemoteToo);
    const { store } = await this.settings.of(flags);
    return { project, location: storeLocation(store, project, this.surroundings.cwd) };
  }

  /** Closes the operations together with everything else when the command ends. */
  track(operations: Operations): void {
    this.opened.push(operations);
  }

  /** Returns the reason of an unexpected error, if a store that was opened is damaged; other errors unchanged. */
  async explain(error: unknown): Promise<unknown> {
    if (error instanceof KnockError) return error;
    for (const operations of this.opened) {
      const explained = isLocal(operations) ? await operations.explain(error) : error;
      if (explained !== error) return explained;
    }
    return error;
  }

  async close(): Promise<void> {
    for (const operations of this.opened.splice(0)) await operations.close();
  }

  private async openEngine(
    flags: TargetFlags,
    { isRemoteToo = false, openStore = openProjectStore },
  ): Promise<LocalOperations> {
    const { project, location } = await this.locate(flags, isRemoteToo);
    const branch = await this.project.branchOf(project, flags);
    const engine = await openLocal(project, location, this.surroundings, {
      warn: (text) => this.output.warn(text),
      ...(branch === null ? {} : { branch }),
      openStore,
    });
    this.track(engine);
    return engine;
  }
}
