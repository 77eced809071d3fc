import { getErrorMessage, KnockError } from "./knock-error.js";

/** Returns `port_in_use` if a port is taken, and `usage` for any other address that a server cannot listen on. */
export function createListenError(
  error: NodeJS.ErrnoException,
  { host, port }: { host: string; port: number },
  portFlag: string,
): KnockError {
  const isInUse = error.code === "EADDRINUSE";
  const isPortError = isInUse || error.code === "EACCES";
  const message = isInUse
    ? `${host}:${port}: port already in use`
    : `${isPortError ? portFlag : "--host"}: cannot listen on ${host}:${port} (${getErrorMessage(error)})`;
  return new KnockError(isInUse ? "port_in_use" : "usage", message, {
    hint: isPortError
      ? `Choose another port with ${portFlag} <n>. ${portFlag} 0 picks a free one.`
      : "Use an address of this computer, such as 127.0.0.1.",
    cause: error,
  });
}
