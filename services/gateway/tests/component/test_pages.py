"""The developers' pages and the OpenAPI document: whole without the internet."""

import re

from bp_library.serving import app_of, connected

from bp_kit.reasons import all_reasons


async def test_docs_load_from_this_gateway_only():
    async with connected(app_of(None)) as (_, http):
        page = await http.get("/docs")
        assert page.status_code == 200
        assert "https://" not in page.text
        assert "http://" not in page.text
        policy = page.headers["content-security-policy"]
        assert "script-src 'self'" in policy
        assert "connect-src 'self'" in policy
        named = re.findall(r'(?:src|href)="([^"]+)"', page.text)
        assert len(named) == 3
        for path in named:
            asset = await http.get(path)
            assert asset.status_code == 200
            assert asset.headers["content-type"].startswith(("text/javascript", "text/css"))
        assert (await http.get("/docs/assets/start.js")).text.count("/openapi.json") == 1
        assert (await http.get("/docs/assets/..%2fapp.py")).status_code == 404


async def test_each_reason_has_a_page_in_four_languages():
    async with connected(app_of(None)) as (_, http):
        overview = (await http.get("/docs/errors")).text
        for name in all_reasons():
            assert f"/docs/errors/{name}" in overview
        page = (await http.get("/docs/errors/ETAG_MISMATCH")).text
        for language in ("en", "fr", "es"):
            assert f'<p lang="{language}">' in page
        assert '<p lang="ar" dir=rtl>' in page
        missing = await http.get("/docs/errors/<script>")
        assert (missing.status_code, missing.headers["content-type"]) == (404, "application/problem+json")


async def test_the_document_is_served_as_it_is_made():
    app = app_of(None)
    async with connected(app) as (_, http):
        answer = await http.get("/openapi.json")
        assert answer.json() == app.openapi()
        assert (await http.post("/openapi.json")).status_code == 405
