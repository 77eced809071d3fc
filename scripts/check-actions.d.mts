export declare function checkAction(text: string): string[];
export declare function toWorkflow(text: string): string;
