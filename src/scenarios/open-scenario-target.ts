import { rmSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import { acceptMessages } from "../context/accept-messages.js";
import { createLocalEngine } from "../context/create-local-engine.js";
import { isInsideFolder } from "../context/is-inside-folder.js";
import { mapEnvironment } from "../context/map-environment.js";
import { readSeeds } from "../context/open-project-store.js";
import { openSources } from "../context/open-sources.js";
import type { ProcessIO } from "../context/process-io.js";
import type { Environment } from "../domain/environment/environment.js";
import type { Workflow } from "../domain/workflow/workflow.js";
import { readOnce } from "../engine/workflow/read-once.js";
import { getErrorMessage, KnockError } from "../errors/knock-error.js";
import type { Definitions, OnTemplateCondition } from "../ports/definitions.js";
import type { AgentRequest, StepRequest } from "../ports/http-client.js";
import type { Seed } from "../ports/seed-store.js";
import type { SourceLog } from "../ports/source-service.js";
import type { Store } from "../ports/store.js";
import type { ProjectLocation } from "../project/find-project.js";
import { openProject, type Project } from "../project/open-project.js";
import { Faults } from "../providers/faults.js";
import { openSqliteStore } from "../store/sqlite/open-sqlite-store.js";
import { once } from "../util/once.js";
import { createSeededIds } from "../util/seeded-ids.js";
import { createEnvironmentOverride } from "./create-environment-override.js";
import { DefinitionNames } from "./definition-names.js";
import { describeUndeclaredRequest } from "./describe-undeclared-request.js";
import { createMessageReader } from "./message-reader.js";
import { openLogLater } from "./open-log-later.js";
import type { Given } from "./scenario-schema.js";
import type { ExpectableNames, SavedTarget, ScenarioTarget } from "./scenario-target.js";
import type { Snapshots } from "./snapshots.js";
import type { StepCondition } from "./step-condition.js";
import { listStepConditions, observeDefinitions } from "./template-conditions.js";
import { writeTestFile } from "./write-test-file.js";

/** A project that scenarios share. Its files are read once. */
interface SharedProject {
  project: Project;
  definitions: Definitions;
  /** Returns what the recipients files contain. */
  readSeeds(): Promise<Seed[]>;
}

interface OpenOptions {
  scenario: string;
  seed: string;
  snapshots: Snapshots;
  /** A workflow that is used in place of the one in the files. */
  replaced?: Workflow;
  onTemplateCondition?: OnTemplateCondition | undefined;
  /** Receives each request without a declared response. */
  onUndeclaredRequest?: UndeclaredRequestListener | undefined;
}

type UndeclaredRequestListener = (request: StepRequest | AgentRequest) => void;

function replaceWorkflow({ definitions }: SharedProject, replaced: Workflow): Definitions {
  return { ...definitions, workflow: async (key) => (key === replaced.key ? replaced : definitions.workflow(key)) };
}

/**
 * Opens the engines of scenarios, one after another. They share the project's files and one store in memory, which is
 * emptied between two scenarios: opening a store takes longer than running a scenario.
 */
export class ScenarioTargets {
  private readonly projects = new Map<string, SharedProject>();
  private store: Store | undefined;
  private log: SourceLog | undefined;

  constructor(
    private readonly location: ProjectLocation,
    private readonly io: ProcessIO,
    private readonly warn: (text: string) => void,
  ) {}

  async open(given: Given, { replaced, onTemplateCondition, ...options }: OpenOptions): Promise<ScenarioTarget> {
    const found = this.findProject(given.environment ?? this.location.environmentName ?? null, given.branch ?? null);
    const shared = replaced === undefined ? found : { ...found, definitions: replaceWorkflow(found, replaced) };
    const store = await this.openEmptyStore(found);
    this.log ??= openLogLater(store);
    const { io, warn, log } = this;
    return new EngineTarget(shared, given, { ...options, store, log, io, warn, onTemplateCondition });
  }

  /**
   * Reads the workflows of the project's main files, in order of their keys. An invalid workflow is a warning, because only its
   * scenarios fail.
   */
  readonly readWorkflows = once(async (): Promise<Workflow[]> => {
    const { definitions } = this.findMainProject();
    const keys = [...(await definitions.workflowKeys())].sort();
    const workflows = await Promise.all(
      keys.map((key) =>
        definitions.workflow(key).catch((error: unknown) => {
          if (!(error instanceof KnockError)) throw error;
          this.warn(`ignored an invalid workflow: ${error.message}`);
          return null;
        }),
      ),
    );
    return workflows.filter((workflow) => workflow !== null);
  });

  /** Returns the conditions in the templates of a workflow of the main files. */
  listStepConditions(workflow: Workflow): Promise<StepCondition[]> {
    const { definitions, project } = this.findMainProject();
    return listStepConditions(workflow, definitions, { knockDir: project.knockDir, cwd: this.io.cwd });
  }

  readEnvironment(): Promise<Environment> {
    return this.findMainProject().definitions.environment();
  }

  async close(): Promise<void> {
    await this.store?.close();
  }

  private findMainProject(): SharedProject {
    return this.findProject(this.location.environmentName ?? null, null);
  }

  private findProject(environmentName: string | null, branch: string | null): SharedProject {
    const key = JSON.stringify([environmentName, branch]);
    let shared = this.projects.get(key);
    if (shared === undefined) {
      const { environmentName: _, ...location } = this.location;
      const main = openProject(environmentName === null ? location : { ...location, environmentName }, this.io.cwd);
      const project = branch === null ? main : main.branch(branch);
      if (project === null)
        throw new KnockError("scenario_invalid", `there is no branch "${branch}"`, {
          hint: `Create the folder branches/${branch}, or correct given.branch.`,
        });
      shared = { project, definitions: readOnce(main), readSeeds: once(() => readSeeds(project, new Map())) };
      this.projects.set(key, shared);
    }
    return shared;
  }

  private async openEmptyStore({ project, readSeeds }: SharedProject): Promise<Store> {
    if (this.store === undefined)
      this.store = await openSqliteStore(":memory:", { watchUsers: project.hasAudiences() });
    else {
      await this.store.clear({ keepRecipients: false });
      await this.log?.clear();
    }
    await this.store.applySeeds(await readSeeds(), Date.now());
    return this.store;
  }
}

interface EngineTargetOptions {
  store: Store;
  log: SourceLog;
  scenario: string;
  seed: string;
  snapshots: Snapshots;
  io: ProcessIO;
  onTemplateCondition: OnTemplateCondition | undefined;
  onUndeclaredRequest?: UndeclaredRequestListener | undefined;
  warn(text: string): void;
}

class EngineTarget implements ScenarioTarget {
  readonly operations: ScenarioTarget["operations"];
  readonly reader: ScenarioTarget["reader"];
  readonly sources: ScenarioTarget["sources"];
  private readonly faults = new Faults();
  private readonly store: Store;
  private readonly ids: ReturnType<typeof createSeededIds>;
  private definitions: Definitions;
  private undeclaredRequest: KnockError | null = null;
  /** A copy of the project, made when the scenario first changes a file. */
  private copy: { root: string; folder: string } | null = null;

  constructor(
    private readonly shared: SharedProject,
    private readonly given: Given,
    { store, log, io, scenario, seed, snapshots, warn, onTemplateCondition, onUndeclaredRequest }: EngineTargetOptions,
  ) {
    this.definitions = shared.definitions;
    const ids = createSeededIds(`${seed}/${scenario}`);
    [this.store, this.ids] = [store, ids];
    // Definitions are read through this object, because a step may change the files.
    const current = observeDefinitions(this.forwardDefinitions(), onTemplateCondition);
    const override = createEnvironmentOverride(given);
    const definitions = mapEnvironment(current, (environment) => this.faults.applyTo(override(environment)));
    this.operations = createLocalEngine(definitions, store, io, {
      wrapProviders: (findProvider) => (channel) => this.faults.wrapProvider(channel, acceptMessages(findProvider)),
      onUndeclaredRequest: (request, secrets) => {
        onUndeclaredRequest?.(request);
        this.undeclaredRequest ??= describeUndeclaredRequest(request, secrets);
      },
      warn,
      ids,
      random: ids.random,
      ...(given.branch ? { branch: given.branch } : {}),
    });
    this.sources = openSources(
      { project: shared.project, definitions: current, operations: this.operations, log },
      io.cwd,
      { warn },
      io.env,
    );
    this.reader = createMessageReader(scenario, snapshots);
  }

  private forwardDefinitions(): Definitions {
    const get = (): Definitions => this.definitions;
    return {
      workflow: (key) => get().workflow(key),
      workflowKeys: () => get().workflowKeys(),
      environment: () => get().environment(),
      audiences: () => get().audiences(),
      emailLayout: (key) => get().emailLayout(key),
      partial: (key) => get().partial(key),
      request: (key) => get().request(key),
      translations: () => get().translations(),
      branch: (slug) => get().branch?.(slug) ?? null,
      branches: () => get().branches?.() ?? [],
    };
  }

  async addFailure(failure: Parameters<ScenarioTarget["addFailure"]>[0]): Promise<void> {
    const channels = await this.names.listChannels();
    try {
      this.faults.add(failure, channels);
    } catch (error) {
      throw new KnockError("scenario_invalid", getErrorMessage(error), { cause: error });
    }
  }

  async listNames(): Promise<ExpectableNames> {
    const { names } = this;
    return {
      workflows: await names.listWorkflowKeys(),
      steps: await names.listRefs(),
      channels: await names.listChannels(),
    };
  }

  async writeFile(path: string, content: string): Promise<void> {
    const { root } = this.shared.project;
    const { copyProject } = await import("./copy-project.js");
    this.copy ??= await copyProject(this.shared.project);
    const file = resolve(this.copy.root, path);
    if (!isInsideFolder(this.copy.root, file))
      throw new KnockError("scenario_invalid", `write: ${path} is outside the project`, {
        hint: `Use a path below ${root}.`,
      });
    writeTestFile(file, content, `write: ${path}`);
    const { knockDir, branchDir } = this.shared.project;
    const move = (folder: string): string => join(this.copy?.root ?? root, relative(root, folder));
    const { settings, environmentName } = this.shared.project;
    const location = {
      root: this.copy.root,
      knockDir: move(knockDir),
      settings,
      environmentName,
      ...(branchDir === undefined ? {} : { branchDir: move(branchDir) }),
    };
    this.definitions = readOnce(openProject(location, this.copy.root));
  }

  async save(): Promise<SavedTarget> {
    return { store: await this.store.takeSnapshot(), faults: this.faults.save(), idPosition: this.ids.position };
  }

  async restore({ store, faults, idPosition }: SavedTarget): Promise<void> {
    await store.restore();
    this.faults.restore(faults);
    this.ids.position = idPosition;
  }

  checkRequests(): void {
    if (this.undeclaredRequest !== null) throw this.undeclaredRequest;
  }

  /** The names in the definitions of the scenario's branch. */
  get names(): DefinitionNames {
    const definitions = (this.given.branch && this.definitions.branch?.(this.given.branch)) || this.definitions;
    return new DefinitionNames(definitions, this.shared.readSeeds);
  }

  async close(): Promise<void> {
    if (this.copy !== null) rmSync(this.copy.folder, { recursive: true, force: true });
  }
}
