// oidc-client-ts: what single-page applications use, here without a browser.
import readline from "node:readline/promises";
import { InMemoryWebStorage, OidcClient, WebStorageStateStore } from "oidc-client-ts";

const [url, portal, , , , callback, goodbye] = process.argv.slice(2);
const lines = readline.createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const say = (document) => console.log(JSON.stringify(document));

const client = new OidcClient({
  authority: url,
  client_id: portal,
  redirect_uri: callback,
  post_logout_redirect_uri: goodbye,
  scope: "openid profile email",
  loadUserInfo: true,
  stateStore: new WebStorageStateStore({ store: new InMemoryWebStorage() }),
});
say({ open: (await client.createSigninRequest({ state: { page: "/requests" } })).url });
const signedIn = await client.processSigninResponse((await lines.next()).value);
const renewed = await client.useRefreshToken({
  state: { refresh_token: signedIn.refresh_token, id_token: signedIn.id_token, scope: signedIn.scope, session_state: null,
    profile: signedIn.profile },
});
const away = await client.createSignoutRequest({ id_token_hint: signedIn.id_token });
const left = await fetch(away.url, { redirect: "manual" });
say({
  person: signedIn.profile.sub,
  email: signedIn.profile.email,
  page: signedIn.userState.page,
  renewed: renewed.access_token !== signedIn.access_token,
  left: left.headers.get("location"),
});
process.exit(0);
