import type { Channel } from "../domain/environment/environment.js";
import { CHANNEL_TYPES, findChannelType } from "../domain/message/channel-types.js";
import { listProjectChannels } from "../domain/project/list-project-channels.js";
import { walkSteps } from "../domain/steps/walk-steps.js";
import type { Workflow } from "../domain/workflow/workflow.js";
import type { Definitions } from "../ports/definitions.js";
import type { ScenarioNames } from "./scenario-target.js";

/** The channel types and their other names, which filters also accept. */
const CHANNEL_NAMES: ReadonlySet<string> = new Set(
  CHANNEL_TYPES.flatMap((type) => [type, findChannelType(type)?.alias ?? type]),
);

const listRefs = ({ steps }: Workflow): string[] => [...walkSteps(steps)].map(({ step }) => step.ref);

/** The names in the files of a project. */
export class DefinitionNames implements ScenarioNames {
  constructor(private readonly definitions: Pick<Definitions, "workflowKeys" | "workflow" | "environment">) {}

  listWorkflowKeys(): Promise<string[]> {
    return this.definitions.workflowKeys();
  }

  async listStepNames(workflow: string): Promise<string[] | null> {
    const found = await this.definitions.workflow(workflow);
    return found && listRefs(found);
  }

  async hasChannelName(name: string): Promise<boolean> {
    // Workflows are read only for channels that the environment does not declare.
    const { channels } = await this.definitions.environment();
    if (CHANNEL_NAMES.has(name) || Object.hasOwn(channels, name)) return true;
    return (await this.listChannels()).some(({ key }) => key === name);
  }

  async listChannelNames(): Promise<string[]> {
    return [...(await this.listChannels()).map(({ key }) => key), ...CHANNEL_NAMES];
  }

  async listChannels(): Promise<Channel[]> {
    return listProjectChannels(await this.definitions.environment(), await this.readWorkflows());
  }

  /** Returns the refs of the steps of all workflows without problems. */
  async listRefs(): Promise<string[]> {
    return (await this.readWorkflows()).flatMap(listRefs);
  }

  private async readWorkflows(): Promise<Workflow[]> {
    const keys = await this.definitions.workflowKeys();
    const workflows = await Promise.all(keys.map((key) => this.definitions.workflow(key).catch(() => null)));
    return workflows.filter((workflow) => workflow !== null);
  }
}
