import type { ResourceType } from "../../src/domain/resource/resource-types.js";
import type { Account, AccountScope, PushOptions } from "../../src/features/dev/emulator/account.js";
import { openAccount } from "../../src/features/dev/open-account.js";
import { Output } from "../../src/output/output.js";
import { openProject } from "../../src/project/open-project.js";
import type { JsonObject } from "../../src/util/json.js";
import { type Files, TemporaryProject } from "./temporary-project.js";

export const DEVELOPMENT: AccountScope = { environment: "development", branch: null };
export const PRODUCTION: AccountScope = { environment: "production", branch: null };
export const onBranch = (branch: string): AccountScope => ({ environment: "development", branch });

/** Selects all resources. */
export const ALL = { types: null, id: null };

const SMS = { ref: "sms_1", type: "channel", channel_type: "sms", channel_key: "text" };

/** The content of a workflow that sends a text. */
export const sms = (text_body: string): JsonObject => ({ name: "W", steps: [{ ...SMS, template: { text_body } }] });

type Opened = Awaited<ReturnType<typeof openAccount>>;

/** A project with the account that `knock dev` serves for it. */
export class TestAccount {
  readonly notes: string[] = [];
  private opened: Opened | undefined;

  private constructor(
    readonly project: TemporaryProject,
    private readonly options: { writesFiles?: boolean; uncommitted?: boolean; isInMemory?: boolean },
  ) {}

  static async open(files: Files, options: TestAccount["options"] = {}): Promise<TestAccount> {
    const test = new TestAccount(new TemporaryProject({ "knock/": "", ...files }), options);
    await test.restart();
    return test;
  }

  async restart(): Promise<void> {
    this.opened?.close();
    const { root } = this.project;
    const output = await Output.open({
      stdout: { write: () => true },
      stderr: { write: (text: string) => this.notes.push(text.trimEnd()) > 0 },
      env: {},
    });
    const project = openProject({ root, knockDir: this.project.path("knock"), settings: {} }, root);
    this.opened = await openAccount(project, this.options.isInMemory ?? false, this.options, root, output);
  }

  /** Opens the account of the same project again, as a second process does. */
  async openBeside(): Promise<TestAccount> {
    const other = new TestAccount(this.project, this.options);
    await other.restart();
    return other;
  }

  closeAccount(): void {
    this.opened?.close();
  }

  private get current(): Opened {
    if (this.opened === undefined) throw new Error("the account is not open");
    return this.opened;
  }

  get account(): Account {
    return this.current.account;
  }

  get served(): Opened["served"] {
    return this.current.served;
  }

  push(
    type: ResourceType,
    id: string,
    content: JsonObject,
    { scope = DEVELOPMENT, ...options }: Partial<PushOptions> & { scope?: AccountScope } = {},
  ) {
    const all = { commit: false, message: null, allowEmpty: false, force: false, ...options };
    return this.account.push(scope, { type, id, content }, all);
  }

  /** Returns the text of a workflow's SMS in a tree of the account; null if the tree does not have the workflow. */
  async readText(id: string, scope = DEVELOPMENT, committedOnly = false): Promise<string | null> {
    const found = await this.account.get(scope, { type: "workflow", id }, { committedOnly });
    return found && getText(found.content);
  }

  /** Returns the text of a workflow's SMS that the engine uses; null if there is no such workflow. */
  async readServedText(id: string, branch?: string): Promise<string | null> {
    const { definitions } = this.served;
    const found = await (branch === undefined ? definitions : definitions.branch?.(branch))?.workflow(id);
    return found ? getText(found as unknown as JsonObject) : null;
  }

  commit(scope = DEVELOPMENT, message: string | null = null): Promise<number> {
    return this.account.commitAll(scope, { ...ALL, message, allowEmpty: false });
  }

  close(): void {
    this.closeAccount();
    this.project.remove();
  }
}

const getText = ({ steps }: JsonObject): string => {
  const [step] = steps as [JsonObject];
  return (step.template as { text_body: string }).text_body;
};
