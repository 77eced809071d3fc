export declare function checkText(text: string): Promise<{ line: number; message: string }[]>;
