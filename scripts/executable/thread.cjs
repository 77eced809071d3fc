// Starts the command in a thread of the standalone executable. The files inside it are mounted only for the main thread, so the
// thread mounts those that it needs.
"use strict";
const { dirname, join } = require("node:path");
const { getAssetKeys, getRawAsset } = require("node:sea");
const { create } = require("node:vfs");

const files = create();
for (const name of getAssetKeys()) {
  if (!/^(?:bin|dist)\/|^package\.json$/.test(name)) continue;
  files.mkdirSync(dirname(`/${name}`), { recursive: true });
  files.writeFileSync(`/${name}`, Buffer.from(getRawAsset(name)));
}
require(join(files.mount(), "bin", "knock.js"));
