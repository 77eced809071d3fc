import { MAX_ACCOUNT_RECIPIENTS, RecipientReader } from "../../comparison/read-account-recipients.js";
import { type RecipientKey, splitRecipientKey, USERS } from "../../domain/recipient/recipient.js";
import { compileWorkflow } from "../../engine/compile/compile-workflow.js";
import type { CompiledWorkflow } from "../../engine/workflow/compiled-workflow.js";
import type { ResourceOperations } from "../../ports/resource-operations.js";
import { checkWorkflowKeys } from "../../project/check-workflow-keys.js";
import type { Project } from "../../project/open-project.js";
import { formatNumber } from "../../util/format-count.js";
import { auditObject, findReach, type Reach, type ReachOptions } from "./audit-object.js";
import { RecipientAudit, type RecipientResult } from "./audit-recipients.js";
import type { AuditedObject, AuditedUser, AuditReport } from "./audit-report-schema.js";
import { createUnknownCollectionError, createUnknownObjectError, listObjects } from "./find-objects.js";

interface AuditContext {
  project: Project;
  resources: ResourceOperations;
  isLocal: boolean;
  /** Shows what is done, and lets other events run. Throws `interrupted` after a signal. */
  reportProgress(text: string): Promise<void>;
}

/** The recipients and workflows to check. Objects and collections that were named one by one must exist. */
export interface AuditRequest {
  recipients: readonly RecipientKey[];
  objects: readonly RecipientKey[];
  collections: readonly string[];
  workflows: readonly string[];
}

async function compileWorkflows(project: Project, keys: readonly string[]): Promise<CompiledWorkflow[]> {
  const compiled: CompiledWorkflow[] = [];
  for (const key of keys) {
    const workflow = await project.workflow(key);
    if (workflow !== null) compiled.push(await compileWorkflow(workflow, project));
  }
  return compiled;
}

/** The subscribers that are found before they are checked together. More objects would need more memory. */
const SUBSCRIBERS_PER_CHECK = 1_000;

/** Checks objects and their subscribers, many together. Objects are in the order in which they were added. */
class ObjectAudit {
  readonly objects = new Map<RecipientKey, AuditedObject | null>();
  /** Whether each subscriber gets nothing from a workflow. */
  readonly subscribers = new Map<RecipientKey, boolean>();
  private waiting: Reach[] = [];

  constructor(
    private readonly reader: RecipientReader,
    private readonly audit: RecipientAudit,
    private readonly options: ReachOptions,
  ) {}

  async add(key: RecipientKey): Promise<void> {
    if (this.objects.has(key)) return;
    this.objects.set(key, null);
    this.waiting.push(await findReach(this.reader, key, this.options));
    const found = this.waiting.reduce((sum, { users, objects }) => sum + users.length + objects.length, 0);
    if (found >= SUBSCRIBERS_PER_CHECK) await this.checkWaiting();
  }

  async checkWaiting(): Promise<void> {
    await this.audit.check(this.waiting.flatMap(({ users, objects }) => [...objects, ...users]));
    for (const reach of this.waiting) {
      this.objects.set(reach.object, auditObject(reach, this.audit));
      for (const key of reach.users) this.subscribers.set(key, isSilent(this.audit.get(key)));
    }
    this.waiting = [];
  }

  list(): AuditedObject[] {
    return [...this.objects.values()].filter((object) => object !== null);
  }
}

const isSilent = ({ exists, workflows }: Pick<RecipientResult, "exists" | "workflows">): boolean =>
  !exists || workflows.some(({ gets_nothing }) => gets_nothing);

/** Checks the objects of a request. Throws `resource_missing` for an object or a collection that was named and does not exist. */
async function auditObjects(request: AuditRequest, objectAudit: ObjectAudit, context: AuditContext): Promise<void> {
  for (const key of request.objects) await objectAudit.add(key);
  await objectAudit.checkWaiting();
  for (const key of request.objects) {
    const object = objectAudit.objects.get(key);
    if (object?.exists === false && object.subscribers === 0) throw await createUnknownObjectError(key, context);
  }
  for (const collection of request.collections) {
    let isEmpty = true;
    for await (const page of listObjects(context.resources, collection)) {
      if (page.length > 0) isEmpty = false;
      for (const key of page) await objectAudit.add(key);
      await context.reportProgress(`reading objects: ${formatNumber(objectAudit.objects.size)}`);
    }
    if (isEmpty) throw await createUnknownCollectionError(collection, context);
  }
  for (const key of request.recipients) if (splitRecipientKey(key).collection !== USERS) await objectAudit.add(key);
  await objectAudit.checkWaiting();
}

/** Checks which channel steps of workflows send nothing to recipients, and whom objects reach. Only reads. */
export async function runAudit(request: AuditRequest, context: AuditContext): Promise<AuditReport> {
  const { project, resources, isLocal, reportProgress } = context;
  const known = await project.workflowKeys();
  checkWorkflowKeys(request.workflows, known);
  const compiled = await compileWorkflows(project, request.workflows.length === 0 ? known : request.workflows);
  const environment = await project.environment();
  const reader = new RecipientReader(resources, environment);
  const maxRecipients = isLocal ? Number.POSITIVE_INFINITY : MAX_ACCOUNT_RECIPIENTS;
  const audit = new RecipientAudit(reader, compiled, environment, maxRecipients, (count) =>
    reportProgress(`reading recipients: ${formatNumber(count)}`),
  );
  const objectAudit = new ObjectAudit(reader, audit, {
    maxRecipients,
    onPage: (count) => reportProgress(`reading subscribers: ${formatNumber(count)}`),
  });
  await auditObjects(request, objectAudit, context);
  const users = request.recipients.filter((key) => splitRecipientKey(key).collection === USERS);
  await audit.check(users);
  const audited = users.map((key): AuditedUser => {
    const { exists, workflows } = audit.get(key);
    return { recipient: splitRecipientKey(key).id, exists, workflows: [...workflows] };
  });
  const objects = objectAudit.list();
  return {
    recipients: audited.filter(({ exists, workflows }) => !exists || workflows.length > 0),
    objects: objects.filter(({ exists, workflows }) => !exists || workflows.length > 0),
    notes: reader.listNotes(),
    summary: {
      recipients: users.length,
      workflows: compiled.length,
      missing: audited.filter(({ exists }) => !exists).length,
      get_nothing: audited.filter(isSilent).length,
      objects: objects.length,
      objects_reach_no_one: objects.filter((object) => object.workflows.some(({ reaches_no_one }) => reaches_no_one))
        .length,
      subscribers: objectAudit.subscribers.size,
      subscribers_get_nothing: [...objectAudit.subscribers.values()].filter((isWithoutMessage) => isWithoutMessage)
        .length,
    },
  };
}
