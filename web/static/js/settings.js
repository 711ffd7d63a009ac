// The settings that can be changed at run time, each with its configured value.

import { listen } from "./connection.js";
import { byId, keepChildren } from "./dom.js";
import { createSettingField } from "./setting_fields.js";

export function startSettings() {
  const box = byId("setting-fields");
  listen("state", ({ live_settings: settings }) => {
    keepChildren(box, settings, (setting) => JSON.stringify(setting), createSettingField);
  });
}
