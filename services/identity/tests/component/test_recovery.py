import re
from html import unescape

import pytest
from station import PASSWORDS, Browser

from bluepacific.identity.v1 import recovery_pb2, recovery_service_pb2
from bluepacific.notifications.v1 import events_pb2
from bp_identity.adapters.unit_of_work import Workshop
from bp_identity.domain.passkey import Passkey
from bp_identity.domain.throttle import FREE

REQUESTED = "bluepacific.notifications.v1.notification.requested"
ANA, BEN = "countries/FJI/officers/ana", "countries/FJI/officers/ben"


class Page(Browser):
    async def ask(self, who, password):
        """Asks for a recovery; returns the code shown."""
        await self.open("/oauth2/recover", {})
        await self.fill(who, password)
        found = re.search(r'class="spoken" dir="ltr">([^<]*)<', self.page)
        return found.group(1) if found else ""

    async def go_on(self):
        """Goes on; tells whether that was confirmed."""
        hidden = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', self.page))
        form = {name: unescape(value) for name, value in hidden.items()}
        await self._send("POST", "", form=form, path="/oauth2/recover")
        return "What you lost is forgotten" in self.page


def find(station, code, metadata=None):
    request = recovery_service_pb2.FindRecoveryRequest(parent="countries/FJI", code=code)
    return station.recoveries.FindRecovery(request, metadata=metadata or station.admin)


def confirm(station, name, code, metadata=None):
    request = recovery_service_pb2.ConfirmRecoveryRequest(name=name, code=code)
    return station.recoveries.ConfirmRecovery(request, metadata=metadata or station.admin)


async def test_a_colleague_confirms_and_the_lost_factor_is_forgotten(station):
    await station.with_totp("ben")
    await station.refused(station.sign_in("ben"), "TOTP_REQUIRED")
    page = Page(station)
    code = await page.ask("ben", PASSWORDS["ben"])
    assert not await page.go_on()
    assert "Nobody has confirmed this code yet" in page.page
    found = await find(station, code.lower())
    assert (found.display_name, found.state) == ("Ben Tuilagi", recovery_pb2.RECOVERY_STATE_PENDING)
    assert found.name.startswith(f"{BEN}/recoveries/")
    confirmed = await confirm(station, found.name, code)
    assert (confirmed.state, confirmed.confirmer) == (recovery_pb2.RECOVERY_STATE_CONFIRMED, ANA)
    # Another browser has not got what it takes.
    assert await Page(station).ask("ben", "guess") != code
    assert await page.go_on()
    assert (await station.sign_in("ben")).officer == BEN
    # Once.
    await station.with_totp("ben")
    await page.open("/oauth2/recover", {})
    await station.refused(find(station, code), "RECOVERY_CODE_WRONG", field="code")


async def give_passkey(station):
    """Registers a passkey for Ben, as the account page would with an authenticator."""
    under_test = station.under_test
    workshop = Workshop(under_test.service.database, under_test.seams, b"k" * 32, ("FJI",))
    now = station.clock.now
    async with workshop.transaction() as work:
        await work.passkeys.add(
            Passkey(
                f"{BEN}/passkeys/{'1' * 36}", BEN, "AAAA", b"\xa0", 0, synced=True, display_name="", create_time=now
            )
        )


async def test_lost_passkeys_are_forgotten_by_a_recovery_and_by_a_new_password(station):
    await give_passkey(station)
    await station.refused(station.sign_in("ben"), "PASSKEY_REQUIRED")
    await station.refused(station.sign_in("ben", totp="123456"), "PASSKEY_REQUIRED")
    await station.refused(station.sign_in("ben", "guess"), "SIGN_IN_FAILED")
    page = Page(station)
    code = await page.ask("ben", PASSWORDS["ben"])
    found = await find(station, code)
    await confirm(station, found.name, code)
    assert await page.go_on()
    assert await station.sign_in("ben")
    await give_passkey(station)
    temporary = (await station.reset("ben")).temporary_password
    await station.refused(station.sign_in("ben", temporary), "PASSKEY_REQUIRED")


async def test_the_officer_is_told_and_nobody_is_told_by_asking(station):
    page = Page(station)
    code = await page.ask("ben", PASSWORDS["ben"])
    found = await find(station, code)
    await confirm(station, found.name, code)
    (message,) = await station.topics.wait_sent(REQUESTED)
    requested = events_pb2.NotificationRequested.FromString(message.payload)
    assert (requested.template, requested.officer) == ("identity.recovery_confirmed", BEN)
    assert requested.subject == found.name


async def test_nobody_confirms_for_oneself(station):
    page = Page(station)
    code = await page.ask("ana", PASSWORDS["ana"])
    await station.refused(find(station, code), "RECOVERY_OWN")
    await station.refused(confirm(station, f"{ANA}/recoveries/{'0' * 36}", code), "RECOVERY_OWN")
    head = station.as_("ben", "ncb_head@ncb")
    found = await find(station, code, head)
    await confirm(station, found.name, code, head)
    assert await page.go_on()


@pytest.mark.parametrize("role", ["officer", "analyst", "auditor", "liaison"])
async def test_other_roles_do_not_confirm(station, role):
    page = Page(station)
    code = await page.ask("ana", PASSWORDS["ana"])
    await station.refused(find(station, code, station.as_("ben", f"{role}@ncb")), "PERMISSION_DENIED")


async def test_another_countrys_head_does_not_confirm(station):
    page = Page(station)
    code = await page.ask("ana", PASSWORDS["ana"])
    stranger = station.as_("mele", "administrator@ncb", country="TON")
    request = recovery_service_pb2.FindRecoveryRequest(parent="countries/TON", code=code)
    await station.refused(station.recoveries.FindRecovery(request, metadata=stranger), "RECOVERY_CODE_WRONG")
    await station.refused(find(station, code, stranger), "PERMISSION_DENIED")


async def test_what_is_shown_does_not_say_whether_there_is_such_a_person(station):
    pages = set()
    for who, password in (("ana", PASSWORDS["ana"]), ("ana", "wrong"), ("nobody", "wrong")):
        page = Page(station)
        code = await page.ask(who, password)
        assert code
        assert not await page.go_on()
        pages.add(re.sub(r'(value|dir="ltr")[=>]"?[\w-]+', "", page.page))
    assert len(pages) == 1
    page = Page(station)
    await station.refused(find(station, await page.ask("nobody", "x")), "RECOVERY_CODE_WRONG")


async def test_guessing_is_slowed_here_too(station):
    page = Page(station)
    for _ in range(FREE):
        assert await page.ask("ana", "guess")
    assert not await page.ask("ana", PASSWORDS["ana"])
    assert "15" in page.alarm


async def test_it_is_over_after_half_an_hour(station):
    page = Page(station)
    code = await page.ask("ben", PASSWORDS["ben"])
    found = await find(station, code)
    await confirm(station, found.name, code)
    station.clock.passes(minutes=30)
    assert not await page.go_on()
    await station.refused(find(station, code), "RECOVERY_CODE_WRONG")
