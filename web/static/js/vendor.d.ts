// What the page uses of the libraries in web/static/vendor, which git does not have and the type checker does not read.
// biome-ignore-all lint/suspicious/noExplicitAny: messages are given their types in connection.js

declare module "*/vendor/socket.io.js" {
  export interface Socket {
    connected: boolean;
    active: boolean;
    on(event: string, handler: (message: any) => void): void;
    connect(): void;
    timeout(milliseconds: number): { emitWithAck(event: string, fields: unknown): Promise<any> };
  }
  export function io(options: object): Socket;
}

declare module "*/vendor/uplot.js" {
  export default class uPlot {
    constructor(options: object, data: (number | null)[][], parent: HTMLElement);
    static sync(key: string): { key: string };
    readonly cursor: { idx?: number | null };
    setData(data: (number | null)[][]): void;
    setSize(size: { width: number; height: number }): void;
    destroy(): void;
  }
}
