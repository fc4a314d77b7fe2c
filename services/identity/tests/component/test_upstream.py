from station import header

from bluepacific.identity.v1 import upstream_service_pb2

ANA, BEN = "countries/FJI/officers/ana", "countries/FJI/officers/ben"


def link(station, name, subject, metadata=None):
    request = upstream_service_pb2.LinkUpstreamRequest(name=name, subject=subject)
    return station.upstream.LinkUpstream(request, metadata=metadata or station.admin)


async def test_a_node_without_a_provider_links_nobody_and_sends_nobody_away(station):
    await station.refused(link(station, BEN, "s-1"), "UPSTREAM_NOT_CONFIGURED")
    page = await station.web("GET", "/oauth2/account")
    assert b"/oauth2/upstream" not in page.body
    answer = await station.web("GET", "/oauth2/upstream", {"code": "c", "state": "s"})
    assert (answer.status, header(answer, "location")) == (400, "")


async def test_a_subject_means_one_officer_of_the_own_country(open_station):
    async with open_station(upstream_issuer="https://login.example", upstream_client_id="node") as station:
        tokens = await station.sign_in("ben")
        await link(station, BEN, "s-1")
        await station.refused(station.refresh(tokens.refresh_token), "REFRESH_TOKEN_INVALID")
        await station.refused(link(station, ANA, "s-1"), "UPSTREAM_SUBJECT_TAKEN", field="subject")
        for stranger in (station.as_("ben", "officer@ncb"), station.as_("mele", "administrator@ncb", country="TON")):
            await station.refused(link(station, BEN, "s-2", stranger), "PERMISSION_DENIED")
        await link(station, BEN, "")
        await link(station, ANA, "s-1")


async def test_who_cannot_reach_the_provider_is_told_on_the_page(open_station):
    # Nothing listens there.
    async with open_station(upstream_issuer="http://127.0.0.1:9", upstream_client_id="node") as station:
        page = await station.web("GET", "/oauth2/account")
        (form,) = [one.value.split(";")[0].partition("=")[2] for one in page.headers if one.name == "set-cookie"]
        href = page.body.decode().split('class="wide" href="')[1].split('"')[0].replace("&amp;", "&")
        cookies = {"bp-form": form}
        answer = await station.web("GET", "/oauth2/upstream", href.partition("?")[2], cookies=cookies)
        assert (answer.status, header(answer, "location")) == (303, "/oauth2/account?")
        kept = dict(one.value.split(";")[0].partition("=")[::2] for one in answer.headers if one.name == "set-cookie")
        told = await station.web("GET", "/oauth2/account", cookies=cookies | kept)
        assert told.status == 403
        # Another browser has nothing of it.
        other = await station.web("GET", "/oauth2/account", cookies={"bp-form": "another"} | kept)
        assert other.status == 200
