// Runs commands of the official command in one process, because a start takes a second. Each message `{ args, cwd }` is a command, and
// the answer is its `{ exitCode, stdout, stderr }`. The argument is the folder of its package.
import { createRequire } from "node:module";
import { join } from "node:path";

const root = process.argv[2];
const { Config, run } = createRequire(join(root, "package.json"))("@oclif/core");
const config = await Config.load(root);
let output = { stdout: "", stderr: "" };

for (const name of ["stdout", "stderr"])
  process[name].write = (chunk, ...rest) => {
    output[name] += chunk;
    rest.find((argument) => typeof argument === "function")?.();
    return true;
  };

process.on("message", async ({ args, cwd }) => {
  process.chdir(cwd);
  output = { stdout: "", stderr: "" };
  let exitCode = 0;
  try {
    await run(args, config);
  } catch (error) {
    exitCode = error.oclif?.exit ?? 1;
    output.stderr += `${error.name}: ${error.message}`;
  }
  process.send({ exitCode, ...output });
});
process.send("ready");
