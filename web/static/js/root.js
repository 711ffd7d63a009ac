// The path of the dashboard: "/", or such as "/splitlens/" behind a proxy. This file is two folders below it.

export const root = new URL("../../", import.meta.url).pathname;
