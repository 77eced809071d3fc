// Defines which folder of src/ may import which. Only src/main.ts, src/main-notify.ts and src/app/ may import everything;
// every other folder is listed here.
const MAY_IMPORT = {
  util: [],
  errors: ["util"],
  domain: ["errors", "util"],
  ports: ["domain", "util"],
  input: ["errors", "util"],
  project: ["domain", "errors", "util"],
  mime: ["domain", "errors", "util"],
  output: ["domain", "errors", "util"],
  engine: ["ports", "domain", "errors", "util"],
  store: ["ports", "domain", "errors", "util"],
  providers: ["mime", "ports", "domain", "errors", "util"],
  remote: ["ports", "domain", "errors", "util"],
  "due-work": ["ports", "errors", "util"],
  emulator: ["due-work", "ports", "domain", "errors", "util"],
  testing: ["ports", "domain", "errors", "util"],
  replay: ["ports", "domain", "errors", "util"],
  codegen: ["domain", "errors", "util"],
  emails: ["domain", "errors", "util"],
  page: ["domain", "util"],
  commands: ["input", "mime", "output", "ports", "domain", "errors", "util"],
};

// Each third-party package may be imported only by the folder listed here.
const HOME = {
  commander: "(commands|app)/",
  conf: "app/",
  "(chalk|ora)": "output/",
  undici: "(remote|providers)/",
  liquidjs: "engine/liquid/",
  "markdown-it": "engine/liquid/",
  juice: "engine/render/mjml/",
  mrml: "engine/render/mjml/",
  nodemailer: "(mime|providers)/",
  luxon: "engine/",
  hono: "emulator/http/",
  ws: "emulator/",
  preact: "page/",
  "@cfworker": "domain/",
  "@eslint-community": "domain/",
  re2js: "domain/",
  "urlpattern-polyfill": "domain/",
  "@photostructure": "store/sqlite/",
  "(pg|pg-copy-streams|graphile-worker)": "store/postgres/",
  "(prom-client|pino)": "app/",
  yaml: "project/",
  picomatch: "project/",
  diff: "output/",
  cheerio: "(testing|emails)/",
  "quicktype-core": "codegen/",
  "@pnpm/tabtab": "app/completion/",
  "csv-parse": "input/",
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
      to: { path: "^src/", pathNot: `^src/(${[folder, ...allowed].join("|")})/` },
    })),
    {
      name: "no-sibling-imports", // for example sqlite/postgres, or email/sms; all stores share store/rows
      severity: "error",
      from: { path: "^src/(store|providers)/([^/]+)/" },
      to: { path: "^src/$1/([^/]+)/", pathNot: "^src/$1/($2|rows)/" },
    },
    {
      name: "no-command-imports", // A command never calls another command.
      severity: "error",
      from: { path: "^src/commands/(?!context\\.ts)" },
      to: { path: "^src/commands/", pathNot: "^src/commands/(context|services|(shared|help-topics)/[^/]+)\\.ts$" },
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
      from: { path: "^src/", pathNot: "^src/(?:emulator/|remote/http/node-transport|app/worker/metrics-server)" },
      to: { path: "^(node:)?https?$" },
    },
  ],
  options: {
    tsPreCompilationDeps: true, // Type-only imports also count.
    tsConfig: { fileName: "tsconfig.json" },
    doNotFollow: { path: "node_modules" },
  },
};
