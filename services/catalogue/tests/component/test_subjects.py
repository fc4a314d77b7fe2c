"""What the catalogue answers data-protection officers about a person."""

from bp_kit.testing.subjects import ask_about, stands


async def test_who_asked_in_office_stays_answerable_and_whom_it_names_is_erased(stocked):
    asked = await stocked.ask(justification="For the case of Sione Kata.")
    by_officer = await ask_about(stocked.under_test, "ERASE", officer=asked.requester)
    assert stands(by_officer) == {asked.name: "OFFICIAL_ACT"}
    assert stands(await ask_about(stocked.under_test, display_name="sione kata")) == {asked.name: "READABLE"}
    await ask_about(stocked.under_test, "BLOCK", display_name="sione kata")
    await stocked.refused(stocked.get_request(asked.name), "NOT_FOUND")
    assert not (await stocked.list_requests()).access_requests
    await ask_about(stocked.under_test, "UNBLOCK", display_name="sione kata")
    await ask_about(stocked.under_test, "ERASE", display_name="sione kata")
    assert (await stocked.get_request(asked.name)).justification == ""
    assert stands(await ask_about(stocked.under_test, display_name="sione kata")) == {}
