import { rmSync } from "node:fs";
import { join, resolve } from "node:path";
import type { CommandContext } from "../../context/command-context.js";
import { createLocalEngine } from "../../context/create-local-engine.js";
import { emptyStore } from "../../context/empty-store.js";
import { openProjectStore } from "../../context/open-project-store.js";
import type { TargetFlags } from "../../context/target-flags.js";
import { createTemporaryFolder } from "../../context/temporary-folder.js";
import { checkRequest } from "../../domain/request/check-request.js";
import { faultBodySchema } from "../../domain/request/helper-bodies.js";
import { listKnownChannels } from "../../ports/known-channels.js";
import { Faults } from "../../providers/faults.js";
import { type AccountAccess, createHost, type Host } from "./host.js";

/** Opens the store of the project and empties it. */
async function resetStore(context: CommandContext, flags: TargetFlags, keep: { recipients: boolean }): Promise<void> {
  context.files.forget();
  const { project, location } = await context.target.locate(flags);
  const store = await openProjectStore(project, location);
  const operations = createLocalEngine(project, store, context.io);
  try {
    await emptyStore({ store, location, logs: await store.openLogs(), operations }, project, keep);
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
          const project = await context.files.require(selected);
          return faults.add(fault, await listKnownChannels({ definitions: project, environment: project.environment }));
        },
        list: () => faults.list(),
        clear: () => faults.clear(),
      },
      reset: (keep) => resetStore(context, selected, keep),
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
