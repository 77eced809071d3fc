// Loads the program from source, so that the documentation can read its commands and run them in this process.
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { loadSource, ROOT } from "../load-source.mjs";

const PROGRAM = `
  export { PROGRAM } from "./src/app/program.ts";
  export { run } from "./src/app/run.ts";
  export { createContext } from "./src/context/command-context.ts";
  export { describeParameter } from "./src/commands/shared/describe-parameter.ts";
  export { COMMAND_GROUPS, OPTION_GROUPS } from "./src/commands/shared/help-groups.ts";
  export { Output } from "./src/output/output.ts";
  export { FEATURES } from "./src/app/features.ts";
  export { SUPPORT_ROUTES } from "./src/features/dev/emulator/routes/support-routes.ts";
  export { getProviderCatalog } from "./src/providers/catalog.ts";
  export { describeSetting, PROVIDER_SETTING_DESCRIPTIONS } from "./src/providers/setting-descriptions.ts";
  export { CHANNEL_TYPE_DEFINITIONS } from "./src/domain/message/channel-types.ts";
  export { toJSONSchema } from "zod/mini";
`;

/** The folder of the source files that look for other files of the package. */
const SOURCE_FOLDER = join(ROOT, "src/context");

/** Imports packages from node_modules instead of bundling them, because the bundle is outside the project. */
const packagesFromRoot = {
  name: "packages-from-root",
  setup({ onResolve }) {
    onResolve({ filter: /^[^./]/ }, ({ path, kind }) =>
      kind === "entry-point" ? undefined : { path: import.meta.resolve(path), external: true },
    );
  },
};

/** The global variable that counts the IDs of the current example project. */
const COUNTER = "knockExampleIds";

/**
 * Creates IDs from a counter instead of random bytes. Records that are created at the same time are listed by ID, so
 * random IDs would change the order in examples.
 */
const countedIds = {
  name: "counted-ids",
  setup({ onLoad }) {
    onLoad({ filter: /src[\\/]util[\\/]random\.ts$/ }, () => ({
      contents: `export function randomBytes(size) {
        const bytes = Buffer.alloc(size);
        bytes.writeUInt32BE(++globalThis.${COUNTER}, size - 4);
        return bytes;
      }`,
    }));
  },
};

/** Counts IDs from 1 again, so that the IDs of one project do not depend on those of another. */
export function restartIds() {
  globalThis[COUNTER] = 0;
}

let program;

/** Returns the exports of the program's source. The program is bundled once per process. */
export function loadProgram() {
  program ??= loadSource(PROGRAM, {
    plugins: [packagesFromRoot, countedIds],
    define: {
      "import.meta.dirname": JSON.stringify(SOURCE_FOLDER),
      "import.meta.url": JSON.stringify(pathToFileURL(join(SOURCE_FOLDER, "commands.ts")).href),
    },
  });
  return program;
}
