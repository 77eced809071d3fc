import type { Channel } from "../domain/environment/environment.js";
import { CHANNEL_TYPES, findChannelType } from "../domain/message/channel-types.js";
import { listProjectChannels } from "../domain/project/list-project-channels.js";
import { formatRecipient, toRecipientReference } from "../domain/recipient/recipient.js";
import { getStepDefinition } from "../domain/step-types/step-definitions.js";
import { walkChannelSteps, walkSteps } from "../domain/step-types/walk-steps.js";
import type { Workflow } from "../domain/workflow/workflow.js";
import type { Definitions } from "../ports/definitions.js";
import type { Seed } from "../ports/seed-store.js";
import type { NamedChannelStep, ScenarioNames } from "./scenario-target.js";

type SeedRecipients = Pick<Seed, "recipients" | "subscriptions" | "audiences">;

/** The channel types and their other names, which filters also accept. */
const CHANNEL_NAMES: ReadonlySet<string> = new Set(
  CHANNEL_TYPES.flatMap((type) => [type, findChannelType(type)?.alias ?? type]),
);

const listRefs = ({ steps }: Workflow): string[] => [...walkSteps(steps)].map(({ step }) => step.ref);

/** The names in the files of a project. */
export class DefinitionNames implements ScenarioNames {
  constructor(
    private readonly definitions: Pick<Definitions, "workflowKeys" | "workflow" | "environment">,
    /** Reads the recipients files; null if they cannot be read. */
    private readonly readSeeds: () => Promise<readonly SeedRecipients[] | null>,
  ) {}

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

  async listChannelSteps(): Promise<NamedChannelStep[]> {
    const { channels } = await this.definitions.environment();
    return (await this.readWorkflows()).flatMap(({ key: workflow, steps }) =>
      [...walkChannelSteps(steps)].map(({ step: { ref, channel_key: key, channel_type: type } }) => {
        const types = [type, key === null ? null : channels[key]?.type].filter((name) => typeof name === "string");
        const names = types.flatMap((name) => [name, findChannelType(name)?.alias ?? name]);
        // The channels of a group depend on the environment and on conditions.
        return { workflow, ref, channels: key === null ? null : [...new Set([...names, key])] };
      }),
    );
  }

  async listRecipientNames(): Promise<string[] | null> {
    const seeds = await this.readSeeds();
    if (seeds === null) return null;
    const keys = seeds.flatMap(({ recipients, subscriptions, audiences }) => [
      ...recipients.map(({ key }) => key),
      ...subscriptions.flatMap(({ object, recipient }) => [object, recipient]),
      ...audiences.flatMap(({ members }) => members.map(({ recipient }) => recipient)),
    ]);
    return [...new Set(keys)].map((key) => formatRecipient(toRecipientReference(key)));
  }

  async canAddRecipients(keys: readonly string[]): Promise<boolean> {
    const workflows = (await this.readWorkflows()).filter(({ key }) => keys.includes(key));
    const steps = workflows.flatMap((workflow) => [...walkSteps(workflow.steps)]);
    return steps.some(({ step }) => getStepDefinition(step).canStartRuns);
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
