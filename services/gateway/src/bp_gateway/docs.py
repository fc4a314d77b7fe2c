"""Pages for developers: Swagger UI over the OpenAPI document, and one page a reason for errors. Nothing comes from the internet."""

from __future__ import annotations

from html import escape
from importlib.resources import files

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from bp_gateway.problems import http_status_of
from bp_kit.errors import Refused
from bp_kit.language import RIGHT_TO_LEFT
from bp_kit.reasons import all_reasons

_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; "
    "frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
)
_HEADERS = {"content-security-policy": _POLICY}
_ASSETS = {
    "swagger-ui-bundle.js": ("fastapi_offline", "static/swagger-ui-bundle.js", "text/javascript"),
    "swagger-ui.css": ("fastapi_offline", "static/swagger-ui.css", "text/css"),
    "start.js": ("bp_gateway", "static/start.js", "text/javascript"),
}
_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
{head}
</head>
<body>
{body}
</body>
</html>
"""


def docs_routes() -> list[Route]:
    """Returns the routes of the developers' pages."""
    return [
        Route("/docs", _swagger),
        Route("/docs/assets/{name}", _asset),
        Route("/docs/errors", _reasons),
        Route("/docs/errors/{reason}", _reason),
    ]


async def _swagger(_request: Request) -> Response:
    head = '<link rel="stylesheet" href="/docs/assets/swagger-ui.css">'
    body = (
        '<div id="swagger-ui"></div>\n<script src="/docs/assets/swagger-ui-bundle.js"></script>\n'
        '<script src="/docs/assets/start.js"></script>'
    )
    return HTMLResponse(_PAGE.format(title="Blue Pacific API", head=head, body=body), headers=_HEADERS)


async def _asset(request: Request) -> Response:
    found = _ASSETS.get(request.path_params["name"])
    if found is None:
        raise Refused("ROUTE_NOT_FOUND")
    package, path, media_type = found
    content = files(package).joinpath(path).read_bytes()
    return Response(content, media_type=media_type, headers={"cache-control": "public, max-age=86400"})


async def _reasons(_request: Request) -> Response:
    rows = "\n".join(
        f'<tr><td><a href="/docs/errors/{name}">{name}</a></td><td>{http_status_of(name)}</td><td>{escape(reason.texts["en"])}</td></tr>'
        for name, reason in sorted(all_reasons().items())
    )
    body = f"<h1>Errors</h1>\n<table>\n<tr><th>Reason</th><th>Status</th><th>Meaning</th></tr>\n{rows}\n</table>"
    return HTMLResponse(_PAGE.format(title="Errors", head="", body=body), headers=_HEADERS)


async def _reason(request: Request) -> Response:
    name = request.path_params["reason"]
    reason = all_reasons().get(name)
    if reason is None:
        raise Refused("NOT_FOUND", name=name[:100])
    texts = "\n".join(
        f'<p lang="{language}"{" dir=rtl" if language in RIGHT_TO_LEFT else ""}>{escape(text)}</p>'
        for language, text in reason.texts.items()
    )
    body = f"<h1>{name}</h1>\n<p>HTTP status {http_status_of(name)}, domain {escape(reason.domain)}</p>\n{texts}"
    return HTMLResponse(_PAGE.format(title=name, head="", body=body), headers=_HEADERS)
