// Where the dashboard begins: "/", or "/splitlens/" where a proxy serves it below a path. This file is two folders below.

export const root = new URL("../../", import.meta.url).pathname;
