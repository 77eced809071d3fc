// Defines which folder of src/ may import which. Only src/main.ts, src/main-notify.ts and src/app/ may import everything;
// every other folder is listed here.
const MAY_IMPORT = {
  util: [],
  errors: ["util"],
  domain: ["errors", "util"],
  ports: ["domain", "util"],
  input: ["errors", "util"],
  project: ["providers/(catalog|setting-descriptions|vendor-definition)\\.ts", "domain", "errors", "util"],
  mime: ["domain", "errors", "util"],
  output: ["domain", "errors", "util"],
  engine: ["ports", "domain", "errors", "util"],
  store: ["ports", "domain", "errors", "util"],
  providers: ["mime", "ports", "domain", "errors", "util"],
  remote: ["ports", "domain", "errors", "util"],
  tracing: ["engine", "ports", "domain", "errors", "util"],
  monitoring: ["errors", "util"],
  page: ["domain", "scenarios", "util"],
};
const LOWER = Object.keys(MAY_IMPORT).filter((folder) => folder !== "page");
MAY_IMPORT.context = LOWER;
MAY_IMPORT.watch = [...LOWER, "context"];
MAY_IMPORT.checks = [...LOWER, "context"];
MAY_IMPORT.scenarios = [...LOWER, "context", "checks"];
MAY_IMPORT.validation = [...LOWER, "context", "checks", "scenarios"];
MAY_IMPORT.comparison = [...LOWER, "context"];
MAY_IMPORT.commands = [...LOWER, "context", "watch"];
MAY_IMPORT.features = [...LOWER, "context", "watch", "checks", "scenarios", "validation", "comparison", "commands/shared"];
MAY_IMPORT["testing-api"] = [...LOWER, "context", "checks", "scenarios", "features/dev"];

// Each third-party package may be imported only by the folder listed here.
const HOME = {
  commander: "(commands|features|app)/",
  conf: "context/",
  "(chalk|ora)": "output/",
  undici: "(remote/http|providers)/",
  aws4: "providers/aws/",
  "@knocklabs/mgmt": "remote/management/",
  liquidjs: "engine/liquid/",
  "markdown-it": "engine/liquid/",
  juice: "engine/render/mjml/",
  mrml: "engine/render/mjml/",
  nodemailer: "(mime|providers)/",
  luxon: "engine/",
  hono: "features/dev/emulator/http/",
  ws: "features/dev/emulator/",
  preact: "page/",
  "@cfworker": "domain/",
  "@eslint-community": "domain/",
  re2js: "domain/",
  "urlpattern-polyfill": "domain/",
  "@photostructure": "store/sqlite/",
  "(pg|pg-copy-streams|graphile-worker)": "store/postgres/",
  "(prom-client|pino)": "monitoring/",
  yaml: "(scenarios|features/(test|validate))/",
  picomatch: "checks/",
  diff: "(comparison|scenarios)/",
  cheerio: "(scenarios|checks)/",
  "quicktype-core": "features/types/",
  "@pnpm/tabtab": "features/completion/",
  "csv-parse": "input/",
  minisearch: "features/docs/",
};

module.exports = {
  forbidden: [
    { name: "no-cycles", severity: "error", from: {}, to: { circular: true } },
    // Folders of a layer may not form cycles either, so that a folder can be read without the folders that import it.
    {
      name: "no-folder-cycles",
      severity: "error",
      scope: "folder",
      from: { path: "^src/" },
      to: { circular: true },
    },
    ...Object.entries(MAY_IMPORT).map(([folder, allowed]) => ({
      name: `${folder}-may-import`,
      severity: "error",
      from: { path: `^src/${folder}/` },
      to: { path: "^src/", pathNot: `^src/(${[folder, ...allowed].map((name) => (name.endsWith("ts") ? name : `${name}/`)).join("|")})` },
    })),
    {
      name: "no-sibling-imports", // for example sqlite/postgres, or email/sms; stores share store/rows, and providers providers/aws
      severity: "error",
      from: { path: "^src/(store|providers)/([^/]+)/" },
      to: { path: "^src/$1/([^/]+)/", pathNot: "^src/$1/($2|rows|aws)/" },
    },
    {
      name: "no-command-imports", // A command never calls another command.
      severity: "error",
      from: { path: "^src/commands/" },
      to: { path: "^src/commands/", pathNot: "^src/commands/(shared|help-topics)/[^/]+\\.ts$" },
    },
    {
      name: "no-imports-between-features", // What several features use is in a folder of src/ that says what it is.
      severity: "error",
      from: { path: "^src/features/([^/]+)/" },
      to: { path: "^src/features/", pathNot: "^src/features/$1/" },
    },
    {
      name: "emulator-may-import", // It serves any engine over the port of operations.
      severity: "error",
      from: { path: "^src/features/dev/emulator/" },
      to: { path: "^src/", pathNot: "^src/(features/dev/emulator|providers/faults|ports|domain|errors|util)" },
    },
    ...Object.entries(HOME).map(([pkg, home]) => ({
      name: `home-of-${pkg}`,
      severity: "error",
      from: { path: "^src/", pathNot: `^src/${home}` },
      to: { path: `node_modules/${pkg}/` },
    })),
    {
      name: "http-home",
      severity: "error",
      from: { path: "^src/", pathNot: "^src/(?:features/dev/emulator/|remote/http/node-transport|monitoring/metrics-server|providers/start-fake-provider)" },
      to: { path: "^(node:)?https?$" },
    },
  ],
  options: {
    tsPreCompilationDeps: true, // Type-only imports also count.
    tsConfig: { fileName: "tsconfig.json" },
    doNotFollow: { path: "node_modules" },
  },
};
