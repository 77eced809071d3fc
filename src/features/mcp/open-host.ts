import { rmSync } from "node:fs";
import { join, resolve } from "node:path";
import type { CommandContext } from "../../context/command-context.js";
import { createLocalEngine } from "../../context/create-local-engine.js";
import { applyDataFiles, openProjectStore } from "../../context/open-project-store.js";
import { isPostgresLocation } from "../../context/store-location.js";
import type { TargetFlags } from "../../context/target-flags.js";
import { createTemporaryFolder } from "../../context/temporary-folder.js";
import { listProjectChannels } from "../../domain/project/list-project-channels.js";
import { checkRequest } from "../../domain/request/check-request.js";
import { faultBodySchema } from "../../domain/request/helper-bodies.js";
import { KnockError } from "../../errors/knock-error.js";
import { Faults } from "../../providers/faults.js";
import { type AccountAccess, createHost, type Host } from "./host.js";

/** Returns every channel that the environment declares or a workflow uses. Invalid workflows are ignored. */
async function listChannels({ files }: CommandContext, flags: TargetFlags) {
  const project = await files.require(flags);
  const keys = await project.workflowKeys();
  const workflows = await Promise.all(keys.map((key) => project.workflow(key).catch(() => null)));
  return listProjectChannels(
    await project.environment(),
    workflows.filter((workflow) => workflow !== null),
  );
}

/** Empties the store of a project and applies its data files. Throws `not_supported` for a database. */
async function resetStore(context: CommandContext, flags: TargetFlags, keepRecipients: boolean): Promise<void> {
  context.files.forget();
  const { project, location } = await context.target.locate(flags);
  if (isPostgresLocation(location))
    throw new KnockError("not_supported", "a PostgreSQL database is shared with others and cannot be reset", {
      hint: "Use a local file, or create the database again.",
    });
  const store = await openProjectStore(project, location);
  const operations = createLocalEngine(project, store, context.io);
  try {
    await operations.resetClock();
    await operations.clear({ keepRecipients });
    await (await store.openLogs()).sources.clear();
    await applyDataFiles(project, store);
  } finally {
    await operations.close();
  }
}

/**
 * Opens the host of a server that works with a project's files and store. Each call opens them, so that changed files
 * apply, and other processes can use the store. A store in memory is a temporary file, which all calls share.
 */
export async function openHost(
  flags: TargetFlags,
  account: AccountAccess,
  context: CommandContext,
): Promise<{ host: Host; close(): void }> {
  const { cwd } = context.io;
  const temporary = flags.store === ":memory:" ? await createTemporaryFolder("knock-mcp-", () => {}) : null;
  const { project, knockDir, environment } = flags;
  const selected = {
    project: project === undefined ? undefined : resolve(cwd, project),
    knockDir: knockDir === undefined ? undefined : resolve(cwd, knockDir),
    environment,
    store: temporary === null ? flags.store : join(temporary, "store.db"),
  };
  const faults = new Faults();
  const host = createHost(
    {
      flags: selected,
      account,
      engine: { faults, isSandboxed: true },
      needsSandboxMode: async () => false,
      faults: {
        async add(body) {
          const fault = checkRequest(faultBodySchema(), body);
          context.files.forget();
          return faults.add(fault, await listChannels(context, selected));
        },
        list: () => faults.list(),
        clear: () => faults.clear(),
      },
      reset: ({ recipients }) => resetStore(context, selected, recipients),
    },
    context,
  );
  return {
    host,
    close() {
      if (temporary !== null) rmSync(temporary, { recursive: true, force: true });
    },
  };
}
