// Packs dist-executable/knock into an archive that is named after this platform.
import { join } from "node:path";
import { arch, platform } from "node:process";
import { execa } from "execa";

const folder = join(import.meta.dirname, "../../dist-executable");
const program = platform === "win32" ? "knock.exe" : "knock";
const archive = `knock-${platform}-${arch}.tar.gz`;
await execa("tar", ["-czf", archive, program], { cwd: folder, timeout: 120_000 });
console.log(join(folder, archive));
