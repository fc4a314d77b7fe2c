"use strict";
(() => {
  const button = document.getElementById("passkey");
  if (!button || !window.PublicKeyCredential) return;
  const form = button.form;
  const alarm = document.getElementById("passkey-alarm");
  const options = JSON.parse(button.dataset.options);
  const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (one) => one.charCodeAt(0));
  const text = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
  const known = (list) => (list || []).map((one) => ({ ...one, id: bytes(one.id) }));
  const ask = () => {
    const asked = { ...options, challenge: bytes(options.challenge) };
    if (!options.user) return navigator.credentials.get({ publicKey: { ...asked, allowCredentials: known(options.allowCredentials) } });
    const user = { ...options.user, id: bytes(options.user.id) };
    return navigator.credentials.create({ publicKey: { ...asked, user, excludeCredentials: known(options.excludeCredentials) } });
  };
  const written = (made) => {
    const response = {};
    for (const name of ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"]) {
      if (made.response[name]) response[name] = text(made.response[name]);
    }
    return { id: made.id, rawId: text(made.rawId), type: made.type, response, clientExtensionResults: {} };
  };
  button.hidden = false;
  button.addEventListener("click", async () => {
    alarm.hidden = true;
    try {
      form.elements.credential.value = JSON.stringify(written(await ask()));
      form.submit();
    } catch {
      alarm.hidden = false;
    }
  });
})();
