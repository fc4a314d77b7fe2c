from hypothesis import given
from hypothesis import strategies as st

from bp_identity.domain import names
from bp_kit.names import country_of

codes = st.from_regex(r"[A-Z]{3}", fullmatch=True)
ids = st.from_regex(r"[a-z][a-z0-9-]{1,62}", fullmatch=True)


@given(codes, ids)
def test_names_come_apart_as_they_were_put_together(country, last):
    for made in (names.unit_name(country, last), names.officer_name(country, last), names.client_name(country, last)):
        assert country_of(made) == country
        assert names.last_of(made) == last
    assert names.is_client_name(names.client_name(country, last))
    grant = names.grant_name(names.officer_name(country, last), "0190a0b0-0000-7000-8000-000000000001")
    assert names.officer_of(grant) == names.officer_name(country, last)
    assert country_of(grant) == country


@given(st.text())
def test_only_clients_names_are_clients_names(text):
    assert not names.is_client_name(text)
    assert not names.is_client_name(f"countries/FJI/clients/{text}/x")
    assert not names.is_client_name(f"countries/FJI/clients/desk{chr(10)}")
