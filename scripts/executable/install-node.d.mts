export function installNode(): Promise<string>;
