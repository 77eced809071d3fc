import type { ResourceDocument } from "../../domain/resource/resource-document.js";
import type { ResourceRef, ResourceType } from "../../domain/resource/resource-types.js";
import { KnockError } from "../../errors/knock-error.js";
import { isJsonObject, type JsonObject } from "../../util/json.js";
import {
  type AccountResource,
  type AccountScope,
  getText,
  listEntries,
  MAX_PAGE_SIZE,
  sendResource,
  toAccountResource,
  toCommitFilter,
  toQuery,
} from "./account-resources.js";
import { type ManagementClient, type ManagementOptions, openManagementClient } from "./management-client.js";

export type { AccountResource, AccountScope } from "./account-resources.js";

/** The parts of an account that resources name. A list is null if the API does not have it. */
export interface AccountNames {
  channels: ReadonlySet<string> | null;
  channelGroups: ReadonlySet<string> | null;
  variables: ReadonlySet<string> | null;
  categories: ReadonlySet<string> | null;
}

export interface AccountCommit {
  id: string;
  resource: ResourceRef;
  message: string | null;
  author: string | null;
  created_at: string;
}

interface AccountBranch {
  slug: string;
  created_at: string;
  last_commit_at: string | null;
}

/** The query of branches, which only this environment has. */
const BRANCHED = { environment: "development" };

/** Statuses with which an API says that it does not have an operation, or not for this account. */
const isUnavailable = (error: unknown): boolean =>
  error instanceof KnockError && (error.status === 403 || error.status === 404 || error.status === 501);

const getTextOrNull = (value: unknown): string | null => (typeof value === "string" && value !== "" ? value : null);

/** An account of the service, or of `knock dev`, as its management API shows it. */
export class Account {
  private constructor(private readonly client: ManagementClient) {}

  static async open(options: ManagementOptions): Promise<Account> {
    return new Account(await openManagementClient(options));
  }

  /** Returns the slug of the account. Throws `authentication` if the API does not accept the token. */
  async readIdentity(): Promise<{ account: string }> {
    const { account_slug } = await this.client.call((sdk) => sdk.auth.verify());
    return { account: getText(account_slug) || "account" };
  }

  /** Returns the resources of a kind by ID; null if the account does not have this kind. */
  async listResources(
    scope: AccountScope,
    type: ResourceType,
    options: { committedOnly: boolean; format?: "po" },
  ): Promise<Map<string, AccountResource> | null> {
    try {
      const entries = await listEntries(this.client, scope, type, options);
      // The texts of the service's own pages cannot be changed (CLI-332).
      const own = entries.filter(({ namespace }) => type !== "translation" || namespace !== "system");
      return new Map(own.map((entry) => toAccountResource(type, entry)).map((resource) => [resource.id, resource]));
    } catch (error) {
      // An unknown environment or branch is also an error of workflows.
      if (type !== "workflow" && isUnavailable(error)) return null;
      throw error;
    }
  }

  /** Checks a resource. Throws `invalid_params` with the findings of the API. */
  async validate(scope: AccountScope, document: ResourceDocument): Promise<void> {
    await this.client.call((sdk) => sendResource(sdk, scope, document, "validate", { force: false }));
  }

  /** Creates or changes a resource, and returns it as the account has stored it. */
  async push(scope: AccountScope, document: ResourceDocument, options: { force: boolean }): Promise<AccountResource> {
    const response = await this.client.call((sdk) => sendResource(sdk, scope, document, "upsert", options));
    const body = isJsonObject(response) ? response : {};
    const entry = body[document.type];
    return isJsonObject(entry)
      ? { ...toAccountResource(document.type, entry), id: document.id }
      : { ...document, readonly: {} };
  }

  /** Commits the changes of one resource. */
  async commit(scope: AccountScope, ref: ResourceRef, message: string): Promise<void> {
    const query = { ...toQuery(scope), commit_message: message };
    await this.client.call((sdk) => sdk.commits.commitAll({ ...query, ...toCommitFilter(ref) } as never));
  }

  /** Returns the commits that are not promoted, the newest first. */
  async listUnpromoted(scope: AccountScope): Promise<AccountCommit[]> {
    const query = { ...toQuery(scope), promoted: false, limit: MAX_PAGE_SIZE };
    const entries = await this.client.listAll((sdk) => sdk.commits.list(query));
    return entries.map(toCommit);
  }

  /** Promotes all commits to an environment, those of a branch, or those of one resource. */
  async promoteAll(toEnvironment: string, filter: { branch?: string; ref?: ResourceRef }): Promise<void> {
    const { branch, ref } = filter;
    const query = {
      to_environment: toEnvironment,
      ...(branch === undefined ? {} : { branch }),
      ...(ref === undefined ? {} : toCommitFilter(ref)),
    };
    await this.client.call((sdk) => sdk.commits.promoteAll(query as never));
  }

  /** Returns the slugs of the environments, in the order of promotion. */
  async listEnvironments(): Promise<string[]> {
    const entries = await this.client.listAll((sdk) => sdk.environments.list({ limit: MAX_PAGE_SIZE }));
    return entries.sort((a, b) => Number(a.order ?? 0) - Number(b.order ?? 0)).map(({ slug }) => getText(slug));
  }

  async listBranches(): Promise<AccountBranch[]> {
    const entries = await this.client.listAll((sdk) => sdk.branches.list({ ...BRANCHED, limit: MAX_PAGE_SIZE }));
    return entries.map(toBranch);
  }

  async createBranch(slug: string): Promise<AccountBranch> {
    return toBranch((await this.client.call((sdk) => sdk.branches.create(slug, BRANCHED))) as unknown as JsonObject);
  }

  async deleteBranch(slug: string): Promise<void> {
    await this.client.call((sdk) => sdk.branches.delete(slug, BRANCHED));
  }

  async readNames(scope: AccountScope): Promise<AccountNames> {
    const query = { ...toQuery(scope), limit: MAX_PAGE_SIZE };
    const { client } = this;
    const [channels, channelGroups, variables, categories] = await Promise.all([
      readNames(
        client.listAll((sdk) => sdk.channels.list({ limit: MAX_PAGE_SIZE })),
        "key",
      ),
      readNames(
        client.listAll((sdk) => sdk.channelGroups.list({ limit: MAX_PAGE_SIZE })),
        "key",
      ),
      readNames(
        client.listAll((sdk) => sdk.variables.list(query)),
        "key",
      ),
      readNames(client.listPath("/v1/preference_categories", {}), "name"),
    ]);
    return { channels, channelGroups, variables, categories };
  }

  close(): Promise<void> {
    return this.client.close();
  }
}

async function readNames(entries: Promise<JsonObject[]>, field: string): Promise<ReadonlySet<string> | null> {
  try {
    return new Set((await entries).map((entry) => getText(entry[field])));
  } catch (error) {
    if (isUnavailable(error)) return null;
    throw error;
  }
}

function toCommit(entry: JsonObject): AccountCommit {
  const resource = isJsonObject(entry.resource) ? entry.resource : {};
  const author = isJsonObject(entry.author) ? entry.author : {};
  return {
    id: getText(entry.id),
    resource: { type: getText(resource.type) as ResourceType, id: getText(resource.identifier) },
    message: getTextOrNull(entry.commit_message),
    author: getTextOrNull(author.name) ?? getTextOrNull(author.email),
    created_at: getText(entry.created_at),
  };
}

const toBranch = (entry: JsonObject): AccountBranch => ({
  slug: getText(entry.slug),
  created_at: getText(entry.created_at),
  last_commit_at: getTextOrNull(entry.last_commit_at),
});
