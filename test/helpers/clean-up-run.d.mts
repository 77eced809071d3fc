/**
 * Starts a process that stops the servers of a test run and deletes its folder, however this process ends. Returns a function
 * that does so now.
 */
export function startCleanUp(folder: string): () => Promise<void>;
