"""OpenID Connect for browsers and OAuth clients: Authlib decides, use cases act, pages ask people."""
