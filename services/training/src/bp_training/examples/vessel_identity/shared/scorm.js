// Talks to the player by SCORM 1.2. A lesson opened without a player still works; it only keeps no score.
"use strict";

const lesson = (() => {
  function find(win) {
    for (let depth = 0; win && depth < 10; depth += 1) {
      if (win.API) return win.API;
      if (win === win.parent) break;
      win = win.parent;
    }
    return null;
  }

  const api = find(window) || (window.opener ? find(window.opener) : null);
  let ended = false;

  function set(name, value) {
    if (api) api.LMSSetValue(name, String(value));
  }

  function end() {
    if (!api || ended) return;
    ended = true;
    api.LMSFinish("");
  }

  if (api) {
    api.LMSInitialize("");
    if (api.LMSGetValue("cmi.core.lesson_status") === "not attempted") {
      set("cmi.core.lesson_status", "incomplete");
      api.LMSCommit("");
    }
    window.addEventListener("pagehide", end);
  }

  return {
    complete() {
      set("cmi.core.lesson_status", "completed");
      if (api) api.LMSCommit("");
    },
    score(points, mastery) {
      set("cmi.core.score.min", 0);
      set("cmi.core.score.max", 100);
      set("cmi.core.score.raw", points);
      set("cmi.core.lesson_status", points >= mastery ? "passed" : "failed");
      if (api) api.LMSCommit("");
    },
  };
})();
