export declare function installTools(name: string): Promise<string>;
